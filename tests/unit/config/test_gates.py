"""Unit tests of `sluicegate.config.gates`."""

from typing import ClassVar, Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from sluicegate.config.check import Checker
from sluicegate.config.file import parse_pipeline
from sluicegate.config.gates import evidence_of, read_gates
from sluicegate.config.source import parse_source
from sluicegate.config.stagelist import StageList
from sluicegate.errors import PipelineFileError
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Verdict
from sluicegate.model.evidence import Value
from sluicegate.stages.kinds import KINDS
from sluicegate.stages.stage import FieldSpec, Stage

NEEDED: dict[str, dict[str, object]] = {
    "docker-build": {"image": "churn"},
    "trivy": {"image": False},
    "canary": {"environment": "prod"},
    "command": {"run": "true"},
    "train": {"run": "true", "inputs": ["a"], "model": ["model"]},
    "modelscan": {"paths": ["model"]},
    "smoke": {"golden": "golden.jsonl", "port": 8000},
    "compare": {
        "candidate": "new.jsonl",
        "champion": "old.jsonl",
        "metrics": {"accuracy": {"margin": 0.01}},
    },
    "slices": {
        "predictions": "new.jsonl",
        "by": ["region"],
        "rules": [{"metric": "recall", "min": 0.8}],
    },
}


class Silent(Stage):
    """A kind that reports nothing and has no gate of its own."""

    kind: ClassVar[str] = "silent"
    summary: ClassVar[str] = "Silent"
    uses: Literal["silent"]

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return ()

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kinds_default_gate_can_be_judged(kind: str) -> None:
    stage = KINDS[kind].model_validate({"uses": kind, **NEEDED.get(kind, {})})
    checker = Checker(parse_source(b"stages: {some_name: {}}", "s.yaml"))

    gates = read_gates(checker, StageList({"some_name": stage}, {"some_name": ()}))

    assert checker.problems == []
    assert gates["some_name"].conditions


def test_a_kind_without_a_default_needs_a_gate() -> None:
    checker = Checker(parse_source(b"stages: {x: {uses: silent}}", "s.yaml"))

    read_gates(checker, StageList({"x": Silent(uses="silent")}, {"x": ()}))

    assert [problem.message for problem in checker.problems] == [
        "stages.x: needs a gate: this kind has none of its own"
    ]


def test_evidence_is_named_by_stage() -> None:
    stage = KINDS["command"].model_validate({"uses": "command", "run": "true"})

    assert evidence_of({"x": stage}, ("x", "unread")) == {"x.exit_code": "integer"}


# --- what holds whatever is written -------------------------------------------

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"
BUILD = "  build: {uses: docker-build, image: churn}\n  scan: {uses: trivy}\n"
PROD = "environments:\n  prod: {target: {uses: docker, port: 8000}}\n"
EVIDENCE = "evidence: {file: e.json, fields: {auc: number}}"
LINES = {
    "ruff": "uses: ruff",
    "pytest": "uses: pytest",
    "docker-build": "uses: docker-build, image: churn",
    "trivy": "uses: trivy, image: false",
    "publish": "uses: publish, image: ghcr.io/acme/churn, needs: [scan]",
    "canary": "uses: canary, environment: prod, needs: [build]",
    "command": f"uses: command, run: a, {EVIDENCE}",
    "hadolint": "uses: hadolint",
    "train": "uses: train, run: a, inputs: [a], model: [model]",
    "modelscan": "uses: modelscan, paths: [model]",
    "docs": "uses: docs",
    "smoke": "uses: smoke, golden: golden.jsonl, port: 8000",
    "compare": "uses: compare, candidate: new.jsonl, champion: old.jsonl,"
    " metrics: {accuracy: {margin: 0.01}}",
    "slices": "uses: slices, predictions: new.jsonl, by: [region],"
    " rules: [{metric: recall, min: 0.8}]",
}


def gate_of(kind: str, *conditions: str) -> Gate:
    """The gate of a stage ``x`` of *kind* in a whole file with *conditions*."""
    written = ", ".join(f"'{condition}'" for condition in conditions)
    gate = f", gate: [{written}]" if conditions else ""
    text = f"{HEAD}{BUILD}  x: {{{LINES[kind]}{gate}}}\n{PROD}"
    return parse_pipeline(text.encode(), "s.yaml").stage("x").gate


def judge(gate: Gate, fields: dict[str, Value]) -> tuple[Verdict, str]:
    _, decision = gate.judge({f"x.{name}": value for name, value in fields.items()})
    return decision.verdict, decision.reason


NO_TESTS: dict[str, Value] = {
    **dict.fromkeys(("collected", "passed", "failed", "errors", "skipped"), 0),
    "exit_code": 5,
}


