"""Unit tests of `sluicegate.adapters.masking`."""

import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from fakes import FakeProcess, exited
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.learned_secrets import LearnedSecrets
from sluicegate.adapters.masking import MaskingRunner, Masks
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command

HORSE = 'c0rrect "horse" & <battery>/?+\\ü'
COMMAND = Command(("tool",), "/", timedelta(minutes=1))


def masks(name: str = "", value: str = "") -> Masks:
    return Masks({name: value}, None)


@pytest.mark.parametrize(
    "form",
    [
        HORSE,
        quote(HORSE, safe=""),
        json.dumps(HORSE)[1:-1],
        json.dumps(HORSE, ensure_ascii=False)[1:-1],
        quoteattr(f"'{HORSE}")[2:-1],
        repr(HORSE)[1:-1],
        base64.b64encode(HORSE.encode()).decode(),
        base64.urlsafe_b64encode(HORSE.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_hidden_in_each_form(form: str) -> None:
    found = masks("MY_TOKEN", HORSE)

    assert found.text(f"it is {form}!").rstrip("=!") == "it is ***"
    assert found.data(f"it is {form}!".encode()).rstrip(b"=!") == b"it is ***"
    assert found.holds(form.encode())


@given(
    st.text(st.characters(codec="utf-8"), min_size=6).filter(str.strip),
    st.text(st.characters(codec="utf-8")),
    st.text(st.characters(codec="utf-8")),
)
def test_no_secret_is_left_whole(secret: str, before: str, after: str) -> None:
    found = Masks({"SECRET": secret}, None)
    found.name(["SECRET"], [])
    hidden = secret.strip()
    if hidden in "***" or len(secret) < 6:
        return

    assert hidden not in found.text(before + secret + after).replace("***", "\0")
    left = found.data((before + secret + after).encode()).replace(b"***", b"\0")
    assert hidden.encode() not in left


def test_the_lines_of_a_key_are_hidden_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEabcdefgh\nIJKLmnopqrst\n-----END KEY-----\n"

    found = masks("SIGNING_KEY", key)

    assert found.text("| MIIEabcdefgh") == "| ***"
    assert found.text("-----BEGIN KEY-----") == "-----BEGIN KEY-----"


def test_passwords_in_urls_are_hidden_whoever_says_them() -> None:
    found = masks()

    said = found.text(
        "Looking in https://me:hunter2@pypi.example.org/simple, http://x:80/a@b"
    )

    assert said == "Looking in https://***@pypi.example.org/simple, http://x:80/a@b"
    assert found.data(b"redis://:p@ss@db/0") == b"redis://***@db/0"


def test_a_password_of_a_url_in_the_environment_is_hidden_alone_too() -> None:
    found = masks("INDEX", "https://me:p%40ss-word@pypi.example.org")

    assert found.text("p@ss-word and p%40ss-word") == "*** and ***"
    login = base64.b64encode(b"me:p@ss-word").decode()
    assert found.text(f"Authorization: Basic {login}") == "Authorization: Basic ***"


@pytest.mark.parametrize(
    "environ",
    [
        {"DB_PASSWORD": "postgres"},
        {"MY_TOKEN": "1"},
        {"MY_TOKEN": "123456"},
        {"MAX_TOKENS": "correcthorse"},
        {"PWD": "/home/me"},
        {"TOKEN_FILE": "/run/token"},
        {"DATABASE_URL": "postgres://postgres:postgres@db/x"},
    ],
)
def test_what_is_no_secret_stays_readable(environ: dict[str, str]) -> None:
    text = "postgres 1 123456 correcthorse /home/me /run/token"

    assert Masks(environ, None).text(text) == text


def test_the_longest_secret_is_hidden_whole() -> None:
    found = Masks({"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefgh-ijkl"}, None)

    assert found.text("abcdefgh-ijkl abcdefgh") == "*** ***"


def test_the_logins_of_docker_are_hidden(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    auth = base64.b64encode(b"me:open-sesame").decode()
    login = {"auth": auth, "identitytoken": "identity-of-me"}
    config.write_text(json.dumps({"auths": {"ghcr.io": login, "x": {}}}))

    found = Masks({}, config)

    assert found.text(f"{auth}|open-sesame|me:open-sesame|identity-of-me") == (
        "***|***|***|***"
    )


@pytest.mark.parametrize("text", ["", "[]", "{", '{"auths": {"a": {"auth": "%"}}}'])
def test_a_strange_configuration_of_docker_hides_what_it_can(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "config.json").write_text(text)

    assert Masks({}, tmp_path / "config.json").text("nothing") == "nothing"


def test_a_file_that_changes_is_read_again_and_its_old_secret_stays_hidden(
    tmp_path: Path,
) -> None:
    file = tmp_path / "token"
    found = masks()
    found.name([], [file])
    file.write_text("first-token\n")
    found.refresh()
    file.write_text("the second token\n")
    found.refresh()

    assert found.text("first-token, the second token") == "***, ***"


def test_words_of_a_secret_file_are_hidden_and_its_names_are_not(
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine h login me\n password s3cr3t-word\n")
    conf = tmp_path / "conf.json"
    conf.write_text('{"private_key_id": "abcd-efgh", "url": "https://me:pa55word@h/"}')
    found = masks()
    found.name([], [netrc, conf])

    said = found.text("password s3cr3t-word private_key_id abcd-efgh pa55word")

    assert said == "password *** private_key_id *** ***"


def test_a_variable_that_is_named_is_hidden_whatever_its_name() -> None:
    found = Masks({"PLAIN": "abcd", "OTHER": "efgh"}, None)
    found.name(["PLAIN", "MISSING"], [])

    assert found.text("abcd efgh") == "*** efgh"


def test_what_is_fetched_is_hidden_from_then_on() -> None:
    found = masks()
    assert found.text("open-sesame") == "open-sesame"

    found.hide(["open-sesame", "abc", ""])

    assert found.text("open-sesame, abc") == "***, abc"


def test_each_text_in_a_secret_that_is_json_is_hidden_too() -> None:
    found = masks()

    found.hide(['{"user": "postgres", "login": {"password": "open-sesame"}, "n": [1]}'])
    found.hide(["{no json", '["short", "https://example.org/path"]'])

    said = found.text("open-sesame postgres short https://example.org/path")
    assert said == "*** postgres short https://example.org/path"


def test_what_one_learns_another_hides_that_was_there_before() -> None:
    learned = LearnedSecrets()
    first, second = Masks({}, None, learned), Masks({}, None, learned)
    told: list[str] = []
    learned.tell(told.append)

    first.hide(["open-sesame"])
    first.hide(["open-sesame"])

    assert second.text("open-sesame") == "***"
    assert told == ["open-sesame"]


def test_all_that_a_program_says_is_masked() -> None:
    process = FakeProcess({"tool": exited(3, b"it is open-sesame\n")})
    lines: list[str] = []

    result = MaskingRunner(process, masks("MY_TOKEN", "open-sesame")).run(
        COMMAND, lines.append
    )

    assert (result.exit_code, result.stdout) == (3, b"it is ***\n")
    assert lines == ["it is ***"]


def test_an_error_of_the_runner_is_masked() -> None:
    error = PermanentError("cannot start open-sesame", hint="is open-sesame there?")
    runner = MaskingRunner(
        FakeProcess({"tool": error}), masks("MY_TOKEN", "open-sesame")
    )

    with pytest.raises(PermanentError) as caught:
        runner.run(COMMAND, lambda _line: None)

    assert str(caught.value) == "cannot start ***"
    assert caught.value.hint == "is *** there?"
    assert caught.value.__cause__ is None


def test_bytes_that_are_no_text_come_through() -> None:
    data = os.urandom(256) + b"\xff\xfe open-sesame \xff"

    assert masks("MY_TOKEN", "open-sesame").data(data).endswith(b"\xff\xfe *** \xff")


def test_a_secret_that_is_no_text_is_hidden() -> None:
    secret = b"open\xffsesame"

    found = masks("MY_TOKEN", os.fsdecode(secret))

    assert found.data(b"<" + secret + b">") == b"<***>"
