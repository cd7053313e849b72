"""Running programs."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from sluicegate.model.command import Command, CommandResult

OnLine = Callable[[str], None]
"""Receives each line of output as it comes, decoded leniently, without newline."""


@runtime_checkable
class ManyLines(Protocol):
    """An `OnLine` that is faster if it is told several lines at once."""

    def __call__(self, line: str) -> None:
        """Take one line."""
        ...

    def many(self, lines: Sequence[str]) -> None:
        """Take lines that came together, in order."""
        ...

    def beside(self) -> OnLine:
        """Who takes the lines of another stream of the same program."""
        ...


class ProcessRunner(Protocol):
    """Runs one program at a time in a process group of its own."""

    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        """Run *command* to its end and measure it.

        The program's environment is this process's, stripped of every secret and of
        all SLUICE_* variables, plus ``command.env``. At ``command.timeout`` the whole
        group is ended (SIGTERM, then SIGKILL), and the result says so.

        Raises:
            PermanentError: the program cannot be started.
            Interrupted: the process was asked to stop; the group has been ended.
        """
        ...