@pytest.mark.parametrize(
    ("kind", "condition", "fields", "why"),
    [
        (
            "pytest",
            "x.failed == 0",
            NO_TESTS,
            "x.passed > 0: it is 0; x.exit_code in [0, 1]: it is 5",
        ),
        (
            "pytest",
            "x.failed == 0",
            {**NO_TESTS, "passed": 4, "errors": 1, "exit_code": 1},
            "x.errors == 0: it is 1",
        ),
        (
            "pytest",
            "x.failed == 0",
            {**NO_TESTS, "passed": 4, "exit_code": 2},
            "x.exit_code in [0, 1]: it is 2",
        ),
        (
            "canary",
            "x.failed == 0",
            {"promoted": False, "requests": 0, "failed": 0, "blocks": 0},
            "x.promoted == true: it is false",
        ),
        (
            "trivy",
            "x.critical == 0",
            {"critical": 0, "db_age_days": 300.0},
            "x.db_age_days <= 7: it is 300.0",
        ),
        (
            "command",
            "x.auc >= 0.9",
            {"auc": 0.95, "exit_code": 1},
            "x.exit_code == 0: it is 1",
        ),
        (
            "docker-build",
            "x.exit_code >= 0",
            {"built": False, "exit_code": 1},
            "x.built == true: it is false",
        ),
    ],
)
def test_a_written_gate_keeps_the_facts_that_its_figures_rest_on(
    kind: str, condition: str, fields: dict[str, Value], why: str
) -> None:
    assert judge(gate_of(kind, condition), fields) == (Verdict.CLOSED, why)


def test_what_is_added_comes_first_and_is_in_the_record() -> None:
    gate = gate_of("pytest", "x.failed == 0", "x.passed > 0")

    record, decision = gate.judge(
        {f"x.{k}": v for k, v in (NO_TESTS | {"passed": 1, "exit_code": 0}).items()}
    )

    assert decision.verdict is Verdict.OPEN
    assert [result.condition for result in record.conditions] == [
        "x.exit_code in [0, 1]",
        "x.errors == 0",
        "x.failed == 0",
        "x.passed > 0",
    ]


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("pytest", "x.errors <= 2 && x.failed == 0"),
        ("trivy", "x.db_age_days <= 30 && x.critical == 0"),
        ("command", "x.exit_code in [0, 3]"),
    ],
)
def test_who_reads_a_field_decides_on_it(kind: str, condition: str) -> None:
    texts = [each.text for each in gate_of(kind, condition).conditions]

    stage = KINDS[kind].model_validate({"uses": kind, **NEEDED.get(kind, {})})
    assert texts == [*stage.gate_always("x"), condition]


def test_evidence_of_another_stage_is_no_reading_of_ones_own() -> None:
    text = (
        f"{HEAD}  a: {{uses: command, run: a}}\n"
        "  b: {uses: command, run: b, gate: [a.exit_code == 0]}\n"
    )

    gate = parse_pipeline(text.encode(), "s.yaml").stage("b").gate

    assert [c.text for c in gate.conditions] == ["b.exit_code == 0", "a.exit_code == 0"]


@pytest.mark.parametrize(
    ("settings", "field", "implied"),
    [
        ("uses: modelscan, paths: [m]", "refused", "refused"),
        ("uses: smoke, golden: g.jsonl, port: 80", "mismatches", "mismatches"),
        ("uses: pytest, rerun_failed: true", "failed_twice", "errors"),
    ],
)
def test_a_stage_whose_name_ends_alike_is_another(
    settings: str, field: str, implied: str
) -> None:
    text = (
        f"{HEAD}  build: {{uses: docker-build, image: i}}\n"
        f"  old_x: {{{settings}}}\n  x: {{{settings}, gate: [old_x.{field} == 0]}}\n"
    )

    gate = parse_pipeline(text.encode(), "s.yaml").stage("x").gate

    assert f"x.{implied} == 0" in [condition.text for condition in gate.conditions]


@pytest.mark.parametrize(
    "condition", ["x.bytes > 0 // x.refused", 'x.formats != "x.refused"']
)
def test_a_field_in_a_comment_or_a_text_is_not_read(condition: str) -> None:
    texts = [each.text for each in gate_of("modelscan", condition).conditions]

    assert "x.refused == 0" in texts


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_gate_is_complete_as_it_stands(kind: str) -> None:
    stage = KINDS[kind].model_validate({"uses": kind, **NEEDED.get(kind, {})})
    implied = (*stage.gate_always("x"), *stage.gate_unless_named("x"))
    default = gate_of(kind)

    assert tuple(c.text for c in default.conditions) == stage.default_gate("x")
    read = {field for condition in default.conditions for field in condition.names}
    if implied:
        added = gate_of(kind, *implied).conditions
        assert {field for condition in added for field in condition.names} <= read


VALUES: dict[str, st.SearchStrategy[Value]] = {
    "integer": st.integers(0, 10),
    "number": st.integers(0, 10).map(float),
    "boolean": st.booleans(),
    "text": st.sampled_from(["", "a"]),
}


