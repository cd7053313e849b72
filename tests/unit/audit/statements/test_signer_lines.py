import base64

import pytest

from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.audit.statements.signer_lines import SignerLine, read_lines
from sluicegate.audit.statements.sshwire import pack


def key(kind: str, *fields: bytes) -> str:
    return base64.b64encode(pack(kind.encode(), *fields)).decode()


ED25519 = key("ssh-ed25519", b"\1" * 32)
WEAK = key("ssh-rsa", b"\1\0\1", b"\0" + b"\xff" * 256)
STRONG = key("ssh-rsa", b"\1\0\1", b"\0" + b"\xff" * 384)


def read(*lines: str) -> list[SignerLine]:
    return list(read_lines(AllowedSigners("\n".join(lines), "there@commit")))


def test_a_line_has_names_and_what_comes_before_its_key() -> None:
    (line,) = read(f'ann,*@acme.org namespaces="a" ssh-ed25519 {ED25519} a comment')

    assert line.names == ("ann",)
    assert line.before == 'ann,*@acme.org namespaces="a"'
    assert (line.key, line.flaw) == (ED25519, "")
    assert line.fingerprint.startswith("SHA256:")


def test_comments_and_lines_without_a_key_are_passed_over() -> None:
    assert read("", f"# ann ssh-ed25519 {ED25519}", "ann", "ann ssh-ed25519") == []


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (f"ssh-rsa {WEAK}", "an RSA key of 2048 bits; 3072 are needed"),
        (f"ssh-rsa {STRONG}", ""),
        (f"ssh-dss {key('ssh-dss')}", "keys of the type 'ssh-dss' do not count"),
        (f"ssh-rsa {ED25519}", "the line says ssh-rsa, and its key is ssh-ed25519"),
        ("ssh-ed25519 AAAA", "a key that cannot be read"),
        ("ssh-ed25519 AAAA...", "a key that cannot be read"),
    ],
)
def test_a_key_that_never_counts_has_a_flaw(text: str, flaw: str) -> None:
    (line,) = read(f"ann {text}")

    assert line.flaw == flaw
