"""How a step ended: its verdict, why, and what others are told of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.last_words import without_secrets
from sluicegate.errors import Interrupted, PipelineFileError, SluicegateError
from sluicegate.model.decision import Outcome
from sluicegate.model.run import Run
from sluicegate.report.entering import waits_for
from sluicegate.report.github.annotations import Command
from sluicegate.report.github.limits import COMMANDS
from sluicegate.report.github.reason_codes import ReasonCode, decide, reason_of_error
from sluicegate.report.github.shown import Said, Shown
from sluicegate.tlog.checkpoint import Checkpoint

_PROBLEM = re.compile(r"(?P<file>.+?):(?P<line>[0-9]{1,9}): (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True)
class Ended:
    """How a step ended.

    ``shown`` is what people are shown of it; ``outputs`` are those of the Action's that
    are special to what was done. ``located`` says what is wrong where it is, in place
    of annotations without a place. What ``is_done`` is no failure of the job, whatever
    the verdict: a no that was recorded is recorded.
    """

    code: ExitCode
    reason: ReasonCode
    shown: tuple[Shown | Said, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    located: tuple[Command, ...] = ()
    is_done: bool = False

    @property
    def verdict(self) -> str:
        """One word, the name of the exit code."""
        return self.code.name.lower()

    @property
    def all_outputs(self) -> Mapping[str, str]:
        """The outputs of the step, each a line."""
        return {
            "verdict": self.verdict,
            "decision": decide(self.verdict),
            "reason-code": self.reason.value,
            **self.outputs,
        }

    @property
    def exit_code(self) -> ExitCode:
        """What the process ends with: a step that waits for somebody is green."""
        is_green = self.is_done or self.code is ExitCode.PENDING
        return ExitCode.OPEN if is_green else self.code


def failed(error: Exception, code: ExitCode) -> Ended:
    """A step that could not go on."""
    word = code.name.lower()
    hint = without_secrets(getattr(error, "hint", None) or "")
    if isinstance(error, Interrupted):
        hint = hint or "run this job again; what was recorded stays recorded"
    known = isinstance(error, SluicegateError)
    lines = without_secrets(str(error)).splitlines() or [type(error).__name__]
    title = lines[0] if known else f"internal error: {type(error).__name__}: {lines[0]}"
    said = Said(word, title, tuple(lines[1:]), hint)
    located = tuple(_locate(error)) if isinstance(error, PipelineFileError) else ()
    return Ended(code, reason_of_error(error), (said,), located=located)


def _locate(error: PipelineFileError) -> Iterator[Command]:
    """Each mistake of a file where it is; as many as a step may show."""
    for problem in error.problems[:COMMANDS]:
        found = _PROBLEM.fullmatch(problem)
        where = {"file": found["file"], "line": int(found["line"])} if found else {}
        text = found["text"] if found else problem
        yield Command(
            "error",
            without_secrets(text),
            {**where, "title": "Sluicegate: pipeline file"},
        )


def outputs_of_head(head: Checkpoint | None) -> dict[str, str]:
    """Where the log stands; nothing where there is none."""
    if head is None:
        return {}
    return {"checkpoint": head.root_text, "log-size": str(head.size)}


def outputs_of_run(shown: Shown) -> dict[str, str]:
    """What is said of a run to the jobs that follow."""
    run = shown.run
    outputs = {"run-id": run.run_id, **outputs_of_head(shown.head)}
    if (request := _request(run)) is not None:
        outputs["request-id"] = request
    if (image := _image(run)) is not None:
        outputs["image-digest"] = image
    return outputs


def _request(run: Run) -> str | None:
    """The first request that is waited for, else the last that there was."""
    waiting = waits_for(run)
    if waiting:
        return waiting[0].request.hex
    made = [stage.requested for stage in run.stages if stage.requested is not None]
    return made[-1].request.hex if made else None


def _image(run: Run) -> str | None:
    """The digest of what was published, else of what was built."""
    for kind in ("publish", "docker-build"):
        for stage in reversed(run.stages):
            ended = stage.finished
            if ended is None or stage.planned.uses != kind or not ended.subjects:
                continue
            if ended.outcome is Outcome.OPEN:
                return str(ended.subjects[-1][1])
    return None