@st.composite
def conditions(draw: st.DrawFn, kind: str) -> str:
    """A condition over fields of *kind*; many of them are true of anything."""
    stage = KINDS[kind].model_validate({"uses": kind, **NEEDED.get(kind, {})})
    spec = draw(st.sampled_from(stage.fields()))
    literal = {"integer": "0", "number": "0.5", "boolean": "true", "text": '""'}
    operators = ["==", "!="]
    if spec.type in ("integer", "number"):
        operators += ["<", "<=", ">", ">="]
    one = f"x.{spec.name} {draw(st.sampled_from(operators))} {literal[spec.type]}"
    return draw(st.sampled_from([one, f"true || {one}", f"!({one})"]))


def compiled(kind: str, written: list[str]) -> Gate:
    try:
        return gate_of(kind, *written)
    except PipelineFileError:
        assume(condition=False)
        raise


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20)  # a whole file is read each time
@given(st.data())
def test_no_gate_opens_where_nothing_was_measured(
    kind: str, data: st.DataObject
) -> None:
    gate = compiled(kind, data.draw(st.lists(conditions(kind), min_size=1, max_size=3)))

    assert judge(gate, {})[0] is Verdict.CLOSED


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("pytest", {"passed": 0}),
        ("pytest", {"exit_code": 2}),
        ("canary", {"promoted": False}),
        ("docker-build", {"built": False}),
        ("publish", {"published": False}),
    ],
)
@settings(max_examples=20)  # a whole file is read each time
@given(st.data())
def test_no_gate_opens_against_a_fact_that_holds_always(
    kind: str, fact: dict[str, Value], data: st.DataObject
) -> None:
    gate = compiled(kind, data.draw(st.lists(conditions(kind), min_size=1, max_size=3)))
    stage = KINDS[kind].model_validate({"uses": kind, **NEEDED.get(kind, {})})
    fields = {spec.name: data.draw(VALUES[spec.type]) for spec in stage.fields()}

    assert judge(gate, fields | fact)[0] is Verdict.CLOSED


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "uses: trivy, image: false, scanners: [secret], gate: [x.critical == 0]",
            "x.critical is not measured: stage 'x': 'vuln' is not among its scanners",
        ),
        (
            "uses: trivy, image: false, scanners: [vuln], gate: [x.secrets == 0]",
            "x.secrets is not measured: stage 'x': 'secret' is not among its scanners",
        ),
        (
            "uses: trivy, image: false, scanners: [secret], gate: [x.secretz == 0]",
            "unknown evidence 'x.secretz' (did you mean 'x.secrets'?)",
        ),
        (
            "uses: pytest, coverage: false, gate: [x.coverage >= 0.8]",
            "x.coverage is not measured: stage 'x': its coverage is false",
        ),
    ],
)
def test_evidence_that_a_setting_keeps_away_is_told_by_that_setting(
    line: str, why: str
) -> None:
    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(f"{HEAD}  x: {{{line}}}\n".encode(), "s.yaml")

    assert str(caught.value).endswith(why)


# --- evidence that a setting names --------------------------------------------

EVALUATE = f"  evaluate: {{uses: command, run: a, {EVIDENCE}}}\n"
DOCS = "  docs: {uses: docs, metrics: {auc: %s}%s}\n"


@pytest.mark.parametrize(
    ("before", "field", "needs", "problem"),
    [
        (EVALUATE, "evaluate.uac", "", "unknown evidence 'evaluate.uac'"),
        (EVALUATE, "nowhere.auc", "", "unknown evidence 'nowhere.auc'"),
        (EVALUATE, "evaluate.auc", ", needs: []", "evaluate.auc is not there yet"),
        ("  s: {uses: trivy, image: false}\n", "s.os", "", "s.os is not measured"),
        ("  m: {uses: modelscan, paths: [m]}\n", "m.formats", "", "'<=' does not go"),
    ],
)
def test_evidence_that_a_setting_names_is_looked_for_there(
    before: str, field: str, needs: str, problem: str
) -> None:
    text = f"{HEAD}{before}{DOCS % (field, needs)}"

    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(text.encode(), "s.yaml")

    assert f"s.yaml:5: stages.docs.metrics.auc: {problem}" in str(caught.value)


def test_no_gate_of_the_users_own_leaves_out_what_a_setting_names() -> None:
    written = ", gate: [evaluate.auc > 0.8, docs.missing <= 2]"
    text = f"{HEAD}{EVALUATE}{DOCS % ('evaluate.auc', written)}"

    gate = parse_pipeline(text.encode(), "s.yaml").stage("docs").gate

    texts = [condition.text for condition in gate.conditions]
    held = "docs.stated_auc_low <= evaluate.auc && evaluate.auc <= docs.stated_auc_high"
    assert held in texts
    assert "docs.placeholders == 0" in texts
    assert "docs.missing == 0" not in texts
