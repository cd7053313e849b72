"""Running programs: in a group of their own, watched, measured and ended for good.

One loop reads both pipes, the end of the program and the request to stop. The program
leads a session of its own, so that ending its process group reaches everything it
started, unless a descendant made yet another session. Programs may be run from several
threads at once: nothing of ours happens between fork and exec.
"""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from typing_extensions import override

from sluicegate.adapters.gpu_meter import NvidiaSmi
from sluicegate.adapters.guard import Guard
from sluicegate.adapters.leader import Leader, watch_leader
from sluicegate.adapters.process_group import Ending, ProcessGroup
from sluicegate.adapters.stop import Stop
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.process import OnLine, ProcessRunner

_LAST_TO_HEAR_SECONDS = 0.3
_TOLD_TO_STOP = frozenset(
    code
    for number in (signal.SIGINT, signal.SIGTERM)
    for code in (-number, 128 + number)  # the latter from a shell that ran it
)
# The last line are files with which a step of GitHub Actions speaks to its runner.
_STRIPPED = re.compile(
    r"SLUICE_.*|(GH|GITHUB)_(ENTERPRISE_)?TOKEN|ACTIONS_.*(TOKEN|URL).*"
    r"|INPUT_.*(TOKEN|KEY|SECRET|PASSWORD).*"
    r"|GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)"
    r"|OTEL_EXPORTER_OTLP_([A-Z]+_)?(HEADERS|CLIENT_KEY)"
)


def strip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is sluicegate's own: its secrets, tokens, and its runner's ear."""
    return {
        name: value for name, value in environ.items() if not _STRIPPED.fullmatch(name)
    }


class ProgramEnvironment(Mapping[str, str]):
    """What programs get of *environ*: stripped, and without what is withheld later."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._visible = strip_environment(environ)

    def withhold(self, names: Collection[str]) -> None:
        """Let no program see the variables *names* that is started from now on."""
        visible = self._visible.items()
        self._visible = {name: value for name, value in visible if name not in names}

    @override
    def __getitem__(self, name: str) -> str:
        return self._visible[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._visible)

    @override
    def __len__(self) -> int:
        return len(self._visible)


class SubprocessRunner(ProcessRunner):
    """Runs programs on this machine, with *environ* (stripped) as their environment.

    A program that must end has *grace_seconds* between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        stop: Stop,
        environ: Mapping[str, str],
        *,
        grace_seconds: float = 3.0,
        watch: Callable[["subprocess.Popen[bytes]"], Leader] = watch_leader,
    ) -> None:
        self._stop = stop
        self._grace_seconds = grace_seconds
        self._watch = watch
        self._guard = Guard()
        is_live = isinstance(environ, ProgramEnvironment)
        self._environ = environ if is_live else strip_environment(environ)
        self._nvidia = NvidiaSmi(self._environ)

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        if self._stop.is_set():
            raise Interrupted(f"asked to stop before {command.argv[0]} was started")
        group = self._start(command, on_line)
        gpus = None
        try:
            gpus = self._nvidia.watch(group.number)
            ending = group.watch(self._stop, command.timeout.total_seconds())
        finally:
            busy_ms, memory = (None, None) if gpus is None else gpus.end()
            end = group.end(self._grace_seconds)
        if ending is Ending.STOPPED or self._was_told_too(end.exit_code):
            raise Interrupted(f"asked to stop while {command.argv[0]} ran")
        return CommandResult(
            exit_code=end.exit_code,
            stdout=end.stdout,
            stderr=end.stderr,
            usage=replace(end.usage, gpu_busy_ms=busy_ms, gpu_memory_bytes=memory),
            timed_out=ending is Ending.TIMED_OUT,
        )

    def _was_told_too(self, exit_code: int) -> bool:
        """Whether the program failed because it was asked to stop, as we were.

        Who stops a whole tree or control group tells everybody in it, in any order; a
        program that ends of that has judged nothing.
        """
        if exit_code in _TOLD_TO_STOP:
            return self._stop.wait(_LAST_TO_HEAR_SECONDS)
        return exit_code != 0 and self._stop.is_set()

    def _start(self, command: Command, on_line: OnLine) -> ProcessGroup:
        """Start a program, guarded from before its first moment."""
        stdout, stderr = os.pipe(), os.pipe()
        try:
            process = self._launch(command, stdout[1], stderr[1])
        except BaseException:
            os.close(stdout[0])
            os.close(stderr[0])
            raise
        finally:
            os.close(stdout[1])
            os.close(stderr[1])
        return ProcessGroup(
            self._watch(process), self._guard, stdout[0], stderr[0], on_line
        )

    def _launch(
        self, command: Command, stdout: int, stderr: int
    ) -> "subprocess.Popen[bytes]":
        name = self._guard.begins(stdout)
        try:
            process = subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env={**self._environ, **command.env},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            with suppress(PermanentError):
                self._guard.fails(name)
            raise PermanentError(
                f"cannot start {command.argv[0]}: {error}",
                hint="is it installed, and may this user run it?",
            ) from error
        try:
            self._guard.runs(name, process.pid)
        except PermanentError:
            process.kill()
            process.wait()
            raise
        return process
