"""Running a program whose progress the user watches, as it draws it itself."""

import os
import signal
import subprocess  # noqa: TID251 - ports.process keeps standard error; this passes it on
from collections.abc import Mapping

from sluicegate.adapters.stop import Stop
from sluicegate.errors import Interrupted, PermanentError

_POLL_SECONDS = 0.1
_END_SECONDS = 60  # a rollout rolls back before it ends


class ForegroundRunner:
    """Runs a program with our standard error as its own; its standard output is kept.

    The program has a session of its own, so that Ctrl-C reaches it once, through us,
    and not a second time from the terminal.
    """

    def __init__(self, stop: Stop, environ: Mapping[str, str]) -> None:
        self._stop = stop
        self._environ = environ

    def run(
        self, argv: tuple[str, ...], *, cwd: str, env: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Run *argv* to its end; return its exit code and standard output.

        Raises:
            PermanentError: the program cannot be started.
            Interrupted: we were asked to stop; so was the program, and it has ended.
        """
        if self._stop.is_set():
            raise Interrupted(f"asked to stop before {argv[0]} was started")
        try:
            child = subprocess.Popen(  # noqa: S603 - argv is ours
                argv,
                cwd=cwd,
                env={**self._environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise PermanentError(f"cannot start {argv[0]}: {error}") from error
        with child:
            try:
                return self._watch(child)
            finally:
                _end(child)

    def _watch(self, child: "subprocess.Popen[bytes]") -> tuple[int, bytes]:
        while True:
            try:
                output, _ = child.communicate(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if not self._stop.is_set():
                    continue
                child.send_signal(signal.SIGTERM)
                child.communicate(timeout=_END_SECONDS)
                raise Interrupted("asked to stop") from None
            if self._stop.is_set():
                raise Interrupted("asked to stop")
            return child.returncode, output


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End what is still there of *child*'s group, which it leads."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
