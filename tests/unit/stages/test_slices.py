"""Unit tests of `sluicegate.stages.slices`, and its gate on what it reports."""

import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Verdict
from sluicegate.stages.slices import SlicesStage
from sluicegate.stages.stage import Report

WHOLE: Mapping[str, object] = {
    "uses": "slices",
    "predictions": "out/new.jsonl",
    "by": ["region"],
    "rules": [{"metric": "recall", "min": 0.8}],
}


def stage(**more: object) -> SlicesStage:
    return SlicesStage.model_validate({**WHOLE, **more})


def interpret(judged: SlicesStage, data: bytes | None) -> Report:
    files = {} if data is None else {"predictions.jsonl": data}
    said = b"absent\n" if data is None else b""
    result = make_result("predictions", stdout=said, files=files)
    report = judged.interpret(make_context(), [result])
    assert report.fields.keys() <= {spec.name for spec in judged.fields()}
    return report


def verdict(judged: SlicesStage, report: Report, *, people: bool = False) -> Verdict:
    types = {f"it.{spec.name}": spec.type for spec in judged.fields()}
    conditions = tuple(
        compile_condition(text, types, types) for text in judged.default_gate("it")
    )
    found = {f"it.{name}": value for name, value in report.fields.items()}
    return Gate(conditions, asks_people=people).judge(found)[1].verdict


def answers(**right: tuple[int, int]) -> bytes:
    """Positives of each region, of which so many of so many are found."""
    rows = [
        {"id": f"{region}{at}", "y": 1, "yhat": int(at < k), "region": region}
        for region, (k, n) in right.items()
        for at in range(n)
    ]
    return "\n".join(map(json.dumps, rows)).encode()


def test_every_slice_must_show_it() -> None:
    good = interpret(stage(), answers(EU=(190, 200), US=(900, 1000)))
    bad = interpret(stage(), answers(EU=(120, 200), US=(900, 1000)))

    assert verdict(stage(), good) is Verdict.OPEN
    assert good.summary == "1200 examples, 2 slices: recall above 0.8 in each"
    assert verdict(stage(), bad) is Verdict.CLOSED
    assert bad.summary.endswith("recall above 0.8: not in region=EU")
    assert bad.fields["recall_min_worst"] == "region=EU"


@pytest.mark.parametrize(
    ("choice", "alone", "asked"),
    [
        ("pending", Verdict.PENDING, Verdict.PENDING),
        ("block", Verdict.CLOSED, Verdict.CLOSED),
        ("approval", Verdict.CLOSED, Verdict.OPEN),
    ],
)
def test_a_small_slice_is_inconclusive_and_named(
    choice: str, alone: Verdict, asked: Verdict
) -> None:
    judged = stage(on_inconclusive=choice)
    report = interpret(judged, answers(EU=(12, 12), US=(900, 1000)))

    assert verdict(judged, report) is alone
    assert verdict(judged, report, people=True) is asked
    assert "region=EU (12 examples do not tell, about " in report.summary
    assert report.fields["small"] == 1


def test_a_required_slice_that_is_not_there_is_broken() -> None:
    judged = stage(required=["region=EU", "region=UK"])

    with pytest.raises(PermanentError, match="has no example of region=UK"):
        interpret(judged, answers(EU=(190, 200)))


def test_without_the_file_nothing_is_judged() -> None:
    with pytest.raises(PermanentError, match="there is no out/new"):
        interpret(stage(), None)


def test_the_counts_of_every_slice_are_kept() -> None:
    data = answers(EU=(190, 200), US=(900, 1000))
    table, copy = interpret(stage(), data).files

    assert json.loads(table.data)["recall_min"]["region=EU"]["k"] == 190
    assert copy.data == data


def test_a_whole_number_is_a_label_like_any_number() -> None:
    assert stage(positive=1).positive == 1.0
    assert type(stage(positive=1).positive) is float
    assert stage(positive=True).positive is True


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rules": []}, "at least 1"),
        ({"rules": [{"metric": "recall"}]}, "name one of min, max_gap"),
        ({"rules": [{"metric": "recall", "min": 0.1, "max_gap": 0.1}]}, "name one of"),
        ({"rules": [{"metric": "recall", "min": 0.1}] * 2}, "comes twice"),
        ({"by": ["region", "region"]}, "comes twice"),
        ({"required": ["age=1"]}, "is no slice like region=EU"),
        ({"required": ["region"]}, "is no slice like region=EU"),
    ],
)
def test_what_could_not_be_judged_is_refused(
    settings: Mapping[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        SlicesStage.model_validate({**WHOLE, **settings})


ROW = st.fixed_dictionaries(
    {
        "id": st.integers(0, 9),
        "y": st.sampled_from([0, 1, True, "a"]),
        "yhat": st.sampled_from([0, 1, "a"]),
        "region": st.sampled_from(["EU", "", "a=b", 1, 1.5, False]),
    }
)


@settings(max_examples=100)
@given(
    st.binary(max_size=80)
    | st.lists(ROW, max_size=6).map(
        lambda rows: "\n".join(map(json.dumps, rows)).encode()
    )
)
def test_no_garbage_raises_another_error_or_passes(data: bytes) -> None:
    with suppress(PermanentError):
        assert verdict(stage(), interpret(stage(), data)) is not Verdict.OPEN
