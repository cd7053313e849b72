"""Logins to clusters are hidden as they stand in a kubeconfig, and as they are sent."""

import base64
from pathlib import Path

import pytest
import yaml

from sluicegate.adapters.masking import Masks

KEY = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIJlongenough1
-----END EC PRIVATE KEY-----
"""


def masks_of(path: Path) -> Masks:
    masks = Masks({}, None)
    masks.name([], [], [path])
    return masks


def kubeconfig(path: Path, **user: object) -> Path:
    other = {"name": "bob", "user": {"token": "token-of-bob"}}
    users = [{"name": "ann", "user": user}, other, "x", {"name": "carl"}]
    path.write_text(yaml.safe_dump({"users": users}))
    return path


def test_every_login_of_every_user_is_hidden(tmp_path: Path) -> None:
    env = [{"name": "VENDOR_TOKEN", "value": "token-of-plug-in"}, {"name": "REGION"}]
    data = base64.b64encode(KEY.encode()).decode()
    path = kubeconfig(
        tmp_path / "config",
        **{
            "token": "token-of-ann",
            "username": "ann",
            "password": "open-sesame",
            "client-key-data": data,
            "exec": {"command": "login", "env": env},
        },
    )

    masks = masks_of(path)

    said = f"token-of-ann open-sesame token-of-bob {data} token-of-plug-in as ann"
    assert masks.text(said) == "*** *** *** *** *** as ann"
    assert "MHcCAQEEIJ" not in masks.text(KEY)
    assert masks.text("-----BEGIN CERTIFICATE-----") == "-----BEGIN CERTIFICATE-----"


def test_so_are_logins_of_a_provider_and_keys_in_files(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(KEY)
    given = {"access-token": "access-of-ann", "client-id": "kubernetes"}
    path = kubeconfig(
        tmp_path / "config",
        **{"client-key": "key.pem", "auth-provider": {"config": given}},
    )

    masks = masks_of(path)

    assert masks.text("access-of-ann of kubernetes") == "*** of kubernetes"
    assert "MHcCAQEEIJ" not in masks.text(KEY)


def test_a_token_that_is_renewed_in_its_file_is_hidden_as_before(
    tmp_path: Path,
) -> None:
    token = tmp_path / "token"
    token.write_text("first-token\n")
    masks = masks_of(kubeconfig(tmp_path / "config", tokenFile="token"))
    assert masks.text("first-token") == "***"

    token.write_text("another-token\n")
    masks.refresh()

    assert masks.text("first-token another-token") == "*** ***"


def test_a_login_that_comes_later_is_hidden_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "config"
    masks = masks_of(path)
    kubeconfig(path)
    masks.refresh()
    assert masks.text("token-of-bob") == "***"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "users: 5",
        "users: [{user: 7}, {user: {token: 5, exec: 1}}]",
        "{:",
        "&",
    ],
)
def test_what_is_no_kubeconfig_hides_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    assert masks_of(tmp_path / "config").text("users token 5") == "users token 5"
