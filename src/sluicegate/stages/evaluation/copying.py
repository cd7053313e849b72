"""Files of the project as raw outputs of a step, so that any job can judge them."""

from collections.abc import Sequence
from datetime import timedelta

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.stages.evaluation.predictions import MAX_BYTES
from sluicegate.stages.output import failed, find_step
from sluicegate.stages.stage import StageContext

_ABSENT = b"absent"
# Only plain files: another one could be without end. Nothing there is an answer, too,
# but a link that leads nowhere is a mistake.
_COPY = (
    'if [ -f "$1" ]; then exec head -c "$3" "$1" > "$2"; fi; '
    'if [ -e "$1" ] || [ -L "$1" ]; then echo "$1 is no plain file" >&2; exit 1; fi; '
    "echo absent"
)


def plan_copy(
    context: StageContext,
    name: str,
    path: str,
    timeout: timedelta,
    *,
    copy: str | None = None,
) -> tuple[Step, str]:
    """A step called *name* that copies *path* of the project, and the copy's name.

    Without a name for the *copy*, it is one of predictions. One byte more than may be
    read is copied at most.
    """
    if copy is None:
        copy = f"{name}{'.csv' if path.lower().endswith('.csv') else '.jsonl'}"
    argv = (
        *("sh", "-c", _COPY, "copy", f"{context.project}/{path}"),
        *(f"{context.output}/{copy}", str(MAX_BYTES + 1)),
    )
    command = Command(argv, context.project, timeout)
    return Step(name, command, (copy,), quiet=True), copy


def probe_copy(context: StageContext, path: str, timeout: timedelta) -> Command:
    """A command whose output is another one if the content of *path* is."""
    argv = ("sha256sum", "--", f"{context.project}/{path}")
    return Command(argv, context.project, timeout)


def read_copy(results: Sequence[StepResult], name: str) -> bytes | None:
    """What the step called *name* copied; None if there was nothing to copy.

    Raises:
        PermanentError: it could not be copied.
    """
    step = find_step(results, name)
    if step.result.exit_code != 0:
        raise failed(name, step.result)
    if step.result.stdout.strip() == _ABSENT:
        return None
    if not step.files:
        raise PermanentError(f"{name}: the copy is not there")
    return next(iter(step.files.values()))


def check_same(path: str, copy: bytes | None, here: bytes | None) -> None:
    """See to it that a file of the commit was copied as whoever judges has it.

    A file that a stage before has made is only where that has run.

    Raises:
        PermanentError: it was not.
    """
    if here is not None and copy != here:
        raise PermanentError(
            f"{path} is another file here than where the stage has run",
            hint="let both be of one commit; a file that holds a secret is not copied"
            " as it is",
        )
