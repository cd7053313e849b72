"""Unit tests of `sluicegate.stages.output`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.stages.output import count, failed, find_step, last_words

TRACEBACK = """\
noise
Traceback (most recent call last):
  File "a.py", line 1, in <module>
    import b
ModuleNotFoundError: No module named 'b'
"""


def test_a_step_that_was_not_run_is_not_a_clean_one() -> None:
    with pytest.raises(PermanentError, match="scan was not run"):
        find_step([make_result("lint")], "scan")


def test_a_step_that_ran_out_of_time_has_found_nothing_out() -> None:
    with pytest.raises(PermanentError, match="out of time"):
        find_step([make_result("lint", -15, timed_out=True)], "lint")


@pytest.mark.parametrize(
    ("exit_code", "stdout", "stderr", "message"),
    [
        (2, b"", b"no such file\n", "ruff failed (exit code 2): no such file"),
        (-9, b"half a sen", b"", "ruff failed (signal 9): half a sen"),
        (1, b"", b" \n", "ruff failed (exit code 1): it said nothing"),
        (1, b"", b"\xff", "ruff failed (exit code 1): \ufffd"),
    ],
)
def test_a_failure_says_how_and_with_which_last_words(
    exit_code: int, stdout: bytes, stderr: bytes, message: str
) -> None:
    result = make_result("lint", exit_code, stdout, stderr).result

    assert str(failed("ruff", result)) == message


def test_last_words_are_cut_to_the_end() -> None:
    error = failed("ruff", make_result("x", 1, b"", b"a" * 5000 + b"the end").result)

    assert len(str(error)) < 1000
    assert str(error).endswith("the end")


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("a\n\n  \nb\n", "a\nb"),
        ("early words\n" * 30 + "error: no\n  cause: x\n", None),
        (f"{'x' * 290} {'y ' * 145}end", f"…{'y ' * 145}end"),
        (
            TRACEBACK,
            "ModuleNotFoundError: No module named 'b'",
        ),
        (
            "Traceback (most recent call last):\n  File",
            "Traceback (most recent call last):\n  File",
        ),
    ],
)
def test_last_words_begin_with_a_line_or_a_word(said: str, quoted: str | None) -> None:
    words = last_words(make_result("x", 1, b"", said.encode()).result)

    if quoted is None:  # more than is quoted: whole lines, the last among them
        assert set(words.splitlines()) == set(said.splitlines())
        assert len(words) <= 300
    else:
        assert words == quoted


@given(st.text())
def test_last_words_are_never_empty_nor_long(said: str) -> None:
    words = last_words(make_result("x", 1, b"", said.encode()).result)

    assert 0 < len(words) <= 301


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")]
)
def test_things_are_counted_in_good_english(number: int, text: str) -> None:
    assert count(number, "entry", "entries") == text
