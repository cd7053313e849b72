"""What a step of the Action was asked to do: its inputs, read and checked.

A composite action has no INPUT_ variables of its own: ``action.yml`` maps each input to
a variable, in which it is data and nothing else.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import UsageError
from sluicegate.model.release_request import Answer

_PREFIX = "SLUICE_INPUT_"
_MAX_TEXT = 65_536  # characters; GitHub takes 64 KB of inputs in all
_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0"))


@enum.unique
class Task(enum.Enum):
    """What a step can be asked to do."""

    RUN = "run"
    STAGES = "stages"
    RECORD = "record"
    APPROVE = "approve"
    ROLLOUT = "rollout"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a step; ``action.yml`` says what each is for.

    ``file`` is None where nobody names one. ``handed_over`` has a folder and a digest
    for each line.
    """

    task: Task = Task.RUN
    file: Path | None = None
    environment: str | None = None
    stages: tuple[str, ...] = ()
    summary: bool = True
    comment: bool = False
    hand_over: Path | None = None
    handed_over: tuple[str, ...] = ()
    request: str = ""
    answer: Answer = Answer.APPROVE
    reason: str = ""

    @property
    def shown_file(self) -> str:
        """The pipeline file, for a message."""
        return str(self.file or PIPELINE_FILE)


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """The inputs of the step that *environ* is of.

    Raises:
        UsageError: one has a value that it cannot have, or goes with another command.
    """
    read = _Reader(environ)
    inputs = Inputs(
        task=Task(read.word("COMMAND", [each.value for each in Task])),
        file=read.path("CONFIG"),
        environment=read.text("ENVIRONMENT") or None,
        stages=tuple(dict.fromkeys(read.text("STAGES").replace(",", " ").split())),
        summary=read.flag("SUMMARY", default=True),
        comment=read.flag("COMMENT", default=False),
        hand_over=read.path("HAND_OVER"),
        handed_over=read.lines("HANDED_OVER"),
        request=read.text("REQUEST"),
        answer=Answer(
            read.word("DECISION", [Answer.APPROVE.value, Answer.REJECT.value])
        ),
        reason=read.text("REASON"),
    )
    _check_together(inputs)
    return inputs


class _Reader:
    """Reads variables as inputs; an empty one is one that nobody gave."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        found = self._environ.get(_PREFIX + name, "").strip()
        if len(found) > _MAX_TEXT or "\0" in found:
            raise UsageError(f"the input {_named(name)} is too long")
        return found

    def lines(self, name: str) -> tuple[str, ...]:
        lines = (line.strip() for line in self.text(name).splitlines())
        return tuple(line for line in lines if line)

    def path(self, name: str) -> Path | None:
        found = self.text(name)
        if not found.isprintable():
            raise UsageError(f"the input {_named(name)} is not a path: {found!r}")
        return Path(found) if found else None

    def word(self, name: str, known: list[str]) -> str:
        found = self.text(name).lower() or known[0]
        if found not in known:
            raise UsageError(
                f"the input {_named(name)} cannot be {found!r}",
                hint=f"it is one of: {', '.join(known)}",
            )
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        found = self.text(name).lower()
        if found in _TRUE | _FALSE:
            return found in _TRUE
        if found:
            raise UsageError(
                f"the input {_named(name)} cannot be {found!r}",
                hint="it is true or false",
            )
        return default


def _check_together(inputs: Inputs) -> None:
    """Refuse what would be passed over in silence."""
    task = inputs.task
    for name, given, tasks in (
        ("stages", inputs.stages, (Task.RUN, Task.STAGES)),
        ("hand-over", inputs.hand_over, (Task.STAGES,)),
        ("handed-over", inputs.handed_over, (Task.STAGES, Task.RECORD)),
        ("request", inputs.request, (Task.APPROVE, Task.ROLLOUT)),
        ("decision", inputs.answer is Answer.REJECT, (Task.APPROVE,)),
        ("reason", inputs.reason, (Task.APPROVE,)),
        ("environment", inputs.environment, (Task.RUN, Task.RECORD, Task.ROLLOUT)),
    ):
        if given and task not in tasks:
            named = " or ".join(f"`{each.value}`" for each in tasks)
            raise UsageError(
                f"the input {name} says nothing to the command `{task.value}`",
                hint=f"it goes with {named}",
            )
    if inputs.stages and inputs.environment:
        raise UsageError(
            "the inputs stages and environment both choose what is run",
            hint="leave one of them out",
        )
    if task is Task.APPROVE and not inputs.request:
        raise UsageError(
            "the input request is missing: which release is answered?",
            hint="the summary of the run that asks has its id",
        )
    if task is Task.RECORD and not inputs.handed_over:
        raise UsageError(
            "the input handed-over is missing: there is nothing to record",
            hint="a line FOLDER=DIGEST for each job that has handed over",
        )


def _named(name: str) -> str:
    return name.lower().replace("_", "-")
