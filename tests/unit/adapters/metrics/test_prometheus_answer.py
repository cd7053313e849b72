"""Unit tests of `sluicegate.adapters.metrics.prometheus_answer`."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_service import matrix

from sluicegate.adapters.metrics.prometheus_answer import (
    Series,
    parse_matrix,
    parse_refusal,
)
from sluicegate.errors import ExternalError, PermanentError, TransientError


def answer(**changes: object) -> bytes:
    return json.dumps({**json.loads(matrix()), **changes}).encode()


def test_series_are_read_with_their_samples() -> None:
    body = matrix(({"a": "b"}, [[1795335958.123, "12"], [1795335959, "1e+06"]]))

    assert parse_matrix(body) == (
        Series({"a": "b"}, ((1795335958123, "12"), (1795335959000, "1e+06"))),
    )
    assert parse_matrix(matrix()) == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no answer of Prometheus"),
        (b"<html>", "no answer of Prometheus"),
        (b"[]", "no answer of Prometheus"),
        (b"[" * 100_000, "no answer of Prometheus"),
        (matrix(({"a": "b"}, [[1, "2"]]))[:-9], "no answer of Prometheus"),
        (answer(data=None), "no answer of Prometheus"),
        (answer(data={"resultType": "vector", "result": []}), "no answer of"),
        (answer(data={"resultType": "matrix", "result": {}}), "no answer of"),
        (answer(status="error", errorType="bad_data", error="x"), "bad_data: x"),
        (matrix(({}, [[1, "2"]]), ({}, [[2, "2"]])), "two series of the same labels"),
        (matrix(({}, [[2, "2"], [1, "2"]])), "do not rise in time"),
        (matrix(({}, [[1, "2"], [1, "3"]])), "do not rise in time"),
        (matrix(({}, [[1, 2]])), "no sample"),
        (matrix(({}, [["1", "2"]])), "no sample"),
        (matrix(({}, [[True, "2"]])), "no sample"),
        (matrix(({}, [[1e300, "2"]])), "no sample"),
        (matrix(({}, [[1, "0x10"]])), "no sample"),
        (matrix(({}, [[1, "1_000"]])), "no sample"),
        (matrix(({}, [[1, "2", "3"]])), "no sample"),
        (matrix(({}, None)), "has no samples"),  # type: ignore[arg-type]
        (matrix(({"a": 1}, [])), "a label that is no text"),  # type: ignore[dict-item]
        (answer(data={"resultType": "matrix", "result": [3]}), "without labels"),
        (
            answer(
                data={
                    "resultType": "matrix",
                    "result": [{"metric": {}, "histograms": [[1, {}]]}],
                }
            ),
            "native histogram",
        ),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(PermanentError, match=message):
        parse_matrix(body)


@pytest.mark.parametrize(
    "changes", [{"warnings": ["store gateway is down"]}, {"isPartial": True}]
)
def test_a_part_of_an_answer_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(TransientError, match="could not read everything"):
        parse_matrix(answer(**changes))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
_FEW = settings(max_examples=40)


@_FEW
@given(st.binary() | _JSON.map(lambda found: json.dumps(found).encode()))
def test_no_body_raises_anything_but_the_error_that_the_port_names(body: bytes) -> None:
    with suppress(ExternalError):
        parse_matrix(body)
    parse_refusal(body)


@_FEW
@given(_JSON)
def test_no_result_raises_anything_but_the_error_that_the_port_names(
    result: object,
) -> None:
    for data in ({"resultType": "matrix", "result": result}, result):
        with suppress(ExternalError):
            parse_matrix(answer(data=data))
    for entry in ({"metric": {}, "values": result}, {"metric": result, "values": []}):
        with suppress(ExternalError):
            parse_matrix(answer(data={"resultType": "matrix", "result": [entry]}))


def test_what_a_server_says_is_one_short_line() -> None:
    said = parse_refusal(json.dumps({"error": "a\x1b[31m\nb" + "c" * 500}).encode())

    assert said.startswith("a [31m bccc")
    assert len(said) <= 201
