"""`sluice` where the wall clock is moved: a script, and a project that uses it.

    python moved_clock.py MILLISECONDS ARGUMENT...

Only what the program takes for the time of day is moved, and by the same amount all
the time. Durations and waiting, engines and other programs know nothing of it: days
pass between two commands, while a canary takes as long as it takes.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cli_project import CliProject
from typing_extensions import override

from sluicegate.adapters.clock import SystemClock


@dataclass
class MovedProject(CliProject):
    """A project on a machine whose clock is *moved*; backwards, if that is negative."""

    moved: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The time on that machine."""
        return datetime.now(UTC) + self.moved

    def wait_until(self, moment: datetime) -> None:
        """Let it be *moment*."""
        self.moved = moment - datetime.now(UTC)

    @override
    def argv(self, *arguments: str, before: Sequence[str] = ()) -> list[str]:
        moved = str(self.moved // timedelta(milliseconds=1))
        return [*before, sys.executable, __file__, moved, *arguments]


def _main(milliseconds: str, *arguments: str) -> None:
    moved, read = timedelta(milliseconds=int(milliseconds)), SystemClock.now

    def now(clock: SystemClock) -> datetime:
        return read(clock) + moved

    setattr(SystemClock, "now", now)  # noqa: B010 - mypy allows no other way
    from sluicegate.cli import main  # noqa: PLC0415 - with the clock as it is to be

    sys.argv[:] = ["sluice", *arguments]
    main()


if __name__ == "__main__":
    _main(*sys.argv[1:])
