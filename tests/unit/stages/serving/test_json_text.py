"""Unit tests of `sluicegate.stages.serving.json_text`."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.stages.serving.json_text import (
    MAX_DEPTH,
    NotJson,
    read_json,
    show,
    write_json,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=15,
)


@settings(max_examples=50)
@given(VALUES)
def test_what_is_written_is_read_back_as_it_was(value: object) -> None:
    written = write_json(value)  # type: ignore[arg-type]  # drawn as JSON

    assert read_json(written) == value
    assert written.isascii()


@given(st.binary(max_size=100))
def test_whatever_is_no_json_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        value = read_json(data)
    except NotJson:
        return
    assert json.loads(data) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'"\xff"', "not in UTF-8"),
        (b"NaN", "NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"1e999", "beyond all bounds"),
        (b"0." + b"1" * 2000, "beyond all bounds"),
        (b"9" * 5000, "beyond all bounds"),
        (b'{"a": 1, "a": 1}', "a name stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested more than"),
    ],
)
def test_what_two_readers_could_understand_otherwise_is_refused(
    text: bytes, why: str
) -> None:
    with pytest.raises(NotJson, match=why):
        read_json(text)


def test_nesting_up_to_the_bound_is_read() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@settings(max_examples=50)
@given(VALUES)
def test_what_people_are_shown_is_one_short_printable_line(value: object) -> None:
    shown = show(value)  # type: ignore[arg-type]  # drawn as JSON

    assert shown.isprintable()
    assert len(shown) <= 81


def test_a_number_that_is_none_can_be_shown_nevertheless() -> None:
    assert show(math.nan) == "NaN"
