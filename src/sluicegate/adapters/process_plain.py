"""Running programs where there are no process groups: Windows.

Only for what looks and does not run stages: git, and programs asked for their version.
A program that must end is killed, what it has started is not.
"""

import subprocess  # noqa: TID251 - fills ports.process, as process.py does
import time
from collections.abc import Mapping

from typing_extensions import override

from sluicegate.adapters.process import ProgramEnvironment, strip_environment
from sluicegate.adapters.stop import Stop
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import Command, CommandResult, ResourceUsage
from sluicegate.ports.process import OnLine, ProcessRunner

_LOOK_SECONDS = 0.1


class PlainRunner(ProcessRunner):
    """Runs programs with *environ* (stripped) as their environment.

    Lines are told once the program has ended; of its use only the time is measured.
    """

    def __init__(self, stop: Stop, environ: Mapping[str, str]) -> None:
        self._stop = stop
        is_live = isinstance(environ, ProgramEnvironment)
        self._environ = environ if is_live else strip_environment(environ)

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        if self._stop.is_set():
            raise Interrupted(f"asked to stop before {command.argv[0]} was started")
        started = time.monotonic()
        try:
            process = subprocess.Popen(  # noqa: S603 - argv is the caller's
                command.argv,
                cwd=command.cwd,
                env={**self._environ, **command.env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except (OSError, ValueError) as error:
            raise PermanentError(
                f"cannot start {command.argv[0]}: {error}",
                hint="is it installed, and may this user run it?",
            ) from error
        with process:
            deadline = started + command.timeout.total_seconds()
            stdout, stderr, timed_out = self._await(process, deadline)
        for output in (stdout, stderr):
            for line in output.decode(errors="replace").splitlines():
                on_line(line)
        return CommandResult(
            exit_code=process.returncode,
            stdout=stdout,
            stderr=stderr,
            usage=ResourceUsage(round((time.monotonic() - started) * 1000)),
            timed_out=timed_out,
        )

    def _await(
        self, process: "subprocess.Popen[bytes]", deadline: float
    ) -> tuple[bytes, bytes, bool]:
        try:
            while time.monotonic() < deadline:
                if self._stop.is_set():
                    raise Interrupted(f"asked to stop while {process.args!r} ran")
                try:
                    return *process.communicate(timeout=_LOOK_SECONDS), False
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
        return *process.communicate(), True
