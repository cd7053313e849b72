"""Unit tests of `sluicegate.model.credential`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.credential import hide, is_secret_name, is_secret_value

# Put together here, so that nobody takes this file for a leak.
TOKENS = (
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2c3" * 5,
    "glpat-" + "a1B2" * 5,
    "hf_" + "aB" * 17,
    "npm_" + "a1B2" * 9,
    "pypi-" + "AgEI" * 15,
    "AKIA" + "QX7Z" * 4,
    "xoxb-" + "1234567890-abc",
    "eyJ" + "hbGciOiJIUzI1" + "." + "eyJ" + "zdWIiOiIxMjM0" + "." + "c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE " + "KEY-----",
)


@pytest.mark.parametrize(
    "name",
    ["HF_TOKEN", "TOKEN", "dbPassword", "DB_PASS", "API_KEY", "api-key", "APIKey",
     "AWS_SECRET_ACCESS_KEY", "SECRET_KEY_BASE", "MYSQL_PWD", "CLIENT_SECRET",
     "GOOGLE_CREDENTIALS", "npm_config__auth", "TOKEN_2", "SIGNING_KEY_OLD"],
)  # fmt: skip
def test_a_credential_s_name_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["MAX_TOKENS", "TOKENIZER", "PWD", "OLDPWD", "KEYBOARD", "PASSWORD_FILE",
     "SSH_PUBLIC_KEY", "TOKEN_URL", "SSH_AUTH_SOCK", "PASS_RATE", "MONKEY", "AUTHOR",
     "AWS_ACCESS_KEY_ID", "PATH", "", "_", "1"],
)  # fmt: skip
def test_other_names_are_not(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_known_by_its_shape_and_hidden(token: str) -> None:
    assert is_secret_value(f"x={token}")
    assert hide(f"x {token} y") == "x *** y"


@pytest.mark.parametrize(
    "text",
    [
        "risk-" + "management-of-a-very-long-name-indeed",
        "sha256:" + "ab" * 32,
        "https://example.org:8080/a@b",
        "git@github.com:acme/x.git",
        "https://example.org/?q=a:b@c",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert not is_secret_value(text)
    assert hide(text) == text


def test_a_login_in_a_url_is_hidden() -> None:
    assert (
        hide("see https://me:pw@h/x, http://:pw@h")
        == "see https://***@h/x, http://***@h"
    )


@given(st.text())
def test_hiding_twice_hides_no_more(text: str) -> None:
    assert hide(hide(text)) == hide(text)
