"""Unit tests of `sluicegate.report.escape`."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.report.escape import escape


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain - Ünïcode ✓", "plain - Ünïcode ✓"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\r\nb\x00", r"a\x0d\x0ab\x00"),
        ("a\tb", "a       b"),
        ("user\u202egpj.exe", r"user\u202egpj.exe"),
        ("line\u2028break", r"line\u2028break"),
        ("tag\U000e0041", r"tag\U000e0041"),
    ],
)
def test_what_would_mislead_a_reader_is_written_out(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    assert all(unicodedata.category(char)[0] != "C" for char in escape(text))
