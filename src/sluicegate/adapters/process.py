"""Running programs: in a group of their own, watched, measured and ended for good.

One loop reads both pipes, the end of the program (a pidfd) and the request to stop,
without threads. The program leads a session of its own, so that ending its process
group reaches everything it started, unless a descendant made yet another session.
"""

import ctypes
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from functools import partial
from resource import struct_rusage

from typing_extensions import override

from sluicegate.adapters.process_group import Ending, ProcessGroup
from sluicegate.adapters.stop import Stop
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import Command, CommandResult, ResourceUsage
from sluicegate.ports.process import OnLine, ProcessRunner

_PRCTL = ctypes.CDLL(None).prctl
_PR_SET_PDEATHSIG = 1
_STRIPPED = re.compile(
    r"SLUICE_.*|(GH|GITHUB)_(ENTERPRISE_)?TOKEN|ACTIONS_.*TOKEN.*"
    r"|INPUT_.*(TOKEN|KEY|SECRET|PASSWORD).*"
)


def strip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what only sluicegate itself may know: its secrets and tokens."""
    return {
        name: value for name, value in environ.items() if not _STRIPPED.fullmatch(name)
    }


class SubprocessRunner(ProcessRunner):
    """Runs programs on this machine, with *environ* (stripped) as their environment.

    A program that must end has *grace_seconds* between SIGTERM and SIGKILL.
    """

    def __init__(
        self, stop: Stop, environ: Mapping[str, str], *, grace_seconds: float = 3.0
    ) -> None:
        self._stop = stop
        self._grace_seconds = grace_seconds
        self._environ = strip_environment(environ)

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        if self._stop.is_set():
            raise Interrupted(f"asked to stop before {command.argv[0]} was started")
        group = ProcessGroup(self._start(command), on_line)
        try:
            ending = group.watch(self._stop, command.timeout.total_seconds())
        finally:
            end = group.end(self._grace_seconds)
        if ending is Ending.STOPPED:
            raise Interrupted(f"asked to stop while {command.argv[0]} ran")
        return CommandResult(
            exit_code=end.exit_code,
            stdout=end.stdout,
            stderr=end.stderr,
            usage=_usage(end.wall_seconds, end.used),
            timed_out=ending is Ending.TIMED_OUT,
        )

    def _start(self, command: Command) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env={**self._environ, **command.env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509 - see there
            )
        except (OSError, ValueError) as error:
            raise PermanentError(
                f"cannot start {command.argv[0]}: {error}",
                hint="is it installed, and may this user run it?",
            ) from error


def _die_with(parent: int) -> None:
    """In the new process: have it killed should *parent*, this process, be.

    A program that goes on after its runner was killed would run twice once the run is
    resumed. Only the program itself is reached, not what it has started. Another thread
    may hold any lock at this moment, so nothing is done here that would take one.

    Source:
        prctl(2), PR_SET_PDEATHSIG; the parent may have died before the call.
    """
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _usage(wall_seconds: float, used: struct_rusage) -> ResourceUsage:
    """Convert the kernel's figures.

    Source:
        getrusage(2): ``ru_maxrss`` is in KiB on Linux. It survives exec(2), so that a
        program smaller than this process at the moment of its start is reported as
        large as this process: an upper bound, exact from there on.
    """
    return ResourceUsage(
        wall_ms=round(wall_seconds * 1000),
        cpu_ms=round((used.ru_utime + used.ru_stime) * 1000),
        max_rss_bytes=used.ru_maxrss * 1024,
    )
