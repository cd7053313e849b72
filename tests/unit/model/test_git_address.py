"""Unit tests of `sluicegate.model.git_address`."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.model.git_address import DEFAULT_REF, GitAddress

REF = "refs/heads/audit"


@pytest.mark.parametrize(
    ("text", "remote", "ref"),
    [
        ("", None, DEFAULT_REF),
        (REF, None, REF),
        (f"#{REF}", None, REF),
        (".", ".", DEFAULT_REF),
        (f".#{REF}", ".", REF),
        ("upstream", "upstream", DEFAULT_REF),
        (f"upstream#{REF}", "upstream", REF),
        ("https://host/a/log.git", "https://host/a/log.git", DEFAULT_REF),
        (f"git@host:a/log.git#{REF}", "git@host:a/log.git", REF),
        (f"../log#1.git#{REF}", "../log#1.git", REF),
        ("/srv/log.git#refs/sluicegate/audit", "/srv/log.git", "refs/sluicegate/audit"),
    ],
)
def test_an_address_names_a_remote_a_ref_or_both(
    text: str, remote: str | None, ref: str
) -> None:
    address = GitAddress.parse(text)

    assert address == GitAddress(remote, ref)
    assert GitAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        *("#main", "x#heads/main", "refs/heads", "refs/heads/", "refs//heads/x"),
        *("refs/heads/a..b", "refs/heads/a b", "refs/heads/a.lock", "refs/heads/.a"),
        *("refs/heads/a~1", "refs/heads/a@{1}", "refs/heads/a:b", "refs/heads/a\\b"),
        *(
            "refs/heads/a.",
            "refs/heads/a*",
            "refs/heads/a\nb",
            "refs/heads/" + "a" * 300,
        ),
        *("--upload-pack=x", "-x#refs/heads/a", "a\x1bb#refs/heads/a"),
        "https://user:secret-word@host/log.git",
    ],
)
def test_what_names_no_ref_or_holds_a_password_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        GitAddress.parse(text)

    assert "secret-word" not in str(caught.value)


@given(st.text(st.sampled_from("ab/.@{}~^:-_ \\*[\x7fé#"), max_size=12))
@example("@")
@example("a/.lock")
def test_no_ref_is_taken_that_git_would_not_take(rest: str) -> None:
    try:
        address = GitAddress.parse(f"refs/heads/{rest}")
    except UsageError:
        return
    if address.remote is None:
        command = ["git", "check-ref-format", address.ref]
        assert subprocess.run(command, check=False).returncode == 0
