"""What ``ssh-keygen`` makes of lines of ``allowed_signers``, without their keys.

A line says more than whose key it is: for what the key may sign, and from when to when.
Only the program that verifies knows for certain what it makes of that, so it is asked:
a throw-away key, which never leaves a folder that is gone afterwards, takes the place
of the one in the line, and what it has signed is verified.
"""

import re
import subprocess  # noqa: TID251 - as in `adapters.ssh_keygen`
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.process import strip_environment
from sluicegate.adapters.ssh_keygen import PROGRAM, SshKeygenChecker, SshKeygenSigner
from sluicegate.errors import IntegrityError, PermanentError, UsageError

_MESSAGE = b"sluicegate tries whom a line lets sign"
_TIMEOUT_SECONDS = 30
_PLACE = re.compile(r"^.*?signers:\d+: | (No principal matched|Could not verify).*$")


@dataclass(frozen=True, slots=True)
class Tried:
    """Whom a line lets sign; *reason* is why nobody, else empty."""

    names: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class LineTrial:
    """Tries lines for signatures in *namespace*, made *at* that moment."""

    environ: Mapping[str, str]
    namespace: str
    at: datetime

    def check(self) -> None:
        """See to it that the program here can verify at all.

        Raises:
            PermanentError: it is missing, or too old.
        """
        tried = self.try_line("somebody")
        if not tried.names:
            raise PermanentError(
                f"ssh-keygen does not verify what it has signed: {tried.reason}",
                hint="install a newer OpenSSH: 8.9 or later",
            )

    def try_line(self, before_key: str) -> Tried:
        """Try the line whose names and options, all before its key, are *before_key*.

        Raises:
            PermanentError: the program is missing or does not answer.
        """
        public, signature = self._signed
        try:
            names = SshKeygenChecker(self.environ).principals(
                _MESSAGE,
                signature,
                namespace=self.namespace,
                at=self.at,
                signers=[f"{before_key} {public}"],
            )
        except IntegrityError as error:
            return Tried((), _PLACE.sub("", str(error)))
        return Tried(tuple(names))

    @cached_property
    def _signed(self) -> tuple[str, str]:
        """The public half of a throw-away key, and what it has signed."""
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            key = Path(folder) / "key"
            kind = ("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key))
            try:
                subprocess.run(  # noqa: S603 - argv is ours
                    (PROGRAM, *kind),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    env=strip_environment(self.environ),
                    timeout=_TIMEOUT_SECONDS,
                    check=True,
                )
                signature = SshKeygenSigner(key, self.environ).sign(
                    _MESSAGE, self.namespace
                )
            except (OSError, subprocess.SubprocessError, UsageError) as error:
                raise PermanentError(
                    f"ssh-keygen makes no key: {error}",
                    hint="install OpenSSH's client (Debian and Ubuntu: openssh-client)",
                ) from error
            kind_of_key, blob = key.with_suffix(".pub").read_text("ascii").split()[:2]
        return f"{kind_of_key} {blob}", signature
