"""Unit tests of `sluicegate.stages.compare`, and its gate on what it reports."""

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.decision import Verdict
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.stage import Report

CONTEXT = make_context()
ACCURACY: Mapping[str, object] = {"accuracy": {"margin": 0.01}}


WHOLE: Mapping[str, object] = {
    "uses": "compare",
    "candidate": "out/new.jsonl",
    "champion": "old.jsonl",
    "metrics": ACCURACY,
}


def stage(**more: object) -> CompareStage:
    return CompareStage.model_validate({**WHOLE, **more})


def interpret(
    judged: CompareStage, candidate: bytes | None, champion: bytes | None
) -> Report:
    results = [
        make_result(name, stdout=b"absent\n")
        if data is None
        else make_result(name, files={f"{name}.jsonl": data})
        for name, data in (("candidate", candidate), ("champion", champion))
    ]
    report = judged.interpret(CONTEXT, results)
    assert report.fields.keys() <= {spec.name for spec in judged.fields()}
    return report


def verdict(judged: CompareStage, report: Report, *, people: bool = False) -> Verdict:
    types = {f"it.{spec.name}": spec.type for spec in judged.fields()}
    texts = judged.default_gate("it")
    gate = Gate(
        tuple(compile_condition(text, types, types) for text in texts),
        asks_people=people,
    )
    found = {f"it.{name}": value for name, value in report.fields.items()}
    return gate.judge(found)[1].verdict


def answers(right: float, n: int, seed: int = 1) -> bytes:
    draw = random.Random(seed)
    rows = (
        {"id": at, "y": at % 2, "yhat": at % 2 if draw.random() < right else 1 - at % 2}
        for at in range(n)
    )
    return "\n".join(map(json.dumps, rows)).encode()


def test_a_model_that_is_as_good_opens_and_a_worse_one_closes() -> None:
    champion = answers(0.9, 20_000)
    for right, seed, expected in ((0.91, 2, Verdict.OPEN), (0.8, 3, Verdict.CLOSED)):
        report = interpret(stage(), answers(right, 20_000, seed), champion)

        assert verdict(stage(), report) is expected
        assert report.fields["accuracy_noninferior"] is (expected is Verdict.OPEN)


def test_too_few_examples_are_pending_and_say_how_many_it_would_take() -> None:
    report = interpret(stage(), answers(0.9, 300, 2), answers(0.9, 300))

    assert verdict(stage(), report) is Verdict.PENDING
    assert "300 examples do not tell, about" in str(report.fields["inconclusive"])
    assert int(report.fields["accuracy_needed"]) > 300


@pytest.mark.parametrize(
    ("choice", "alone", "asked"),
    [
        ("pending", Verdict.PENDING, Verdict.PENDING),
        ("block", Verdict.CLOSED, Verdict.CLOSED),
        ("approval", Verdict.CLOSED, Verdict.OPEN),
    ],
)
def test_what_becomes_of_too_few_is_a_setting(
    choice: str, alone: Verdict, asked: Verdict
) -> None:
    judged = stage(on_inconclusive=choice)
    report = interpret(judged, answers(0.9, 300, 2), answers(0.9, 300))

    assert verdict(judged, report) is alone
    assert verdict(judged, report, people=True) is asked


def test_a_first_model_is_for_people_and_no_free_pass() -> None:
    report = interpret(stage(), answers(0.9, 100), None)

    assert verdict(stage(), report) is Verdict.CLOSED
    assert verdict(stage(), report, people=True) is Verdict.OPEN
    assert report.summary == "no champion: there is no old.jsonl"
    assert "compared" not in report.fields
    blocked = stage(first_model="block")
    report = interpret(blocked, answers(0.9, 100), None)
    assert verdict(blocked, report, people=True) is Verdict.CLOSED


def test_no_written_gate_lets_a_first_model_by() -> None:
    assert stage().gate_always("it") == ("it.compared == true",)


