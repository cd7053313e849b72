"""Unit tests of `sluicegate.stages.output`."""

import pytest
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.stages.output import count, failed, find_step


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
    ("number", "text"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")]
)
def test_things_are_counted_in_good_english(number: int, text: str) -> None:
    assert count(number, "entry", "entries") == text
