"""Unit tests of `sluicegate.stages.serving.exchanges`."""

import json

import pytest
from smoke_asked import GOLDEN, asking, lines, row

from sluicegate.errors import PermanentError
from sluicegate.stages.serving.exchanges import Exchange, plan_exchanges
from sluicegate.stages.serving.golden import read_golden
from sluicegate.stages.serving.orders import Asking, BatchOrders, VariantOrders


def planned(golden: bytes, asked: Asking) -> dict[str, Exchange]:
    found = plan_exchanges(read_golden(golden, "g"), asked)
    assert len({each.key for each in found}) == len(found)
    return {each.key: each for each in found}


def batch(path: str | None = None, key: str = "instances", size: int = 32) -> Asking:
    return asking(BatchOrders(path=path, instances=key, predictions=key, size=size))


@pytest.mark.parametrize(
    ("asked", "path", "single"),
    [
        (batch(), "/predict", {"instances": [1]}),
        (batch(key=""), "/predict", [1]),
        (batch("/batch"), "/batch", 1),
        (batch("/predict"), "/predict", 1),
    ],
    ids=["batches only", "lists only", "a path of its own", "the same path for both"],
)
def test_a_single_request_is_a_batch_of_one_where_there_is_nothing_else(
    asked: Asking, path: str, single: object
) -> None:
    rows: list[dict[str, object]] = [
        {"id": n, "request": n, "expected": n} for n in (1, 2)
    ]
    golden = lines(*rows)
    found = planned(golden, asked)

    assert json.loads(found["golden/0"].body) == single
    assert found["golden/0"].path == "/predict"
    assert found["forward/0"].path == path


def test_batches_hold_what_is_answered_once_in_either_direction() -> None:
    found = planned(GOLDEN, batch("/batch", size=4))
    members = {key: each.members for key, each in found.items() if "ward/" in key}

    assert members == {
        "forward/0": (0, 1, 2, 3),
        "forward/4": (4, 5),
        "backward/0": (5, 4, 3, 2),
        "backward/4": (1, 0),
    }


def test_one_request_makes_no_batch() -> None:
    refused = {"id": "b", "request": {}, "status": 400}

    with pytest.raises(PermanentError, match="two golden requests or more"):
        planned(lines(row(0), refused), batch())


def variants(*golden: dict[str, object], **more: object) -> dict[str, object]:
    asked = asking(variants=VariantOrders.model_validate(more))
    found = planned(lines(*golden), asked)
    return {
        key: each.body.decode() for key, each in found.items() if "golden" not in key
    }


def test_one_thing_is_changed_at_a_time() -> None:
    bird = {"id": 1, "request": {"a": {"b": 1}, "s": "x"}, "expected": 1}
    found = variants(
        {"id": 0, "request": {"a": 1}, "status": 400},
        bird,
        unknown_field="ignored",
        required=["$.a.b", "s"],
        optional=["a"],
    )

    assert found == {
        "unknown": '{"a":{"b":1},"s":"x","sluicegate_unknown_field":1}',
        "null/$.a.b": '{"a":{"b":null},"s":"x"}',
        "missing/$.a.b": '{"a":{},"s":"x"}',
        "nan/$.a.b": '{"a":{"b":NaN},"s":"x"}',
        "null/s": '{"a":{"b":1},"s":null}',
        "missing/s": '{"a":{"b":1}}',
        "null/a": '{"a":null,"s":"x"}',
        "missing/a": '{"s":"x"}',
    }


def test_nan_takes_the_place_of_nothing_else() -> None:
    request = {"a": 1, "b": "sluicegate-nan", "sluicegate-nan-": "NaN"}
    found = variants({"id": 1, "request": request, "expected": 1}, required=["a"])

    assert found["nan/a"] == '{"a":NaN,"b":"sluicegate-nan","sluicegate-nan-":"NaN"}'


def test_a_field_that_the_request_does_not_have_cannot_be_left_out() -> None:
    with pytest.raises(PermanentError, match="has no field x"):
        variants(row(0), required=["x"])


@pytest.mark.parametrize("request_", [[1], 1, None])
def test_only_an_object_has_fields(request_: object) -> None:
    golden = {"id": 1, "request": request_, "expected": 1}

    with pytest.raises(PermanentError, match="JSON object"):
        variants(golden, unknown_field="refused")


def test_the_digest_is_of_all_that_is_sent() -> None:
    first = Exchange("k", "POST", "/a", b"1", ())
    others = [
        Exchange("k", "PUT", "/a", b"1", ()),
        Exchange("k", "POST", "/b", b"1", ()),
        Exchange("k", "POST", "/a", b"2", ()),
    ]

    assert first.digest == Exchange("other", "POST", "/a", b"1", (1,)).digest
    assert first.digest not in {each.digest for each in others}
