"""Unit tests of `sluicegate.config.gate_tests`: tables of cases."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.file import ReadPipeline, read_pipeline
from sluicegate.config.gate_cases import NOON
from sluicegate.config.gate_tests import parse_gate_tests, read_pipeline_path
from sluicegate.errors import PipelineFileError
from sluicegate.gates.trial import Case, Said
from sluicegate.model.decision import Verdict
from sluicegate.model.release_request import Answer

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  lint: {uses: ruff}
  build: {uses: docker-build, image: churn, needs: []}
  perf:
    uses: command
    run: a
    needs: [lint]
    evidence: {file: e.json, fields: {auc: number, os: text}}
  scan: {uses: trivy, needs: [build]}
  canary: {uses: canary, environment: production, needs: [scan]}
environments:
  production: {target: {uses: docker, port: 8000}}
  idle: {target: {uses: docker, port: 8000, publish: 8081}}
"""
HEAD = "schema: sluicegate-gate-tests/v1\n"
READ = read_pipeline(PIPELINE.encode(), "sluicegate.yaml")


def parse(text: str, read: ReadPipeline = READ) -> tuple[Case, ...]:
    return parse_gate_tests((HEAD + text).encode(), "cases.yaml", read)


def one(text: str, *, head: str = "environment: production\n") -> Case:
    [case] = parse(f"{head}cases:\n  - {{name: a, expect: open, {text}}}\n")
    return case


def refused(text: str) -> list[str]:
    with pytest.raises(PipelineFileError) as caught:
        parse(text)
    return list(caught.value.problems)


def test_a_case_has_what_it_says() -> None:
    case = one(
        "because: why, evidence: {scan.critical: 1, stable.scan.critical: 2},"
        " time: '2026-11-22T01:00:00+01:00', approvals: [ann, {by: bob, age: 2h}],"
        " rejections: [{by: eve, reason: no}], overrides: [dan], authors: [x@y.org],"
        " requester: [z], pusher: [p], request_age: 2h, release_age: 3d,"
        " soaked: {idle: 1d}, locked: fire, rollback: true, stages: open"
    )

    assert case == Case(
        name="a",
        stage=None,
        environment="production",
        evidence={"scan": {"critical": 1}},
        stable={"scan": {"critical": 2}},
        expect=Verdict.OPEN,
        because="why",
        now=datetime(2026, 11, 22, tzinfo=UTC),
        said=(
            Said(Answer.APPROVE, "ann"),
            Said(Answer.APPROVE, "bob", timedelta(hours=2)),
            Said(Answer.REJECT, "eve", reason="no"),
            Said(Answer.OVERRIDE, "dan"),
        ),
        authors=("x@y.org",),
        requester=("z",),
        pusher=("p",),
        request_age=timedelta(hours=2),
        release_age=timedelta(days=3),
        soaked={"idle": timedelta(days=1)},
        locked="fire",
        rollback=True,
        stages_open=True,
    )


def test_a_case_that_says_nothing_is_judged_on_nothing() -> None:
    case = one("because: x")

    assert case.evidence == {}
    assert case.stable == {}  # something is released, and nothing known of it
    assert case.said == ()
    assert case.authors == case.requester == case.pusher == ()
    assert case.now == NOON
    assert NOON.strftime("%A") == "Wednesday"


def test_at_the_first_release_nothing_is_stable() -> None:
    assert one("first_release: true").stable is None


def test_a_case_goes_before_what_is_given() -> None:
    cases = parse(
        "environment: production\n"
        "given: {evidence: {scan.critical: 1, scan.high: 2}, approvals: [ann],"
        " rollback: true}\n"
        "cases:\n"
        "  - {name: a, expect: open}\n"
        "  - {name: b, expect: open, evidence: {scan.critical: 5}, approvals: []}\n"
        "  - {name: c, expect: open, evidence: {scan.high: null}, rollback: false}\n"
    )

    assert [case.evidence["scan"] for case in cases] == [
        {"critical": 1, "high": 2},
        {"critical": 5, "high": 2},
        {"critical": 1},
    ]
    assert [len(case.said) for case in cases] == [1, 0, 1]
    assert [case.rollback for case in cases] == [True, True, False]


