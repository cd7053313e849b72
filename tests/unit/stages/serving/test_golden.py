"""Unit tests of `sluicegate.stages.serving.golden`."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.stages.serving.golden import MAX_REQUESTS, Golden, read_golden

GOOD = b'{"id": "a", "request": {"x": 1}, "expected": null}'


def test_a_request_is_read_with_its_line() -> None:
    text = b'\n{"id": 7, "request": [1], "expected": {"b": 2}}\n\n' + GOOD + b"\n"

    assert read_golden(text, "g") == (
        Golden("7", 2, [1], ({"b": 2},), 200),
        Golden("a", 4, {"x": 1}, (None,), 200),
    )


def test_a_request_that_is_to_be_refused_needs_no_answer() -> None:
    (golden,) = read_golden(b'{"id": "a", "request": null, "status": 422}', "g")

    assert (golden.expected, golden.status) == (None, 422)
    assert not golden.is_answered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "g holds no requests"),
        (b"\n \n", "g holds no requests"),
        (b"[]", "g:1: no JSON object"),
        (b"{", "g:1: no JSON"),
        (GOOD + b"\n" + GOOD, 'g:2: id "a" is that of line 1, too'),
        (b'{"id": "a", "request": 1}', "g:1: expected is missing"),
        (b'{"id": "a", "expected": 1}', "g:1: request is missing"),
        (b'{"request": 1, "expected": 1}', "g:1: id is missing"),
        (b'{"id": " ", "request": 1, "expected": 1}', "id is missing"),
        (b'{"id": true, "request": 1, "expected": 1}', "id is missing"),
        (b'{"id": 1.5, "request": 1, "expected": 1}', "id is missing"),
        (b'{"id": 1, "request": 1, "expect": 1}', 'unknown key "expect"'),
        (b'{"id": 1, "request": 1, "expected": NaN}', "NaN is no number"),
        (b'{"id": 1, "request": 1e999, "expected": 1}', "beyond all bounds"),
        (b'{"id": 1, "id": 1, "request": 1, "expected": 1}', "stands twice"),
        (b'{"id": 1, "request": 1, "status": "400"}', "status is no status"),
        (b'{"id": 1, "request": 1, "status": true}', "status is no status"),
        (b'{"id": 1, "request": 1, "status": 100}', "status is no status"),
        (b'{"id": 1, "request": 1, "status": 600}', "status is no status"),
        (b'"' + b"x" * (1 << 20) + b'"', "longer than 1 MiB"),
        (b"\xff", "not in UTF-8"),
        (b" " * ((16 << 20) + 1), "larger than 16 MiB"),
    ],
    ids=range(22),
)
def test_what_is_no_golden_file_is_broken_and_says_where(
    text: bytes, said: str
) -> None:
    with pytest.raises(PermanentError) as raised:
        read_golden(text, "g")

    assert said in str(raised.value)


def test_more_requests_than_are_asked_are_refused() -> None:
    rows = ({"id": n, "request": 1, "expected": 1} for n in range(MAX_REQUESTS + 1))
    text = "\n".join(map(json.dumps, rows)).encode()

    with pytest.raises(PermanentError, match=f"more than {MAX_REQUESTS} requests"):
        read_golden(text, "g")


@given(st.binary(max_size=200))
def test_garbage_is_broken_and_nothing_else(data: bytes) -> None:
    with suppress(PermanentError):
        assert read_golden(data, "g")
