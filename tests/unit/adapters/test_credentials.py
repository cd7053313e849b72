"""Unit tests of `sluicegate.adapters.credentials`."""

import pytest

from sluicegate.adapters.credentials import Credentials

ENVIRON = {
    "PIP_INDEX_URL": "https://reader:sword%40fish@pypi.example/simple",
    "UV_INDEX_PRIVATE_PASSWORD": "mackerel-9",
    "PATH": "/usr/bin",
}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Looking in https://a:b@pypi.example/x",
            "Looking in https://***@pypi.example/x",
        ),
        ("https://a:p@ss@pypi.example/", "https://***@pypi.example/"),
        ("git+https://token@git.example/p.git", "git+https://***@git.example/p.git"),
        ("401: mackerel-9 is wrong", "401: *** is wrong"),
        ("sword%40fish sword@fish", "*** ***"),
        ("found in /usr/bin; a@b.example", "found in /usr/bin; a@b.example"),
    ],
)
def test_logins_are_hidden_and_nothing_else(said: str, shown: str) -> None:
    assert Credentials(ENVIRON).hide(said) == shown