def test_a_case_may_be_about_another_gate_than_the_rest() -> None:
    first, second = parse(
        "environment: production\n"
        "given: {evidence: {scan.critical: 1, lint.findings: 0}}\n"
        "cases:\n"
        "  - {name: a, expect: open}\n"
        "  - {name: b, expect: open, stage: perf, evidence: {perf.auc: 1}}\n"
    )

    assert (first.environment, first.stage) == ("production", None)
    assert (second.environment, second.stage) == (None, "perf")
    # What is given is for those cases whose gate can read it.
    assert first.evidence == {"scan": {"critical": 1}}
    assert second.evidence == {"lint": {"findings": 0}, "perf": {"auc": 1}}


def test_a_stage_before_one_environment_may_be_told_of_its_release() -> None:
    case = one("stage: scan, evidence: {stable.scan.critical: 2}", head="")

    assert case.stable == {"scan": {"critical": 2}}


CASE = "cases: [{name: a, expect: open%s}]\n"
IN = "environment: production\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CASE % "", "2: cases.0: say which gate is judged: stage or environment"),
        (
            CASE % ", stage: scan, environment: production",
            "2: cases.0: must be about a stage or an environment, not about both",
        ),
        (
            f"stage: scan\n{IN}" + CASE % "",
            "3: environment: must be about a stage or an environment, not about both",
        ),
        (
            CASE % ", stage: scam",
            "2: cases.0.stage: unknown stage 'scam' (did you mean 'scan'?)",
        ),
        (
            "environment: prod\n" + CASE % "",
            "2: environment: unknown environment 'prod' (one of idle, production)",
        ),
        (
            CASE % ", environment: idle",
            "2: cases.0.environment: no stage goes to 'idle', so it has no entry gate",
        ),
        (
            IN + CASE % ", evidence: {scan.critcal: 1}",
            "3: cases.0.evidence.scan.critcal: unknown evidence 'scan.critcal' (did",
        ),
        (
            IN + CASE % ", evidence: {scan.critical: many}",
            "3: cases.0.evidence.scan.critical: scan.critical holds a whole number",
        ),
        (
            IN + CASE % ", evidence: {scan.critical: 1.5}",
            "3: cases.0.evidence.scan.critical: scan.critical holds a whole number",
        ),
        (
            IN + CASE % ", evidence: {lint.findings: 1}",
            "3: cases.0.evidence.lint.findings: unknown evidence 'lint.findings'",
        ),
        (
            IN + CASE % ", evidence: {time.hour: 3}",
            "3: cases.0.evidence.time.hour: time.hour is no evidence: `time:` of the",
        ),
        (
            f"{IN}given: {{evidence: {{scan.critcal: 1}}}}\n" + CASE % "",
            "3: given.evidence.scan.critcal: unknown evidence 'scan.critcal' (did you",
        ),
        (
            CASE % ", stage: scan, approvals: [ann]",
            "2: cases.0.approvals: approvals: the gate of a stage is not judged on it",
        ),
        (
            IN + "cases: [{name: a, expect: shut}]\n",
            "3: cases.0.expect: must be 'open', 'closed' or 'pending', not \"shut\"",
        ),
        (
            IN + CASE % ", approval: [ann]",
            "3: cases.0: unknown key 'approval' (did you mean 'approvals'?)",
        ),
        (
            IN + CASE % ", time: tomorrow",
            "3: cases.0.time: write a time with its zone",
        ),
        (f"{IN}cases: []\n", "3: cases: must not be empty"),
        (IN, "1: 'cases' is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    [problem] = refused(text)

    assert problem.startswith(f"cases.yaml:{said}")


def test_every_problem_is_told_at_once() -> None:
    problems = refused(
        f"{IN}given: {{evidence: {{a.b: 1}}}}\n"
        "cases:\n"
        "  - {name: a, expect: open, evidence: {scan.hihg: 1}}\n"
        "  - {name: b, expect: open, stage: scam}\n"
    )

    assert [problem.split(":")[1] for problem in problems] == ["3", "5", "6"]


def test_a_table_of_another_format_is_refused() -> None:
    with pytest.raises(PipelineFileError, match="sluicegate-gate-tests/v1"):
        parse_gate_tests(PIPELINE.encode(), "cases.yaml", READ)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("pipeline: ../s.yaml\n", "../s.yaml"),
        ("a: b\n", None),
        ("pipeline: []\n", None),
    ],
)
def test_the_pipeline_file_is_found_before_the_rest_is_read(
    text: str, path: str | None
) -> None:
    assert read_pipeline_path(text.encode(), "cases.yaml") == path


@given(st.binary(max_size=200))
def test_whatever_is_in_a_table_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(PipelineFileError):
        parse_gate_tests(data, "cases.yaml", READ)
