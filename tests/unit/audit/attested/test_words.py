"""Unit tests of `sluicegate.audit.attested.words`: which repository is meant."""

import pytest

from sluicegate.audit.attested.words import is_repository, requests_in
from sluicegate.model.digest import Digest


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/app",
        "https://github.com/acme/app.git",
        "https://github.com/Acme/App.git/",
        "git@github.com:acme/app.git",
        "ssh://git@ssh.github.com:443/acme/app",
        "/srv/git/acme/app.git",
    ],
)
def test_an_address_of_the_repository_is_known(address: str) -> None:
    assert is_repository("acme/app", address)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/apps.git",
        "https://github.com/evil-acme/app",
        "https://github.com/acme/app/other",
        "app",
        "",
        "/",
    ],
)
def test_another_repositorys_is_not(address: str) -> None:
    assert not is_repository("acme/app", address)


def test_a_review_may_name_several_requests() -> None:
    one, two = Digest.of(b"1"), Digest.of(b"2")
    comment = f"{one.hex}, ({two.hex}) and {one.hex} again"

    assert requests_in(comment) == (one, two)
    assert requests_in(f"x{one.hex}") == requests_in(f"{one.hex}f") == ()
