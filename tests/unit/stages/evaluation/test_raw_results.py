"""What another job hands over as raw results of `compare` and `slices`: any garbage."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.command import StepResult
from sluicegate.model.decision import Verdict
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.slices import SlicesStage
from sluicegate.stages.stage import CommandStage

COMPARE = {
    "uses": "compare",
    "candidate": "new.jsonl",
    "metrics": {"accuracy": {"margin": 0.1}, "logloss": {"margin": 0.1}},
    "min_examples": 2,
}
STAGES: dict[str, CommandStage] = {
    "a champion in a file": CompareStage.model_validate(
        {**COMPARE, "champion": "old.csv"}
    ),
    "the judge's champion": CompareStage.model_validate(
        {**COMPARE, "champion": {"uses": "stable", "environment": "production"}}
    ),
    "slices": SlicesStage.model_validate(
        {
            "uses": "slices",
            "predictions": "new.jsonl",
            "by": ["region"],
            "rules": [{"metric": "accuracy", "min": 0.5}],
            "min_examples": 1,
        }
    ),
}
GOOD = b"".join(
    b'{"id": %d, "y": 1, "yhat": 1, "score": 0.9, "region": "EU"}\n' % at
    for at in range(60)
)
DATA = st.one_of(
    st.binary(max_size=60),
    st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]),
    st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)).map(
        lambda at: GOOD[: at[0]] + bytes([at[1]]) + GOOD[at[0] + 1 :]
    ),
)
STEPS = st.lists(
    st.builds(
        make_result,
        st.sampled_from(["candidate", "champion", "predictions", "other"]),
        st.sampled_from([0, 0, 0, 1, -9]),
        st.sampled_from([b"", b"absent\n", b"absent\x00", b"\xff"]),
        st.binary(max_size=8),
        st.dictionaries(st.sampled_from(["candidate.jsonl", "x"]), DATA, max_size=2),
        timed_out=st.sampled_from([False, False, True]),
    ),
    max_size=3,
)
CHAMPIONS = st.one_of(
    st.none(),
    st.just(NoChampion("nothing is there")),
    st.builds(
        Champion,
        DATA,
        st.sampled_from(["old.jsonl", "old.csv"]),
        st.just("v1"),
        st.just("R1"),
        st.just({"run": "R1"}),
    ),
)


def judge(
    stage: CommandStage,
    results: list[StepResult],
    champion: Champion | NoChampion | None,
) -> Verdict:
    report = stage.interpret(replace(make_context(), champion=champion), results)
    types = {f"it.{spec.name}": spec.type for spec in stage.fields()}
    assert {f"it.{name}" for name in report.fields} <= types.keys()
    texts = stage.default_gate("it")
    gate = Gate(tuple(compile_condition(text, types, types) for text in texts))
    values = {f"it.{name}": value for name, value in report.fields.items()}
    return gate.judge(values)[1].verdict


@pytest.mark.parametrize("name", STAGES)
@settings(max_examples=40)
@given(STEPS, CHAMPIONS)
def test_no_garbage_is_a_traceback(
    name: str, results: list[StepResult], champion: Champion | NoChampion | None
) -> None:
    with suppress(PermanentError):
        judge(STAGES[name], results, champion)


@settings(max_examples=60)
@given(DATA)
@example(GOOD)
@example(GOOD.replace(b'"y": 1', b'"y": 0', 1))
@example(GOOD.replace(b'"id": 3,', b'"id": 4,', 1))
def test_what_passes_has_answered_the_champions_examples(data: bytes) -> None:
    stage, champion = STAGES["the judge's champion"], Champion(GOOD, "o", "v", "R", {})
    results = [make_result("candidate", files={"candidate.jsonl": data})]

    with suppress(PermanentError):
        if judge(stage, results, champion) is Verdict.OPEN:
            rows = [json.loads(line) for line in data.splitlines() if line.strip()]
            assert sorted(int(row["id"]) for row in rows) == list(range(60))
            assert {row["y"] for row in rows} == {1}
