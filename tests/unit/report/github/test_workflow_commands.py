"""Unit tests of `sluicegate.report.github.workflow_commands`."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.report.github.workflow_commands import (
    format_command,
    format_outputs,
    mask_lines,
    resume_commands,
    stop_commands,
)

WORDS = st.text(max_size=60)
LINE = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>.*?))?::(?P<value>.*)")


def unescape(text: str) -> str:
    """As the runner does: the mark of the escape last."""
    for mark, code in ((":", "%3A"), (",", "%2C"), ("\n", "%0A"), ("\r", "%0D")):
        text = text.replace(code, mark)
    return text.replace("%25", "%")


def test_a_command_is_written_as_the_runner_reads_it() -> None:
    at: dict[str, str | int] = {
        "file": "src/a.py",
        "line": 3,
        "title": "lint: E501, long",
    }

    assert format_command("error", "100 % bad\nreally", at) == (
        "::error file=src/a.py,line=3,title=lint%3A E501%2C long::100 %25 bad%0Areally"
    )
    assert format_command("endgroup") == "::endgroup::"
    assert stop_commands("x9") == "::stop-commands::x9"
    assert resume_commands("x9") == "::x9::"


@given(WORDS, WORDS)
def test_whatever_is_said_stays_one_command_and_arrives(value: str, title: str) -> None:
    line = format_command("notice", value, {"title": title})

    assert "\n" not in line
    assert "\r" not in line
    found = LINE.fullmatch(line, 0)
    if found is None:  # other breaks of lines do not end a line of a runner's
        found = re.compile(LINE.pattern, re.DOTALL).fullmatch(line)
    assert found is not None
    assert unescape(found["value"]) == value
    assert unescape((found["properties"] or "title=").removeprefix("title=")) == title


def test_outputs_are_written_between_delimiters() -> None:
    written = format_outputs({"verdict": "open", "run-id": ""}, "END7")

    assert written == "verdict<<END7\nopen\nEND7\nrun-id<<END7\n\nEND7\n"


@pytest.mark.parametrize(
    "value", ["open\nverdict=closed", "a\rb", "END7", "a\u2028b", "\x1b[2J", "a\0b"]
)
def test_an_output_that_could_be_more_than_its_line_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not one line"):
        format_outputs({"verdict": value}, "END7")


def test_each_line_of_a_secret_is_masked_and_no_brace_and_no_armour() -> None:
    key = "-----BEGIN KEY-----\r\n abcd%efgh\n}\n\nabcd%efgh\nijkl\n-----END KEY-----"

    lines = list(mask_lines(key))

    assert lines == ["abcd%efgh", "ijkl"]
    assert format_command("add-mask", lines[0]) == "::add-mask::abcd%25efgh"
    assert list(mask_lines("one-line")) == ["one-line"]
