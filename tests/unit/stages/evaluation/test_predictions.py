"""`sluicegate.stages.evaluation.predictions`: what is read, and what is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.stages.evaluation.predictions import Predictions, read_predictions

TWO = b'{"id": "a", "y": 1, "yhat": 0}\n{"id": "b", "y": 0, "yhat": 0}\n'


def refusal(data: bytes, source: str = "p.jsonl") -> str:
    with pytest.raises(PermanentError) as caught:
        read_predictions(data, source)
    return str(caught.value)


def lines(*rows: object) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def test_rows_are_read_by_column() -> None:
    read = read_predictions(TWO, "p.jsonl")

    assert read == Predictions(
        "p.jsonl", ("a", "b"), (1, 2), {"y": (1.0, 0.0), "yhat": (0.0, 0.0)}
    )


def test_csv_and_json_lines_say_the_same() -> None:
    table = 'id,y,label,score\n007,1,"a, b",-1.5e-3\n8,0,1x,007\n'
    rows = lines(
        {"id": "007", "y": 1, "label": "a, b", "score": -0.0015},
        {"id": 8, "y": 0.0, "label": "1x", "score": "007"},
    )

    read = read_predictions(table.encode(), "p.CSV")

    assert read.columns == read_predictions(rows, "p.jsonl").columns
    assert read.ids == ("007", "8")
    assert read_predictions(b"\xef\xbb\xbfid,y\na,1\n\n", "p.csv").ids == ("a",)


def test_truth_is_no_number() -> None:
    read = read_predictions(lines({"id": 1, "y": True}), "p.jsonl")

    assert read.values("y") == (True,)
    with pytest.raises(PermanentError, match=r"p\.jsonl:1: y is no number: 'true'"):
        read.numbers("y")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "p.jsonl holds no examples"),
        (b"\n \n", "p.jsonl holds no examples"),
        (b"{", "p.jsonl:1: no JSON"),
        (b"[1]", "p.jsonl:1: no JSON object"),
        (b"\xff", "p.jsonl:1: no JSON"),
        (b"[" * 60_000, "p.jsonl:1: no JSON"),
        (b'{"id": "a", "y": NaN}', "p.jsonl:1: no JSON: 'NaN is no number"),
        (b'{"id": "a", "y": -Infinity}', "p.jsonl:1: no JSON"),
        (b'{"id": "a", "y": 1e999}', "p.jsonl:1: y is not finite"),
        (b'{"id": "a", "y": 1' + b"0" * 400 + b"}", "p.jsonl:1: y is not finite"),
        (b'{"id": "a", "y": 1' + b"0" * 9000 + b"}", "p.jsonl:1: no JSON"),
        (b'{"id": "a", "y": null}', "p.jsonl:1: y is null"),
        (b'{"id": "a", "y": [1]}', "p.jsonl:1: y is a list"),
        (b'{"id": "a", "y": 1, "y": 0}', "p.jsonl:1: no JSON: 'a key comes twice"),
        (b'{"y": 1}', "p.jsonl:1: id is missing"),
        (b'{"id": true}', "p.jsonl:1: id is missing"),
        (b'{"id": " "}', "p.jsonl:1: id is missing"),
        (b'{"id": 1.5}', "p.jsonl:1: id is missing"),
        (b'{"id": 9007199254740993}', "p.jsonl:1: id is too large"),
        (b'{"id": "a", "a b": 1}', "p.jsonl:1: no name of a column: 'a b'"),
        (TWO + TWO, "p.jsonl:3: id 'a' is that of line 1, too"),
        (b'{"id": 1}\n{"id": "1"}', "p.jsonl:2: id '1' is that of line 1, too"),
        (TWO + b'{"id": "c", "y": 1}', "p.jsonl:3: has no 'yhat'"),
        (TWO + b'{"id":"c","y":1,"yhat":1,"z":1}', "p.jsonl:3: has 'z', too"),
        (lines({"id": "a", "y": "x" * 1001}), "p.jsonl:1: y is longer"),
        (lines({"id": "a", "y": "x" * 70_000}), "p.jsonl:1: longer than 65536 bytes"),
        (lines({"id": "a", **{f"c{i}": 1 for i in range(201)}}), "more than 200"),
    ],
)
def test_what_would_mean_something_else_is_refused_with_its_line(
    data: bytes, said: str
) -> None:
    assert said in refusal(data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no examples"),
        ("id,y\n", "holds no examples"),
        ("id,y,y\na,1,1\n", "p.csv:1: a column comes twice"),
        ("id,y\na\n", "p.csv:2: 1 cells, but 2 columns"),
        ("id,y\na,\n", "p.csv:2: y is empty"),
        ("id,y\na,nan\n", "p.csv:2: y is not finite"),
        ("id,y\na,-Inf\n", "p.csv:2: y is not finite"),
        ("id,y\na,1e999\n", "p.csv:2: y is not finite"),
        ('id,y\na,"1\n', "p.csv:2: no CSV"),
        ("y\n1\n", "p.csv:2: id is missing"),
        ("id,y\na,1\na,1\n", "p.csv:3: id 'a' is that of line 2"),
    ],
)
def test_the_same_of_csv(text: str, said: str) -> None:
    assert said in refusal(text.encode(), "p.csv")


def test_too_large_a_file_is_not_even_read() -> None:
    assert refusal(bytes(64 * 2**20 + 1)) == "p.jsonl is larger than 64 MiB"


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(PermanentError) as caught:
        read_predictions(TWO, "p.jsonl").values("score")

    assert str(caught.value) == "p.jsonl has no column score"
    assert caught.value.hint == "it has: y, yhat"


def test_rows_are_brought_into_the_order_of_another_file() -> None:
    first = read_predictions(lines({"id": 1, "y": 1}, {"id": 2, "y": 2}), "a")
    second = read_predictions(lines({"id": 2, "y": 2}, {"id": 1, "y": 1}), "b")

    assert second.in_order_of(first).columns == first.columns
    assert second.in_order_of(first).lines == (2, 1)


@pytest.mark.parametrize("more", ["a", "b"])
def test_an_example_of_one_file_alone_is_refused(more: str) -> None:
    both = [{"id": 1}, {"id": 2}]
    files = {
        name: read_predictions(
            lines(*both, *([{"id": 3}] if name == more else [])), name
        )
        for name in "ab"
    }

    with pytest.raises(PermanentError, match=f"{more}:3: . has no id '3'"):
        files["b"].in_order_of(files["a"])


ROWS = st.dictionaries(
    st.sampled_from(["id", "y", "yhat", "score", "", "a b"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2),
        max_leaves=3,
    ),
)


@given(st.binary(max_size=200), st.sampled_from(["p.csv", "p.jsonl"]))
@example(b"\x00", "p.csv")
@example(b"id\r\n\r\r\n", "p.csv")
def test_no_bytes_raise_anything_but_the_error_that_is_named(
    data: bytes, source: str
) -> None:
    with suppress(PermanentError):
        assert read_predictions(data, source).ids


@given(st.lists(ROWS, max_size=4))
def test_no_rows_do_either(rows: list[dict[str, object]]) -> None:
    with suppress(PermanentError):
        read = read_predictions(lines(*rows), "p.jsonl")
        assert len(set(read.ids)) == len(rows)
        assert all(len(each) == len(rows) for each in read.columns.values())


@given(st.text(alphabet='id,y"\n\r\t 1.eE-+nafx\x00', max_size=60))
def test_nor_does_any_text_that_looks_like_csv(text: str) -> None:
    with suppress(PermanentError):
        read = read_predictions(f"id,y\n{text}".encode(), "p.csv")
        assert len(set(read.ids)) == len(read.ids) > 0
