"""An sshd of a test's own, with its own keys, on a free port of the loopback address.

It lets the user in who runs the tests, so behind it are this machine's engine and
files: another host in all but the place. Its users have their state in ``state``.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
_WAIT_SECONDS = 20

needs_sshd = pytest.mark.skipif(
    SSHD is None, reason="there is no sshd: apt-get install openssh-server"
)


@dataclass
class SshServer:
    """A running sshd. ``environ`` is what its clients need to reach it.

    ``folder`` holds its files: ``known_hosts``, ``user`` and ``user.pub``, ``state``.
    """

    folder: Path
    port: int
    environ: dict[str, str]
    process: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def sessions(self) -> list[int]:
        """The processes that serve connections now."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True,
            check=False,
        )
        return [int(each) for each in listed.stdout.split()]


@contextmanager
def ssh_server(
    folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[SshServer]:
    """Run an sshd whose configuration has *settings* in addition.

    Args:
        folder: an empty one for its files.
        settings: lines of sshd_config, by their first word.
    """
    assert SSHD is not None
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
            check=True,
        )
    port = _free_port()
    host_key = (folder / "host.pub").read_text().rsplit(" ", 1)[0]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (folder / "sshd_config").write_text(_server_lines(folder, port, settings or {}))
    process = subprocess.Popen(
        [SSHD, "-D", "-E", folder / "log", "-f", folder / "sshd_config"],
        stdin=subprocess.DEVNULL,
    )
    try:
        _await(port, process, folder / "log")
        yield SshServer(folder, port, _make_client(folder), process)
    finally:
        process.terminate()
        process.wait()


def _server_lines(folder: Path, port: int, settings: Mapping[str, str]) -> str:
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    lines = {
        "Port": str(port),
        "ListenAddress": "127.0.0.1",
        "HostKey": str(folder / "host"),
        "AuthorizedKeysFile": str(folder / "user.pub"),
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        # bash does not read its own user's .bashrc in a shell within a shell.
        "SetEnv": f"XDG_STATE_HOME={folder / 'state'} SHLVL=2",
        **settings,
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _make_client(folder: Path) -> dict[str, str]:
    """An ``ssh`` that uses the test's configuration, and an environment with it."""
    (folder / "ssh_config").write_text(
        f"IdentityFile {folder / 'user'}\nIdentitiesOnly yes\nIdentityAgent none\n"
        f"UserKnownHostsFile {folder / 'known_hosts'}\nGlobalKnownHostsFile none\n"
    )
    real = shutil.which("ssh")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "ssh").write_text(
        f'#!/bin/sh\nexec {real} -F {folder}/ssh_config "$@"\n'
    )
    (programs / "ssh").chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"sshd does not listen: {log.read_text() if log.exists() else ''}")
