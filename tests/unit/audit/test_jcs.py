"""Unit tests of `sluicegate.audit.jcs`."""

from contextlib import suppress
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.audit.jcs import MAX_INTEGER, Json, format_json, parse_json
from sluicegate.errors import IntegrityError, UsageError

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"

ASCII_KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ASCII_KEYS, inner),
    max_leaves=12,
)
OBJECTS = st.dictionaries(ASCII_KEYS, VALUES)


@given(VALUES)
def test_the_bytes_are_those_of_an_independent_rfc_8785(value: Json) -> None:
    assert format_json(value) == rfc8785.dumps(value)


@given(OBJECTS)
def test_an_object_reads_back(value: dict[str, Json]) -> None:
    assert parse_json(format_json(value)) == value


def test_the_example_entry_of_the_vectors_is_canonical() -> None:
    data = (VECTORS / "entry-example.jcs.json").read_bytes()

    assert format_json(parse_json(data)) == data


@pytest.mark.parametrize(
    "value",
    [
        {"n": MAX_INTEGER + 1},
        {"n": -MAX_INTEGER - 1},
        {"é": 1},
        {"text": "\ud800"},
        [{"a": {"ü": 1}}],
    ],
)
def test_what_other_readers_would_read_otherwise_is_not_written(value: Json) -> None:
    with pytest.raises(UsageError):
        format_json(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"text"',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"\xc3\xa9":1}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":' * 20_000,
        b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_json(data)


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(IntegrityError):
        assert format_json(parse_json(data)) == data
