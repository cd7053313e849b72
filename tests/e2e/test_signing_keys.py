"""Whose signatures count, judged with the real ``ssh-keygen`` and a real ``ssh-agent``.

The same rules hold for every kind of statement, so each is tried in every namespace.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ssh_hardware import HARDWARE, armor, touch
from ssh_people import Person, agent_with, needs_ssh

from sluicegate.adapters.ssh_keygen import SshKeygenChecker, SshKeygenSigner
from sluicegate.audit.statements.judging import AllowedSigners, Author, Judge, Refusal
from sluicegate.audit.statements.predicates import (
    KINDS,
    Answering,
    HoldPlacing,
    Predicate,
    kind_of,
)
from sluicegate.audit.statements.signed import format_signed, parse_signed
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope
from sluicegate.model.release_request import Answer

pytestmark = needs_ssh
needs_agent = pytest.mark.skipif(
    shutil.which("ssh-agent") is None, reason="needs ssh-agent"
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PREDICATES: tuple[Predicate, ...] = (
    HoldPlacing(HoldScope(), "case 7"),
    Answering(Digest.of(b"a request"), "production", Answer.APPROVE, ""),
)
NAMESPACES = {kind.namespace for kind in KINDS}


@dataclass(frozen=True)
class Desk:
    """Statements are signed here, and judged."""

    predicate: Predicate
    folder: Path
    keys: Path

    @property
    def namespace(self) -> str:
        """What signatures of these statements are for."""
        return kind_of(self.predicate).namespace

    @property
    def payload(self) -> bytes:
        """What is signed."""
        end = NOW + timedelta(hours=6)
        return format_statement(
            Statement("log.example/churn", self.predicate, NOW, end, "0" * 32)
        )

    def person(self, name: str, kind: str = "ed25519", *more: str) -> Person:
        """Somebody with a key, the same one in every test: RSA takes its time."""
        folder = self.keys / "".join(more)
        made = Person(name, folder / f"{name}-{kind}")
        return made if made.key.exists() else Person.make(folder, name, kind, *more)

    def judge(self, armored: str, *lines: str) -> Author | Refusal:
        """Whose statement it is, if that file is what the protected branch has."""
        allowed = AllowedSigners("".join(lines), "allowed_signers@c0ffee")
        checker = SshKeygenChecker(dict(os.environ))
        judge = Judge("log.example/churn", NOW, checker, lambda: allowed)
        return judge.judge(parse_signed(format_signed(self.payload, armored)))

    def judge_person(
        self, person: Person, *lines: str, namespace: str | None = None
    ) -> Author | Refusal:
        """What a statement by *person* is worth; listed is by default their key."""
        armored = person.sign(self.payload, namespace or self.namespace)
        return self.judge(armored, *(lines or (person.line(),)))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(params=PREDICATES, ids=lambda said: type(said).__name__)
def desk(request: pytest.FixtureRequest, tmp_path: Path, keys: Path) -> Desk:
    return Desk(request.param, tmp_path, keys)


def names(judged: Author | Refusal) -> tuple[str, ...]:
    """Who signed; nobody, if it does not count."""
    return tuple(judged.principals) if isinstance(judged, Author) else ()


def why(judged: Author | Refusal) -> str:
    """Why it does not count."""
    assert isinstance(judged, Refusal), f"it counts, as from {names(judged)}"
    return judged.reason


def test_every_namespace_is_tried_here() -> None:
    assert {kind_of(said).namespace for said in PREDICATES} == NAMESPACES


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("ed25519", ()),
        ("ecdsa", ("-b", "256")),
        ("ecdsa", ("-b", "521")),
        ("rsa", ("-b", "3072")),
    ],
)
def test_a_key_of_a_sound_kind_counts(
    desk: Desk, kind: str, more: tuple[str, ...]
) -> None:
    ann = desk.person("ann", kind, *more)

    judged = desk.judge_person(ann)

    assert names(judged) == ("ann",)
    assert isinstance(judged, Author)
    assert judged.actor.id == ann.fingerprint


@pytest.mark.parametrize("bits", ["2048", "3070"])
def test_rsa_below_3072_bits_is_refused_although_openssh_takes_it(
    desk: Desk, bits: str
) -> None:
    ann = desk.person("ann", "rsa", "-b", bits)

    assert why(desk.judge_person(ann)) == f"an RSA key of {bits} bits; 3072 are needed"
    armored = ann.sign(desk.payload, desk.namespace)
    taken = SshKeygenChecker(dict(os.environ)).principals(
        desk.payload,
        armored,
        namespace=desk.namespace,
        at=NOW,
        signers=[ann.line()],
    )
    assert taken == ("ann",), "it is not ssh-keygen that refuses it"


@needs_agent
@pytest.mark.parametrize(
    ("kind", "more"), [("ed25519", ()), ("rsa", ("-b", "3072"))], ids=["ed25519", "rsa"]
)
def test_a_key_that_only_an_agent_holds_counts(
    desk: Desk, kind: str, more: tuple[str, ...]
) -> None:
    ann = desk.person("ann", kind, *more)
    public = desk.folder / "ann.pub"  # the private half is not beside it
    public.write_text(ann.public)
    with agent_with(ann, desk.folder) as environ:
        armored = sign(public, environ, desk)

        assert names(desk.judge(armored, ann.line())) == ("ann",)
        subprocess.run(["ssh-add", "-q", "-D"], env=environ, check=True)
        with pytest.raises(UsageError, match="did not sign"):
            sign(public, environ, desk)


@needs_agent
def test_an_agent_makes_no_short_rsa_key_longer(desk: Desk) -> None:
    ann = desk.person("ann", "rsa", "-b", "2048")
    public = desk.folder / "ann.pub"
    public.write_text(ann.public)
    with agent_with(ann, desk.folder) as environ:
        armored = sign(public, environ, desk)

    reason = why(desk.judge(armored, ann.line()))
    assert reason == "an RSA key of 2048 bits; 3072 are needed"


def sign(key: Path, environ: Mapping[str, str], desk: Desk) -> str:
    """Sign with the program itself, which asks the agent."""
    return SshKeygenSigner(key, environ).sign(desk.payload, desk.namespace)


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ('valid-after="20261122100000"', True),
        ('valid-after="20261122100001"', False),
        ('valid-before="20261122100001"', True),
        ('valid-before="20261122095959"', False),
        ('valid-after="20261122095959",valid-before="20261122100001"', True),
        ('valid-after="20261001",valid-before="20261101"', False),
    ],
)
def test_a_key_counts_if_it_was_valid_when_it_signed(
    desk: Desk, options: str, *, counts: bool
) -> None:
    ann = desk.person("ann")

    judged = desk.judge_person(ann, ann.line(options))

    assert names(judged) == (("ann",) if counts else ())
    if not counts:
        assert "key" in why(judged)


@pytest.mark.parametrize(
    ("pattern", "counts"),
    [
        ("sluicegate-*", True),
        ("git,{own}", True),
        ("{own}", True),
        ("{other}", False),
        ("git", False),
        ("sluicegate", False),
        ("!{own},*", False),
    ],
)
def test_a_line_counts_for_the_namespaces_it_allows(
    desk: Desk, pattern: str, *, counts: bool
) -> None:
    ann = desk.person("ann")
    allowed = pattern.format(own=desk.namespace, other=other_than(desk.namespace))

    judged = desk.judge_person(ann, ann.line(f'namespaces="{allowed}"'))

    assert names(judged) == (("ann",) if counts else ())
    if not counts:
        assert "not permitted for use in signature namespace" in why(judged)


def other_than(namespace: str) -> str:
    """Another namespace of signatures, which must not count for this one."""
    return min(NAMESPACES - {namespace})


def test_what_was_signed_for_something_else_does_not_count(desk: Desk) -> None:
    ann = desk.person("ann")

    for namespace in ("git", "file", other_than(desk.namespace)):
        reason = why(desk.judge_person(ann, namespace=namespace))
        assert reason == f"it was signed for '{namespace}', not '{desk.namespace}'"


def test_a_certificate_does_not_count_whatever_its_authority(desk: Desk) -> None:
    authority, ann = desk.person("authority"), desk.person("ann")
    public = ann.key.with_suffix(".pub")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", authority.key, "-I", "ann", "-n", "ann", public],
        check=True,
    )
    certified = Person("ann", ann.key.with_name(f"{ann.key.name}-cert.pub"))
    trusted = authority.line("cert-authority", name="ann")

    reason = why(desk.judge_person(certified, trusted, ann.line()))
    assert reason == (
        "keys of the type 'ssh-ed25519-cert-v01@openssh.com' do not count"
    )
    # Nor does the authority vouch for the bare key, or sign as if it were a person.
    assert "is not in" in why(desk.judge_person(ann, trusted))
    assert "does not hold" in why(desk.judge_person(authority, trusted))


@pytest.mark.parametrize("key_type", HARDWARE)
def test_what_a_hardware_key_signed_counts_for_its_owner(
    desk: Desk, key_type: str
) -> None:
    found = touch(key_type, desk.payload, desk.namespace)
    listed = f"ann {found.key_type} {found.key}\n"

    assert names(desk.judge(armor(found), listed)) == ("ann",)
    assert "is not in" in why(desk.judge(armor(found)))
    other = touch(key_type, desk.payload + b" ", desk.namespace)
    forged = desk.judge(armor(other), f"ann {other.key_type} {other.key}\n")
    assert "does not hold" in why(forged)


def test_a_key_with_two_owners_is_both_of_them(desk: Desk) -> None:
    ann = desk.person("ann")

    judged = desk.judge_person(ann, ann.line(), ann.line(name="bob,bob@example.org"))

    assert names(judged) == ("ann", "bob", "bob@example.org")


def test_a_pattern_of_names_is_the_name_of_nobody(desk: Desk) -> None:
    ann = desk.person("ann")

    assert "does not hold" in why(desk.judge_person(ann, ann.line(name="*")))
    assert names(desk.judge_person(ann, ann.line(name="ann,!bob"))) == ("ann",)
