"""What stages share when they read what a program wrote."""

from collections.abc import Sequence
from itertools import dropwhile

from sluicegate.errors import PermanentError
from sluicegate.model.command import CommandResult, StepResult

_MAX_WORDS = 300  # characters of a program's output that an error quotes
_MAX_WORD = 40  # characters that are left out so that a quote begins with a word


def find_step(results: Sequence[StepResult], name: str) -> StepResult:
    """The result of the step called *name*.

    Raises:
        PermanentError: it was not run, or the runner ended it: nothing was found out.
    """
    for result in results:
        if result.name == name:
            if result.result.timed_out:
                raise PermanentError(f"{name} ran out of time and was ended")
            return result
    raise PermanentError(f"{name} was not run")


def has_step(results: Sequence[StepResult], name: str) -> bool:
    """Whether the step called *name* was run."""
    return any(result.name == name for result in results)


def last_words(result: CommandResult) -> str:
    """The end of what a program said before it failed, for an error message.

    Whole lines, as many as are short enough; of a traceback only what was raised.
    """
    text = (result.stderr.strip() or result.stdout.strip()).decode(errors="replace")
    lines = _leave_out_frames(
        [line.rstrip() for line in text.splitlines() if line.strip()]
    )
    kept: list[str] = []
    for line in reversed(lines):
        if len("\n".join((line, *kept))) > _MAX_WORDS:
            break
        kept.insert(0, line)
    if kept or not lines:
        return "\n".join(kept).strip() or "it said nothing"
    return f"…{_begin_with_word(lines[-1][-_MAX_WORDS:])}"


def _leave_out_frames(lines: list[str]) -> list[str]:
    """What follows the frames of the last Python traceback; all if there is none."""
    starts = [i for i, line in enumerate(lines) if line.startswith("Traceback (")]
    if not starts:
        return lines
    raised = dropwhile(lambda line: line.startswith(" "), lines[starts[-1] + 1 :])
    return list(raised) or lines


def _begin_with_word(text: str) -> str:
    part, _, rest = text.partition(" ")
    return rest if rest and len(part) <= _MAX_WORD else text


def describe_exit(result: CommandResult) -> str:
    """How a program ended: ``exit code 2`` or ``signal 9``."""
    code = result.exit_code
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def failed(
    program: str, result: CommandResult, *, hint: str | None = None
) -> PermanentError:
    """The error for a *program* that itself failed, so that nothing was found out."""
    return PermanentError(
        f"{program} failed ({describe_exit(result)}): {last_words(result)}", hint=hint
    )


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write *number* of things: ``1 finding``, ``2 findings``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