def test_without_a_candidate_nothing_is_compared() -> None:
    with pytest.raises(PermanentError, match="there is no out/new"):
        interpret(stage(), None, answers(0.9, 10))


def test_settings_that_are_written_and_ask_people_are_named() -> None:
    assert stage().leaves_to_people() == ()
    assert stage(first_model="approval").leaves_to_people() == ("first_model",)
    assert stage(on_inconclusive="block").leaves_to_people() == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metrics": {"f1": {"margin": 1}}}, "name its column and direction"),
        ({"metrics": {"accuracy": {}}}, "say how much worse it may be"),
        ({"metrics": {"accuracy": {"margin": 1}}}, "a margin below 1"),
        ({"metrics": {"x": {"margin": 1, "column": "x"}}}, "go together"),
        ({"metrics": {}}, "at least 1"),
        ({"metrics": {"loss": {"margin": float("nan")}}}, "finite"),
        ({"candidate": "old.jsonl"}, "the same file"),
        ({"confidence": 0.5}, "greater than or equal to 0.8"),
    ],
)
def test_what_could_not_be_judged_is_refused(
    settings: Mapping[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        CompareStage.model_validate({**WHOLE, **settings})


def test_the_files_are_kept_and_named_by_digest() -> None:
    candidate, champion = answers(0.9, 50, 2), answers(0.9, 50)

    report = interpret(stage(), candidate, champion)

    assert {file.name: file.data for file in report.files} == {
        "candidate.jsonl": candidate,
        "champion.jsonl": champion,
    }


STABLE = {"uses": "stable", "environment": "production"}
MLFLOW = {
    "uses": "mlflow",
    "url": "https://mlflow.example/",
    "model": "churn",
    "predictions": "eval/p.jsonl",
}


def judge_beside(
    judged: CompareStage, candidate: bytes, champion: Champion | NoChampion | None
) -> Report:
    results = [make_result("candidate", files={"candidate.jsonl": candidate})]
    report = judged.interpret(replace(CONTEXT, champion=champion), results)
    assert report.fields.keys() <= {spec.name for spec in judged.fields()}
    return report


@pytest.mark.parametrize("source", [STABLE, MLFLOW])
def test_a_champion_that_the_judge_has_read_is_named_and_kept(
    source: Mapping[str, object],
) -> None:
    judged = stage(champion=source)
    data = answers(0.9, 5000)
    champion = Champion(data, "p.jsonl", "v1 in production", "R1", {"run": "R1"})

    report = judge_beside(judged, answers(0.9, 5000, 2), champion)

    assert verdict(judged, report) is Verdict.OPEN
    assert report.fields["champion_version"] == "v1 in production"
    assert report.fields["champion_run"] == "R1"
    assert report.summary.endswith("; the champion is v1 in production")
    kept = {file.name: file.data for file in report.files}
    assert kept["champion.jsonl"] == data
    assert json.loads(kept["champion.json"]) == {
        "run": "R1",
        "digest": report.fields["champion_digest"],
    }
    assert [step.name for step in judged.plan(CONTEXT)] == ["candidate"]


def test_a_champion_in_another_form_is_read_by_its_own_name() -> None:
    champion = Champion(b"id,y,yhat\n0,0,0\n1,1,0\n", "old.CSV", "v1", "R1", {})

    report = judge_beside(stage(champion=STABLE), answers(1, 2), champion)

    assert report.fields["accuracy_champion"] == 0.5
    assert "champion.csv" in [file.name for file in report.files]


def test_a_registry_without_a_champion_is_for_people_and_says_why() -> None:
    judged = stage(champion=MLFLOW)

    report = judge_beside(judged, answers(0.9, 100), NoChampion("nothing is there"))

    assert verdict(judged, report) is Verdict.CLOSED
    assert verdict(judged, report, people=True) is Verdict.OPEN
    assert str(report.fields["needs_approval"]).endswith("nothing is there")
    blocked = stage(champion=MLFLOW, first_model="block")
    report = judge_beside(blocked, answers(0.9, 100), NoChampion("nothing is there"))
    assert verdict(blocked, report, people=True) is Verdict.CLOSED


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"garbage", "^the champion's candidate.jsonl:1: no JSON"),
        (b'{"id": "b"}', "^out/new.jsonl:1: the champion's candidate.jsonl has no id"),
        (
            b'{"id": "a", "y": 0, "yhat": 0}',
            "^out/new.jsonl:1: y is another one than in the champion's candidate.jsonl",
        ),
    ],
)
def test_what_is_wrong_with_a_champion_is_not_laid_to_the_candidate(
    data: bytes, why: str
) -> None:
    champion = Champion(data, "candidate.jsonl", "v1 in production", "R1", {})

    with pytest.raises(PermanentError, match=why):
        judge_beside(
            stage(champion=STABLE), b'{"id": "a", "y": 1, "yhat": 1}', champion
        )


