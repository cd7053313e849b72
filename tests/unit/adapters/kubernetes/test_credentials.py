"""A token in a file that somebody else renews."""

from pathlib import Path

import pytest

from sluicegate.adapters.kubernetes.credentials import TokenFile
from sluicegate.errors import PermanentError, TransientError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "token"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"two words", b"\xff"])
def test_a_file_that_never_had_a_token_is_refused(
    path: Path, content: bytes | None
) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PermanentError):
        TokenFile(path).header()


@pytest.mark.parametrize("content", [None, b"", b" \n", b"half a to", b"\xff"])
def test_while_it_is_being_rewritten_the_former_token_goes_on(
    path: Path, content: bytes | None
) -> None:
    path.write_text("one\n")
    login = TokenFile(path)
    assert login.header() == "Bearer one"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert login.header() == "Bearer one"
    path.write_text("two")
    assert login.header() == "Bearer two"


def test_a_token_that_is_refused_meanwhile_is_waited_for(path: Path) -> None:
    path.write_text("one")
    login = TokenFile(path)
    refused = login.header()
    path.write_text("")
    with pytest.raises(TransientError, match="no token"):
        login.renew(refused)
    path.write_text("two")
    assert login.renew(refused)
    assert not login.renew("Bearer two")
