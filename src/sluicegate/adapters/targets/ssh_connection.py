"""A connection to another host by this user's ssh, which everything else goes through.

One ssh is the master; others share its connection and cost no handshake. The master
lasts as long as its standard input, which is ours: a process that is killed takes it
along, with all that it holds on the host.

Nobody is asked for anything, and no key of a host is accepted that is not known. The
user's configuration counts: aliases, keys, jump hosts.

Source:
    OpenSSH, ssh(1) and ssh_config(5): ControlMaster, -O forward, -W.
"""

import shutil
import socket
import subprocess  # noqa: TID251 - processes that stay, which ports.process ends
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

from sluicegate.adapters.targets.ssh_scripts import SURVEY, command, skip_greeting
from sluicegate.adapters.targets.ssh_survey import Survey
from sluicegate.adapters.targets.ssh_words import name_of, ssh_error
from sluicegate.errors import PermanentError, TransientError

_STRICT = (
    *("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"),
    *("-o", "UpdateHostKeys=no", "-o", "ConnectTimeout=15", "-o", "LogLevel=ERROR"),
    *("-o", "ForwardAgent=no", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no"),
    *("-o", "RemoteCommand=none", "-o", "ControlPersist=no", "-T"),
)
_PLAIN = ("-o", "ClearAllForwardings=yes")  # those of the user's configuration
_KEPT_ALIVE = ("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3")
_CONNECT_SECONDS = 60
_RUN_SECONDS = 60
_END_SECONDS = 5
_FAILED = 255  # ssh's own exit code, whatever the command's may be


class SshConnection:
    """A connection to *address*, ``ssh://USER@HOST:PORT``; close it after use.

    ``name`` is the same for messages.

    Args:
        address: as checked by the settings.
        environ: the environment of ssh; PATH finds it.

    Raises:
        ExternalError: it cannot be made.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self.address, self.name = address, name_of(address)
        self._environ = dict(environ)
        self._ssh = _find_ssh(address, environ)
        self._folder = Path(tempfile.mkdtemp(prefix="sluice-ssh-"))
        self._said = self._folder / "said"
        control = ("-o", f"ControlPath={self._folder / 'm'}")
        self._shared = ("-o", "ControlMaster=no", *control)
        own = ("-o", "ControlMaster=yes", *control, *_KEPT_ALIVE, *_PLAIN)
        # In a session of its own, as all of them: Ctrl-C is for us to act upon.
        with self._said.open("wb") as said:
            self._master = subprocess.Popen(  # noqa: S603 - argv is ours
                self._argv(own, command(SURVEY)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=self._environ,
                start_new_session=True,
            )
        try:
            self.survey = self._read_survey()
        except BaseException:
            self.close()
            raise

    def run(self, script: str, *arguments: str, data: bytes = b"") -> bytes:
        """Run *script* there to its end; its standard output.

        Raises:
            TransientError: the connection is gone.
            PermanentError: the script failed.
        """
        words = command(script, *arguments)
        done = self._finish(self._argv((*self._shared, *_PLAIN), words), data)
        said = done.stderr.decode(errors="replace").strip()
        if done.returncode == _FAILED:
            raise ssh_error(self.address, said)
        if done.returncode != 0:
            raise PermanentError(f"{self.name}: {said or done.returncode}")
        output = BytesIO(done.stdout)
        if not skip_greeting(output):
            raise TransientError(f"{self.name} did not answer: {said}")
        return output.read()

    def start(self, script: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start *script* there; it is to end when its standard input does.

        Its output begins with what `skip_greeting` skips.

        Raises:
            TransientError: the connection is gone.
        """
        self.check()
        words = command(script, *arguments)
        return subprocess.Popen(  # noqa: S603 - argv is ours
            self._argv((*self._shared, *_PLAIN), words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environ,
            start_new_session=True,
        )

    def forward(self, path: str) -> Path:
        """A socket here that leads to the socket *path* there.

        Raises:
            ExternalError: it cannot be had.
        """
        local = self._folder / "d"
        forward = ("-O", "forward", "-L", f"{local}:{path}")
        done = self._finish(self._argv((*self._shared, *forward)), b"")
        if done.returncode != 0:
            raise ssh_error(self.address, done.stderr.decode(errors="replace"))
        return local

    @contextmanager
    def dial(self, port: int, *, timeout_seconds: float) -> Iterator[socket.socket]:
        """A connection to *port* of the host's loopback address.

        Raises:
            TransientError: the connection is gone.
        """
        self.check()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = subprocess.Popen(  # noqa: S603 - argv is ours
                self._argv((*self._shared, "-W", f"127.0.0.1:{port}")),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env=self._environ,
                start_new_session=True,
            )
            theirs.close()
            ours.settimeout(timeout_seconds)
            try:
                yield ours
            finally:
                process.terminate()
                process.wait()

    def check(self) -> None:
        """See to it that the connection stands.

        Raises:
            TransientError: it does not.
        """
        if self._master.poll() is not None:
            raise ssh_error(self.address, self._last_words())

    def close(self) -> None:
        """End the connection and everything that goes through it."""
        master = self._master
        assert master.stdin is not None
        with suppress(OSError):
            master.stdin.close()
        try:
            master.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            master.kill()
        with master:  # closes its pipes
            pass
        shutil.rmtree(self._folder, ignore_errors=True)

    def _argv(self, options: tuple[str, ...], *words: str) -> list[str]:
        return [self._ssh, *_STRICT, *options, "--", self.address, *words]

    def _finish(
        self, argv: list[str], data: bytes
    ) -> "subprocess.CompletedProcess[bytes]":
        self.check()
        try:
            return subprocess.run(  # noqa: S603 - argv is ours
                argv,
                input=data,
                capture_output=True,
                timeout=_RUN_SECONDS,
                env=self._environ,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TransientError(
                f"{self.name} did not answer within {_RUN_SECONDS} s"
            ) from None

    def _read_survey(self) -> Survey:
        assert self._master.stdout is not None
        limit = threading.Timer(_CONNECT_SECONDS, self._master.kill)
        limit.start()
        try:
            if skip_greeting(self._master.stdout):
                found = Survey.read(self._master.stdout)
                if found is not None:
                    return found
            code = self._master.wait()
        finally:
            limit.cancel()
        said = self._last_words()
        if code == _FAILED or code < 0:
            raise ssh_error(self.address, said)
        raise PermanentError(
            f"{self.name} has no POSIX shell for this user:"
            f" {said.strip() or f'exit code {code}'}",
            hint="the account must be allowed to run commands",
        )

    def _last_words(self) -> str:
        try:
            return self._said.read_text(errors="replace")
        except OSError:
            return ""


def _find_ssh(address: str, environ: Mapping[str, str]) -> str:
    found = shutil.which("ssh", path=environ.get("PATH"))
    if found is None:
        raise PermanentError(
            f"{name_of(address)} is reached with ssh, and there is none on PATH",
            hint="apt-get install openssh-client",
        )
    return found