def test_a_champion_that_nobody_has_looked_for_is_broken() -> None:
    with pytest.raises(PermanentError, match="nobody has looked"):
        judge_beside(stage(champion=STABLE), answers(0.9, 10), None)


def test_only_a_champion_that_says_whose_it_is_has_such_fields() -> None:
    names = {spec.name for spec in stage().fields()}

    assert "champion_run" not in names
    assert stage().explain_absence("champion_run") is not None
    assert stage().explain_absence("compared") is None


@pytest.mark.parametrize(
    ("champion", "said"),
    [
        ({"uses": "s3"}, "must say its uses: one of stable, mlflow"),
        ({"environment": "production"}, "must say its uses"),
        (3, "must say its uses"),
        ({"uses": "stable"}, "environment"),
        ({**STABLE, "model": "churn"}, "Extra inputs"),
        ({**MLFLOW, "url": "https://ann:secret@mlflow.example"}, "without login"),
        ({**MLFLOW, "url": "ftp://mlflow.example"}, "must be an address"),
        ({**MLFLOW, "model": "a/b"}, "match pattern"),
        ({**MLFLOW, "alias": "a b"}, "match pattern"),
        ({**MLFLOW, "predictions": "../p.jsonl"}, "path of a file of the run"),
        ({**MLFLOW, "predictions": "/p.jsonl"}, "path of a file of the run"),
        ({**MLFLOW, "auth": {"bearer": "s3cret"}}, "never what it is"),
        (
            {
                **MLFLOW,
                "url": "http://mlflow.example",
                "auth": {"bearer": {"env": "TOKEN"}},
            },
            "use https",
        ),
        ("/etc/passwd", "relative to the pipeline file"),
    ],
)
def test_a_champion_that_nobody_could_read_is_refused(
    champion: object, said: str
) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        stage(champion=champion)
    assert "s3cret" not in str(refused.value.errors(include_input=False))


ROW = st.fixed_dictionaries(
    {
        "id": st.integers(0, 3) | st.text(max_size=2),
        "y": st.sampled_from([0, 1, True, "a", None, 2.5]),
        "yhat": st.sampled_from([0, 1, False, "a", 1e300]),
    }
)
FILE = st.binary(max_size=80) | st.lists(ROW, max_size=5).map(
    lambda rows: "\n".join(map(json.dumps, rows)).encode()
)


@settings(max_examples=150)
@given(FILE, FILE | st.none())
def test_no_garbage_raises_another_error_or_passes(
    candidate: bytes, champion: bytes | None
) -> None:
    with suppress(PermanentError):
        report = interpret(stage(), candidate, champion)
        assert verdict(stage(), report) is not Verdict.OPEN
    if champion is not None:
        other = Champion(champion, "p.jsonl", "v1", "R1", {})
        with suppress(PermanentError):
            report = judge_beside(stage(champion=STABLE), candidate, other)
            assert verdict(stage(champion=STABLE), report) is not Verdict.OPEN
