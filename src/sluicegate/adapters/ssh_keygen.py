"""SSH signatures by the ``ssh-keygen`` program: agents and hardware keys work.

The program is run here and not through `ports.process`: it asks the person at the
terminal for a passphrase or a touch, which a program in a session of its own cannot,
and it reads the message that is verified from its standard input.

Source:
    ssh-keygen(1), ``-Y`` and "ALLOWED SIGNERS".
"""

import subprocess  # noqa: TID251 - see above
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.process import strip_environment
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.ports.statement_signer import SignatureChecker, StatementSigner

PROGRAM = "ssh-keygen"
_TIMEOUT_SECONDS = 30
_PATTERN = frozenset("*?!")
_SAID_CHARACTERS = 300


class SshKeygenSigner(StatementSigner):
    """Signs with the key in the file *key*.

    Either the private key, or the public one of a key that an agent holds.
    """

    def __init__(self, key: Path, environ: Mapping[str, str]) -> None:
        self._key = key
        self._environ = strip_environment(environ)

    @override
    def sign(self, message: bytes, namespace: str) -> str:
        argv = (PROGRAM, "-q", "-Y", "sign", "-n", namespace, "-f", str(self._key))
        try:
            # No timeout: a person may have to look for the hardware key. What it asks
            # and why it failed are the person's to read: standard error is theirs.
            done = subprocess.run(  # noqa: S603 - argv is ours
                argv,
                input=message,
                stdout=subprocess.PIPE,
                env=self._environ,
                check=False,
            )
        except OSError as error:
            raise _no_program(error) from error
        if done.returncode:
            raise UsageError(
                f"{PROGRAM} did not sign with {self._key}",
                hint="name a private key, or the public key of one that your SSH agent"
                " holds (`ssh-add -L` lists them), with --sign-with",
            )
        return done.stdout.decode("ascii", "replace")


class SshKeygenChecker(SignatureChecker):
    """Verifies with a file of signers of its own, which only this call can see."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # Times in allowed_signers without a Z are local ones: the same everywhere here.
        self._environ = {**strip_environment(environ), "TZ": "UTC", "LC_ALL": "C"}

    @override
    def principals(
        self,
        message: bytes,
        signature: str,
        *,
        namespace: str,
        at: datetime,
        signers: Sequence[str],
    ) -> Sequence[str]:
        found: dict[str, None] = {}
        said = "it is the key of nobody"
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            place = Path(folder)
            (place / "signature").write_text(signature, encoding="utf-8")
            # One line at a time: of several that name a key the program sees only one.
            for line in signers:
                (place / "signers").write_text(f"{line}\n", encoding="utf-8")
                when = f"verify-time={at.astimezone(UTC):%Y%m%d%H%M%S}"
                use = ("-s", "signature", "-f", "signers", "-O", when)
                named = self._run(place, b"", "find-principals", *use)
                said = _said(named.stderr) if named.returncode else said
                for name in _names(named):
                    checked = self._run(
                        place, message, "verify", *use, "-n", namespace, "-I", name
                    )
                    said = _said(checked.stderr + checked.stdout)
                    if checked.returncode == 0:
                        found[name] = None
        if not found:
            raise IntegrityError(f"its signature does not hold: {said}")
        return tuple(found)

    def _run(
        self, place: Path, message: bytes, *arguments: str
    ) -> "subprocess.CompletedProcess[bytes]":
        try:
            return subprocess.run(  # noqa: S603 - argv is ours
                (PROGRAM, "-Y", *arguments),
                cwd=place,
                input=message,
                capture_output=True,
                env=self._environ,
                timeout=_TIMEOUT_SECONDS,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PermanentError(
                f"{PROGRAM} has not answered for {_TIMEOUT_SECONDS} s"
            ) from None
        except OSError as error:
            raise _no_program(error) from error


def _names(named: "subprocess.CompletedProcess[bytes]") -> Sequence[str]:
    """The principals that were found; a pattern of names is the name of nobody."""
    if named.returncode:
        return ()
    lines = named.stdout.decode("utf-8", "replace").splitlines()
    return [line for line in lines if line and not _PATTERN & set(line)]


def _said(output: bytes) -> str:
    text = " ".join(output.decode("utf-8", "replace").split())
    return text[:_SAID_CHARACTERS] or "it said nothing"


def _no_program(error: OSError) -> PermanentError:
    return PermanentError(
        f"cannot run {PROGRAM}: {error.strerror}",
        hint="install OpenSSH's client (Debian and Ubuntu: openssh-client)",
    )
