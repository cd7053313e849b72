"""Making a signed statement: what somebody without the log's key does."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.ssh_keygen import SshKeygenSigner
from sluicegate.audit.statements.judging import refuse_key
from sluicegate.audit.statements.predicates import Predicate, kind_of
from sluicegate.audit.statements.signed import format_signed
from sluicegate.audit.statements.sshsig import SshSignature, parse_signature
from sluicegate.audit.statements.statement import (
    Statement,
    Subject,
    format_statement,
)
from sluicegate.errors import UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.digest import Digest
from sluicegate.ports.inbox import Inbox
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_machine_redactor

_USUAL = ("ed25519", "ed25519_sk", "ecdsa", "ecdsa_sk", "rsa")
_GIT_TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Left:
    """A statement that was left in an inbox."""

    digest: Digest
    where: str
    signature: SshSignature


@dataclass(frozen=True)
class Stating:
    """Signs statements about the log called *origin*, for whoever uses *machine*.

    ``key`` is the key to sign with; by default the one that Git signs with, if that
    is an SSH key, else the first of the usual ones.
    """

    machine: Machine
    folder: Path
    origin: str
    key: Path | None = None

    def leave(
        self,
        predicate: Predicate,
        lasts: timedelta,
        inbox: Inbox,
        about: tuple[Subject, ...] = (),
    ) -> Left:
        """Sign *predicate*, to be taken in within *lasts*, and leave it in *inbox*.

        *about* are further subjects of the statement, like artifacts.

        Raises:
            UsageError: it cannot be signed, or would be refused.
            ExternalError: it may not have been left there.
        """
        kind = kind_of(predicate)
        if not timedelta(0) < lasts <= kind.lasts:
            raise UsageError(f"a statement can wait for at most {kind.lasts.days}d")
        self._check(predicate.reason)
        now = self.machine.clock.now()
        payload = format_statement(
            Statement(
                self.origin,
                predicate,
                now,
                now + lasts,
                secrets.token_hex(16),
                about,
            )
        )
        key = self.find_key()
        signer = SshKeygenSigner(key, self.machine.environ_without())
        armored = signer.sign(payload, kind.namespace)
        signature = parse_signature(armored)
        if refused := refuse_key(signature, kind):
            raise UsageError(f"what {key} signs would be refused: {refused}")
        signed = format_signed(payload, armored)
        digest = Digest.of(payload)
        name = kind.predicate_type.split("/")[-2]
        where = inbox.put(f"{name}-{digest.hex[:16]}", signed)
        return Left(digest, where, signature)

    def _check(self, reason: str) -> None:
        redactor = build_machine_redactor(self.machine)
        if redactor.text(reason) != reason:
            raise UsageError(
                "the reason holds a credential, a mail address or this user's folder;"
                " what is signed can be changed no more",
                hint="write it without: entries of the log are kept for years",
            )

    def find_key(self) -> Path:
        """The file of the key to sign with.

        Raises:
            UsageError: there is none.
        """
        return self.key or self._find_usual()

    def _find_usual(self) -> Path:
        if self._git("gpg.format") == "ssh" and (named := self._git("user.signingkey")):
            path = Path(named.replace("~", str(self.machine.home), 1))
            if path.is_file():
                return path
        folder = self.machine.home / ".ssh"
        for kind in _USUAL:
            for path in (folder / f"id_{kind}", folder / f"id_{kind}.pub"):
                if path.is_file():
                    return path
        raise UsageError(
            f"there is no SSH key to sign with in {folder}",
            hint="name one with --sign-with: a private key, or the public key of one"
            " that your SSH agent holds",
        )

    def _git(self, name: str) -> str:
        said: CommandResult = self.machine.process.run(
            Command(("git", "config", "--get", name), str(self.folder), _GIT_TIMEOUT),
            lambda _line: None,
        )
        return said.stdout.decode("utf-8", "replace").strip()
