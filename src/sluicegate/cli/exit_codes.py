"""Exit codes: part of the public interface, documented in docs/exit-codes.md."""

import enum

from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    Interrupted,
    SluicegateError,
    UsageError,
)


class ExitCode(enum.IntEnum):
    """What the process tells its caller."""

    OPEN = 0
    CLOSED = 1
    USAGE = 2
    PENDING = 3
    BROKEN = 4
    TAMPERED = 5
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[SluicegateError], ExitCode], ...] = (
    (IntegrityError, ExitCode.TAMPERED),
    (UsageError, ExitCode.USAGE),
    (ExternalError, ExitCode.BROKEN),
    (Interrupted, ExitCode.INTERRUPTED),
)


def for_outcome(outcome: str) -> ExitCode:
    """Map ``open``, ``closed``, ``pending`` or ``broken`` to its exit code."""
    return ExitCode[outcome.upper()]


def for_error(error: SluicegateError) -> ExitCode:
    """Map an error to an exit code; one that is not listed is broken."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return ExitCode.BROKEN
