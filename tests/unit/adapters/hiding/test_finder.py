"""Unit tests of `sluicegate.adapters.hiding.finder`: laws about all secrets."""

import base64
import random
import string

import pytest
from draws import begin_draw
from hypothesis import example, given, settings
from hypothesis import strategies as st
from secret_encoders import CODECS, ESCAPES, NOT_BROKEN, mix, split, wrap
from secret_finder import find

from sluicegate.adapters.hiding.finder import Finder

MARK = b"***"
CHARACTERS = (
    string.ascii_letters + string.digits + "!\"#$%&'()*,./:;<=>?@[\\]^`{|}~ +-_ü€😀"
)
SECRETS = st.text(CHARACTERS, min_size=12, max_size=60).filter(
    lambda text: sum(map(str.isalnum, text)) >= 10 and text == text.strip()
)
EVERYTHING = {**ESCAPES, **CODECS}


def hide(secret: str, text: str) -> bytes:
    return Finder([secret]).hide(text.encode(), MARK)


@pytest.mark.parametrize("name", sorted(EVERYTHING))
@settings(max_examples=40)
@given(SECRETS)
@example('c0rrect "horse" & <battery>/?+\\ü')
@example("back\\new \\\\u0041 %41&amp;12345")
def test_no_encoder_gets_a_secret_out(name: str, secret: str) -> None:
    encoded = EVERYTHING[name](secret)

    text = f"it is <{encoded}> now"
    if "narrow" not in name:  # how blanks are broken there, what looks cannot tell
        assert find(secret, text.encode()), "it is not found where nothing is hidden"

    hidden = hide(secret, text)

    assert MARK in hidden
    assert hidden.startswith(b"it is <")
    assert not find(secret, hidden)


@pytest.mark.parametrize("name", sorted(EVERYTHING.keys() - NOT_BROKEN))
@settings(max_examples=40)
@given(SECRETS, st.randoms(use_true_random=False))
def test_nor_does_one_that_breaks_lines(
    name: str, secret: str, by: random.Random
) -> None:
    encoded = split(EVERYTHING[name](secret), by)

    assert not find(secret, hide(secret, f"it is:\n{encoded}\nnow"))


@given(SECRETS, st.randoms(use_true_random=False))
def test_nor_does_a_mixture_of_encoders(secret: str, by: random.Random) -> None:
    encoded, names = mix(secret, by)
    if by.random() < 0.5:
        encoded = split(encoded, by)

    hidden = hide(secret, f"it is: {encoded} now")

    assert not find(secret, hidden), names


@given(
    st.lists(st.text("abcd*[]", min_size=4, max_size=9), min_size=1, max_size=4),
    st.text("abcd*[] \n", max_size=60),
    st.sampled_from(["***", "[redacted]"]),
)
def test_hiding_twice_changes_no_more_than_once(
    secrets: list[str], text: str, mark: str
) -> None:
    finder = Finder(secrets)

    once = finder.hide(text.encode(), mark.encode())

    assert finder.hide(once, mark.encode()) == once


@given(SECRETS, st.binary(max_size=200))
def test_what_holds_no_secret_is_the_same_object(secret: str, data: bytes) -> None:
    assert Finder([f"secret{secret}"]).hide(data, MARK) is data


@given(
    st.lists(
        st.sampled_from(
            [*"\\%&#;uxUXnd0189aFg[m{}\n\r\x1b +-", "\\x1b[31m", "\\ud83d", "\\udE00"]
        )
    )
)
def test_nothing_that_looks_like_an_escape_is_in_the_way(parts: list[str]) -> None:
    text = "".join(parts)

    assert hide("p7Xq-ZkL0wT9_vBn3RmJ", text) == text.encode()
    assert b"p7Xq" not in hide("p7Xq-ZkL0wT9_vBn3RmJ", f"{text} p7Xq-ZkL0wT9_vBn3RmJ")


@pytest.mark.parametrize(
    ("secrets", "text", "hidden"),
    [
        (["ab***cdef"], "x ab***cdef y", "x *** y"),
        (["ab***cdef", "hide-me-now"], "abhide-me-nowcdef", "***"),
        (["passwd**", "hide-me-now"], "passwdhide-me-now", "***"),
        (["redacted"], "it is redacted", "it is ***"),
        (["****"], "*** **** *****", "*** *** ***"),
    ],
)
def test_a_mark_does_not_help_a_secret_that_looks_like_one(
    secrets: list[str], text: str, hidden: str
) -> None:
    assert Finder(secrets).hide(text.encode(), MARK) == hidden.encode()


def test_a_mark_that_holds_a_secret_stays() -> None:
    hidden = Finder(["redacted"]).hide(b"it is redacted", b"[redacted]")

    assert hidden == b"it is [redacted]"


