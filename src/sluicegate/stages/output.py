"""What stages share when they read what a program wrote."""

from collections.abc import Sequence

from sluicegate.errors import PermanentError
from sluicegate.model.command import CommandResult, StepResult

_MAX_WORDS = 600


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
    """The end of what a program said before it failed, for an error message."""
    text = (result.stderr.strip() or result.stdout.strip()).decode(errors="replace")
    return text[-_MAX_WORDS:] or "it said nothing"


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
