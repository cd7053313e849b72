"""Telling people by a program of theirs, with the message on its standard input."""

import tempfile
from datetime import timedelta

from typing_extensions import override

from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.command import Command
from sluicegate.ports.messenger import Messenger
from sluicegate.ports.process import ProcessRunner

# The runner gives programs no standard input; a file instead of a pipe cannot block.
_WITH_INPUT = ("sh", "-c", 'exec "$@" <"$0"')


class NotifyCommand(Messenger):
    """Runs *argv* in *folder*, an absolute path, for every message.

    It also gets the message as one line in ``SLUICEGATE_MESSAGE``. What it writes is
    not shown: it might say how it reached whom.
    """

    def __init__(
        self,
        argv: tuple[str, ...],
        folder: str,
        runner: ProcessRunner,
        *,
        timeout: timedelta = timedelta(seconds=4),
    ) -> None:
        self._argv = argv
        self._folder = folder
        self._runner = runner
        self._timeout = timeout

    @override
    def explain_absence(self) -> str | None:
        return None

    @override
    def send(self, body: bytes, text: str) -> None:
        try:
            with tempfile.NamedTemporaryFile(prefix="sluicegate-") as file:
                file.write(body)
                file.flush()
                self._run(file.name, text)
        except OSError as error:
            raise PermanentError(
                f"cannot write the message: {error.strerror}"
            ) from error

    def _run(self, message: str, text: str) -> None:
        command = Command(
            (*_WITH_INPUT, message, *self._argv),
            self._folder,
            self._timeout,
            {"SLUICEGATE_MESSAGE": text},
        )
        result = self._runner.run(command, lambda _line: None)
        if result.timed_out:
            seconds = self._timeout.total_seconds()
            raise TransientError(f"it was ended after {seconds:g} s")
        if result.exit_code:
            raise PermanentError(f"it exited with {result.exit_code}")
