"""Everything sluicegate raises on purpose.

    SluicegateError
    +-- UsageError            the caller asked for something meaningless
    |   +-- PipelineFileError     the pipeline file: every problem, with its line
    +-- ExternalError         a system outside this process misbehaved
    |   +-- TransientError        trying again may help
    |   |   +-- AwaitedError            nothing is wrong, it is only not there yet
    |   +-- PermanentError        trying again will not
    +-- IntegrityError        evidence of tampering: never caught below the CLI
    |   +-- MissingError          what was kept is not there at all
    +-- Interrupted           the user or the system asked the process to stop

A gate that says "no" is not an error; it is a `model.decision.Decision`.
Only `cli` turns an error into text and an exit code.
"""

from collections.abc import Sequence


class SluicegateError(Exception):
    """Base of the tree. ``hint`` tells the user what to do next."""

    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class UsageError(SluicegateError):
    """The caller asked for something meaningless. Nothing was written."""


class PipelineFileError(UsageError):
    """A pipeline file that cannot be used.

    ``problems`` holds one text a problem, each starting with ``file:line:``,
    in the order of the file, so that one look mends them all.
    """

    problems: tuple[str, ...]

    def __init__(self, problems: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = tuple(problems)


class ExternalError(SluicegateError):
    """A system outside this process misbehaved."""


class TransientError(ExternalError):
    """Trying again may help: a timeout, a 503, a lost race."""


class AwaitedError(TransientError):
    """Nothing is wrong: what was asked for is not there yet, and will be."""


class PermanentError(ExternalError):
    """Trying again will not help: a 404, a malformed reply, a refused login."""


class IntegrityError(SluicegateError):
    """Evidence of tampering. Stops the run; never caught below the CLI."""


class MissingError(IntegrityError):
    """What was kept is not there at all: it may have been kept elsewhere."""


class Interrupted(SluicegateError):  # noqa: N818 - a request to stop, not a fault
    """The process was asked to stop (Ctrl-C, SIGTERM). State is saved."""
