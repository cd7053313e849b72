"""People with SSH keys, made and used by the real ``ssh-keygen``."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_ssh = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="needs ssh-keygen"
)


@dataclass(frozen=True)
class Person:
    """Somebody, with the private key in the file ``key``."""

    name: str
    key: Path

    @classmethod
    def make(
        cls, folder: Path, name: str, kind: str = "ed25519", *more: str
    ) -> "Person":
        """Make a key; *more* goes to ``ssh-keygen``, like ``-b 2048``."""
        folder.mkdir(parents=True, exist_ok=True)
        key = folder / f"{name}-{kind}"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, *more, "-N", "", "-C", "", "-f", key],
            check=True,
        )
        return cls(name, key)

    @property
    def public(self) -> str:
        """The public key: its type and its base64."""
        kind, blob = self.key.with_suffix(".pub").read_text().split()[:2]
        return f"{kind} {blob}"

    def line(self, options: str = "", name: str | None = None) -> str:
        """A line of ``allowed_signers``."""
        return " ".join(filter(None, (name or self.name, options, self.public))) + "\n"

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` shows it."""
        done = subprocess.run(
            ["ssh-keygen", "-l", "-f", self.key],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.split()[1]

    def sign(self, message: bytes, namespace: str = "sluicegate-statement") -> str:
        """An armored signature."""
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", self.key],
            input=message,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode()


@contextmanager
def agent_with(person: Person, folder: Path) -> Iterator[dict[str, str]]:
    """An agent that holds the key; the environment that names it."""
    socket = folder / "agent"
    agent = subprocess.Popen(
        ["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL
    )
    try:
        environ = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
        while not socket.exists():
            assert agent.poll() is None, "ssh-agent ended"
        subprocess.run(["ssh-add", "-q", person.key], env=environ, check=True)
        yield environ
    finally:
        agent.terminate()
        agent.wait()
