import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ssh_people import Person, agent_with, needs_ssh

from sluicegate.adapters.ssh_keygen import SshKeygenChecker, SshKeygenSigner
from sluicegate.errors import IntegrityError, PermanentError, UsageError

pytestmark = needs_ssh

NAMESPACE = "sluicegate-statement"
WHEN = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def ann(tmp_path: Path) -> Person:
    return Person.make(tmp_path / "ann", "ann")


def check(
    signature: str, *lines: str, message: bytes = b"hello", at: datetime = WHEN
) -> tuple[str, ...]:
    checker = SshKeygenChecker(dict(os.environ))
    found = checker.principals(
        message, signature, namespace=NAMESPACE, at=at, signers=lines
    )
    return tuple(found)


def test_a_key_in_a_file_signs_and_its_owner_is_found(ann: Person) -> None:
    signature = SshKeygenSigner(ann.key, os.environ).sign(b"hello", NAMESPACE)

    assert check(signature, ann.line()) == ("ann",)


def test_a_key_that_only_an_agent_has_signs(ann: Person, tmp_path: Path) -> None:
    with agent_with(ann, tmp_path) as environ:
        private = ann.key.read_bytes()
        ann.key.unlink()
        public = ann.key.with_suffix(".pub")
        signature = SshKeygenSigner(public, environ).sign(b"hello", NAMESPACE)

    assert private not in signature.encode()
    assert check(signature, ann.line()) == ("ann",)


def test_a_key_that_is_not_there_signs_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did not sign"):
        SshKeygenSigner(tmp_path / "none", os.environ).sign(b"hello", NAMESPACE)


def test_without_the_program_nobody_signs_or_verifies(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = ann.sign(b"hello")
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(PermanentError, match="cannot run ssh-keygen"):
        SshKeygenSigner(ann.key, {"PATH": "/nowhere"}).sign(b"hello", NAMESPACE)
    with pytest.raises(PermanentError, match="cannot run ssh-keygen"):
        check(signature, ann.line())


def test_all_names_of_a_key_are_found_on_whatever_line_they_are(ann: Person) -> None:
    signature = ann.sign(b"hello")

    found = check(
        signature,
        ann.line('namespaces="git"', "committer"),
        ann.line(name="ann,ann@example.org"),
        ann.line('namespaces="sluicegate-*"', "lead"),
    )

    assert found == ("ann", "ann@example.org", "lead")


@pytest.mark.parametrize("options", ['namespaces="git"', 'valid-before="20260531Z"'])
def test_a_line_that_does_not_allow_it_names_nobody(ann: Person, options: str) -> None:
    with pytest.raises(IntegrityError, match="does not hold"):
        check(ann.sign(b"hello"), ann.line(options))


def test_a_pattern_of_names_is_the_name_of_nobody(ann: Person) -> None:
    with pytest.raises(IntegrityError, match="does not hold"):
        check(ann.sign(b"hello"), ann.line(name="*@example.org"))


def test_another_message_namespace_or_signature_is_refused(
    ann: Person, tmp_path: Path
) -> None:
    bob = Person.make(tmp_path / "bob", "bob")
    good = ann.sign(b"hello")

    assert check(good, ann.line()) == ("ann",)
    with pytest.raises(IntegrityError, match="does not hold"):
        check(good, ann.line(), message=b"hello!")
    with pytest.raises(IntegrityError, match="namespace"):
        check(ann.sign(b"hello", "git"), ann.line())
    with pytest.raises(IntegrityError, match="does not hold"):
        check(bob.sign(b"hello"), ann.line())
    with pytest.raises(IntegrityError, match="the key of nobody"):
        check(good)


def test_a_key_counts_within_its_time_wherever_the_clock_stands(ann: Person) -> None:
    signature = ann.sign(b"hello")
    # Without a Z: local time for ssh-keygen, UTC here, whatever TZ says.
    line = ann.line('valid-after="20260601000000",valid-before="20260602000000"')

    assert check(signature, line, at=WHEN) == ("ann",)
    for other in (WHEN - timedelta(hours=12, seconds=1), WHEN + timedelta(hours=13)):
        with pytest.raises(IntegrityError, match=r"key (has expired|is not yet valid)"):
            check(signature, line, at=other)
