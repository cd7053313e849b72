"""What a step of GitHub Actions writes: text that stays text, and commands of ours.

Whatever is written while the step runs may hold text from outside: names of branches
and files, what tests print, what a tool says. Commands are stopped all that time, by a
token that nobody can know, and resumed for the moment in which one of ours is written.
All goes to one stream: of two, nobody could say in which order the runner reads them.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TextIO

from sluicegate.cli.output import write_line
from sluicegate.report.github.workflow_commands import (
    format_command,
    resume_commands,
    stop_commands,
)


class StepLog:
    """Writes to *stream*, which the runner reads. Safe to be used by several threads.

    Text is taken for text from `begin` to `end`. *new_token* gives a word at random.
    """

    def __init__(self, stream: TextIO, new_token: Callable[[], str]) -> None:
        self.stream = stream
        self._new_token = new_token
        self._token: str | None = None
        self._lock = threading.RLock()

    def begin(self) -> None:
        """From now on, nothing but `command` writes commands."""
        with self._lock:
            self._token = self._new_token()
            write_line(stop_commands(self._token), self.stream)

    def end(self) -> None:
        """Let lines be commands again, for the steps that follow."""
        with self._lock:
            if self._token is not None:
                write_line(resume_commands(self._token), self.stream)
            self._token = None

    def line(self, text: str) -> None:
        """Write text, of one line or several."""
        with self._lock:
            write_line(text, self.stream)

    def command(
        self,
        name: str,
        value: str = "",
        properties: Mapping[str, str | int] | None = None,
    ) -> None:
        """Write one command; see `format_command`."""
        with self._lock:
            stopped = self._token is not None
            self.end()
            write_line(format_command(name, value, properties), self.stream)
            if stopped:
                self.begin()