def test_what_comes_to_no_rest_is_hidden_whole() -> None:
    assert Finder(["***aaaa", "abcdefgh"]).hide(b"abcdefgh" + b"a" * 400, MARK) == MARK


def test_secrets_that_overlap_are_hidden_whole() -> None:
    finder = Finder(["abcdefghij", "fghijklmno", "ghi-jkl-mno-pqr-stu"])

    assert finder.hide(b"<abcdefghijklmno>", MARK) == b"<***>"
    assert finder.hide(b"abcdefghijabcdefghij", MARK) == MARK
    assert finder.hide(b"abcdefghij fghijklmno", MARK) == b"*** ***"


@pytest.mark.parametrize(
    "text", ["late station", "te st", "t-e-s-t", "te\nst", "dGVz", "TEST", "74657"]
)
def test_a_short_secret_is_hidden_as_it_is_and_not_in_other_words(text: str) -> None:
    assert hide("t3st", "it is t3st, t3st!") == b"it is ***, ***!"
    assert hide("t3st", text.replace("e", "3 ")) == text.replace("e", "3 ").encode()


def test_a_secret_of_a_few_strange_characters_is_hidden_too() -> None:
    assert hide("-- '+'", "it is -- '+'.") == b"it is ***."
    assert hide("ü&<x", "ü&amp;&lt;x or %C3%BC%26%3Cx") == b"*** or ***"


def test_a_secret_that_is_no_text_is_found_in_bytes() -> None:
    finder = Finder(["caf\udce9-open-sesame"])

    assert finder.hide(b"<caf\xe9-open-sesame>", MARK) == b"<***>"
    assert finder.hide("<caf\ufffd-open-sesame>".encode(), MARK) == b"<***>"
    assert finder.hide(base64.b64encode(b"caf\xe9-open-sesame"), MARK) == MARK


def test_the_armour_of_a_key_stays_and_its_lines_do_not() -> None:
    by = begin_draw()
    lines = ["".join(by.choices(string.ascii_letters, k=64)) for _ in range(20)]
    key = "\n".join(("-----BEGIN KEY-----", *lines, "-----END KEY-----", ""))
    finder = Finder([key])

    hidden = finder.hide(key.encode(), MARK).split(b"\n")

    assert hidden[0] == b"-----BEGIN KEY-----"
    assert hidden[-2:] == [b"-----END KEY-----", b""]
    assert set(hidden[1:-2]) == {MARK}
    assert finder.hide(f"| {lines[7]} |".encode(), MARK) == b"| *** |"
    encoded = wrap(base64.b64encode(key.encode()).decode(), 76).encode()
    assert not find(lines[3], finder.hide(encoded, MARK), depth=2)
    assert len(finder.hide(encoded, MARK).replace(b"*", b"").split()[0]) < 76


def test_a_secret_of_a_megabyte_is_hidden_in_parts_and_whole() -> None:
    by = begin_draw()
    key = "".join(by.choices(string.ascii_letters + string.digits, k=1 << 20))
    finder = Finder([key])

    assert finder.hide(f"<{key}>".encode(), MARK) == b"<***>"
    assert finder.hide(f"<{key[5000:9000]}>".encode(), MARK) == b"<***>"
    encoded = base64.b64encode(f"key: {key}".encode())
    assert len(finder.hide(encoded, MARK)) < 20


def test_ten_megabytes_in_one_line_are_gone_through() -> None:
    secret = "a" * 20
    data = b"b" * (10 << 20) + b"a" * 1000 + b"c" * 100 + b"a" * 20 + b"%41" * 9

    assert Finder([secret]).hide(data, MARK) == (
        b"b" * (10 << 20) + MARK + b"c" * 100 + MARK + b"%41" * 9
    )


def test_megabytes_of_nothing_but_the_secret_are_one_mark() -> None:
    assert Finder(["0" * 12, "0" * 300]).hide(b"0" * (2 << 20), MARK) == MARK


def test_a_line_for_each_line_of_what_is_hidden() -> None:
    hidden = hide("correct-horse-battery", "a\nit is correct-\n  horse-\n  battery\nb")

    assert hidden == b"a\nit is ***\n***\n***\nb"


def test_all_is_found_in_a_large_file_as_in_a_small_one() -> None:
    by = begin_draw()
    parts: list[str] = []
    for number in range(400):
        encoded, _ = mix("p7Xq-ZkL0wT9_vBn3RmJ", by)
        parts += [f"line {number} " * by.randint(1, 200), f"it is: {encoded} now"]

    hidden = Finder(["p7Xq-ZkL0wT9_vBn3RmJ"]).hide("\n".join(parts).encode(), MARK)

    assert hidden.count(b"it is") == 400
    assert b"p7Xq" not in hidden
    for line in hidden.split(b"it is: ")[1:]:
        assert not find("p7Xq-ZkL0wT9_vBn3RmJ", line.split(b"\nline")[0])
