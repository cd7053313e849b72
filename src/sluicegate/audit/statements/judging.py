"""Whether a signed statement counts: the rules, in order of their cost.

A statement that does not count is no sign that the log was tampered with: an inbox is
open to anybody. So "no" is a value here, with its reason.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sluicegate.audit.envelope import Actor
from sluicegate.audit.statements.predicates import Kind, kind_of
from sluicegate.audit.statements.signed import SignedStatement
from sluicegate.audit.statements.sshsig import SshSignature
from sluicegate.audit.statements.sshverify import KEY_TYPES, check_signature
from sluicegate.audit.statements.statement import Statement
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.ports.statement_signer import SignatureChecker

MIN_RSA_BITS = 3072
"""
Source:
    NIST SP 800-57 part 1 rev. 5, table 2: 128 bits of security.
"""

_PATTERN = frozenset("*?!")

MAX_AHEAD = timedelta(minutes=5)
"""How far the clock of whoever signed may be ahead of the recorder's."""


_AUTHORITY = "cert-authority"


@dataclass(frozen=True, slots=True)
class AllowedSigners:
    """An ``allowed_signers`` file: its text, and where it is: ``path@commit``."""

    text: str
    where: str

    def lines_of(self, key: str) -> Sequence[str]:
        """The lines that name the public key *key*, in base64."""
        lines = (line.strip() for line in self.text.split("\n"))
        return [
            line for line in lines if not line.startswith("#") and key in line.split()
        ]

    def names_of(self, key: str) -> tuple[str, ...]:
        """The names of the lines of the public key *key*, patterns left out.

        Nor is an authority that vouches for keys anybody. Whether a signature counts,
        and for which of them, only ssh-keygen says.
        """
        return names_in(
            line
            for line in self.lines_of(key)
            if _AUTHORITY not in str(line.split()[1:2])
        )

    @property
    def names(self) -> frozenset[str]:
        """All names, patterns left out."""
        lines = (line.strip() for line in self.text.split("\n"))
        return frozenset(names_in(line for line in lines if line[:1] not in {"", "#"}))


def names_in(lines: Iterable[str]) -> tuple[str, ...]:
    """The names that *lines* start with, patterns left out."""
    names = (name for line in lines for name in line.split()[0].split(","))
    return tuple(dict.fromkeys(each for each in names if not _PATTERN & set(each)))


@dataclass(frozen=True, slots=True)
class Author:
    """Who signed: all their names in ``allowed_signers``, and the actor for the log."""

    principals: Sequence[str]
    actor: Actor


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement does not count, for a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges statements about the log called ``origin``, at the time ``now``.

    ``signers`` is asked once a statement is worth it; what it raises is a reason.
    """

    origin: str
    now: datetime
    checker: SignatureChecker
    signers: Callable[[], AllowedSigners]

    def judge(self, signed: SignedStatement) -> Author | Refusal:
        """Whose statement it is, or why it does not count."""
        reason = self._refuse_unverified(signed)
        if reason is not None:
            return Refusal(reason)
        try:
            allowed = self.signers()
        except (UsageError, ExternalError) as error:
            return Refusal(f"it cannot be told whose signatures count: {error}")
        key = signed.signature
        lines = allowed.lines_of(key.key)
        if not lines:
            return Refusal(f"{key.fingerprint} is not in {allowed.where}")
        try:
            principals = self.checker.principals(
                signed.payload,
                signed.armored,
                namespace=kind_of(signed.statement.predicate).namespace,
                at=signed.statement.created,
                signers=lines,
            )
            # What is in the log must hold for whoever verifies that, without OpenSSH.
            check_signature(key, signed.payload)
        except (IntegrityError, ExternalError) as error:
            return Refusal(str(error))
        return Author(principals, Actor("user", key.fingerprint, issuer=allowed.where))

    def _refuse_unverified(self, signed: SignedStatement) -> str | None:
        statement = signed.statement
        if statement.log != self.origin:
            return f"it is about another log, {statement.log}"
        return self._refuse_life(statement) or refuse_key(
            signed.signature, kind_of(statement.predicate)
        )

    def _refuse_life(self, statement: Statement) -> str | None:
        lasts = kind_of(statement.predicate).lasts
        if statement.expires <= statement.created:
            return "it ends before it begins"
        if statement.expires - statement.created > lasts:
            return f"it is meant to last longer than {lasts.days} days"
        if statement.created > self.now + MAX_AHEAD:
            return f"it is of the future: {statement.created:%Y-%m-%d %H:%M:%S} UTC"
        if statement.expires < self.now:
            return f"it expired on {statement.expires:%Y-%m-%d %H:%M:%S} UTC"
        return None


def refuse_key(key: SshSignature, kind: Kind) -> str | None:
    """Why a signature cannot count for *kind*, whoever made it; None if it can."""
    if key.namespace != kind.namespace:
        return f"it was signed for {key.namespace!r}, not {kind.namespace!r}"
    if key.key_type not in KEY_TYPES:
        return f"keys of the type {key.key_type!r} do not count"
    if key.key_type == "ssh-rsa" and key.rsa_bits < MIN_RSA_BITS:
        return f"an RSA key of {key.rsa_bits} bits; {MIN_RSA_BITS} are needed"
    return None
