"""Unit tests of `sluicegate.config.comparing`: the stable release in a stage's gate."""

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError
from sluicegate.gates.gate import Gate

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"
PLACE = "target: {uses: docker, port: 8000%s}"
COMPARES = "scan.critical <= stable.scan.critical"


def gate(condition: str, *environments: str, stage: str = "scan") -> Gate:
    """The gate of a stage with *condition*, before canaries of *environments*."""
    gates = dict.fromkeys(("build", "scan", *environments), "")
    gates[stage] = f", gate: ['{condition}']"
    lines = [
        f"  build: {{uses: docker-build, image: churn{gates['build']}}}",
        f"  scan: {{uses: trivy{gates['scan']}}}",
        *(
            f"  {name}: {{uses: canary, environment: {name}{gates[name]}}}"
            for name in environments
        ),
        "environments:",
        *(
            f"  {name}: {{{PLACE % f', publish: {8080 + at}'}}}"
            for at, name in enumerate(environments or ("prod",))
        ),
    ]
    text = HEAD + "\n".join(lines) + "\n"
    return parse_pipeline(text.encode(), "s.yaml").stage(stage).gate


def refusal(condition: str, *environments: str, stage: str = "scan") -> str:
    with pytest.raises(PipelineFileError) as caught:
        gate(condition, *environments, stage=stage)
    (problem,) = caught.value.problems
    return problem.partition(f"{condition!r}: ")[2]


def test_a_stage_compares_with_the_environment_it_leads_to() -> None:
    found = gate(COMPARES, "prod")

    assert found.stable_in == "prod"
    assert not found.asks_people
    assert found.conditions[-1].names == ("scan.critical", "stable.scan.critical")


def test_a_canary_compares_with_the_environment_after_its_own() -> None:
    condition = "staging.failed <= stable.staging.failed"

    assert gate(condition, "staging", "prod", stage="staging").stable_in == "prod"


def test_a_gate_that_compares_with_nothing_names_no_environment() -> None:
    assert gate("scan.critical == 0", "prod").stable_in is None


def test_the_last_canary_has_no_release_to_compare_with() -> None:
    said = refusal("prod.failed <= stable.prod.failed", "prod", stage="prod")

    assert said == (
        "stable.prod.failed: no environment comes after the stage, so nothing is"
        " released there; write the condition in environments.NAME.gate"
    )


@pytest.mark.parametrize(
    ("environments", "why"),
    [
        (("staging", "prod"), "of staging or prod? Both come after the stage"),
        (("a", "b", "c"), "of a, b, c? All of them come after the stage"),
    ],
)
def test_a_stage_that_leads_to_several_is_refused(
    environments: tuple[str, ...], why: str
) -> None:
    said = refusal(COMPARES, *environments)

    assert said == (
        f"stable.scan.critical: {why}; write the condition in environments.NAME.gate"
    )


@pytest.mark.parametrize(
    "condition", ["time.hour < 9", "environment.first_release == true"]
)
def test_the_environment_and_time_are_for_gates_of_environments(condition: str) -> None:
    name = condition.partition(" ")[0]

    assert refusal(condition, "prod") == (
        f"{name}: only the gate of an environment can read {name.partition('.')[0]};"
        " write the condition in environments.prod.gate"
    )


def test_a_misspelt_field_of_the_stable_release_is_told() -> None:
    said = refusal("scan.critical <= stable.scan.critcal", "prod")

    assert "did you mean 'stable.scan.critical'?" in said


def test_a_stage_after_it_is_no_evidence_yet_of_either_release() -> None:
    assert "unknown evidence" in refusal("stable.prod.failed == 0", "prod")


@pytest.mark.parametrize("name", ["stable", "environment", "time"])
def test_no_stage_is_called_like_a_fact(name: str) -> None:
    text = f"{HEAD}  {name}: {{uses: ruff}}\n"

    with pytest.raises(PipelineFileError, match="means something else in conditions"):
        parse_pipeline(text.encode(), "s.yaml")


def test_people_are_asked_where_every_environment_after_asks() -> None:
    def asks(*approvals: str) -> bool:
        places = [
            f"  e{at}: {{{PLACE % f', publish: {8080 + at}'}{rule}}}"
            for at, rule in enumerate(approvals)
        ]
        stages = [
            "  build: {uses: docker-build, image: churn}",
            *(
                f"  e{at}: {{uses: canary, environment: e{at}}}"
                for at, _ in enumerate(approvals)
            ),
        ]
        people = ["people:", "  ann: [ann@acme.org]", "environments:"]
        text = HEAD + "\n".join([*stages, *people, *places]) + "\n"
        return parse_pipeline(text.encode(), "s.yaml").stage("build").gate.asks_people

    rule = ", approvals: {from: [ann]}"
    assert asks(rule)
    assert asks(rule, rule)
    assert not asks("")
    assert not asks("", rule)


def model(setting: str, environments: str = "") -> bytes:
    text = (
        f"{HEAD}  build: {{uses: docker-build, image: churn}}\n"
        "  compare:\n"
        "    uses: compare\n"
        "    candidate: new.jsonl\n"
        "    champion: old.jsonl\n"
        "    metrics: {accuracy: {margin: 0.01}}\n"
        f"{setting}"
    )
    return f"{text}{environments}".encode()


@pytest.mark.parametrize("setting", ["first_model", "on_inconclusive"])
def test_what_is_left_to_people_whom_nobody_asks_is_refused_at_its_line(
    setting: str,
) -> None:
    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(model(f"    {setting}: approval\n"), "s.yaml")

    (problem,) = caught.value.problems
    assert problem.startswith("s.yaml:10:")
    assert "leaves it to people" in problem


def test_what_is_left_to_people_by_default_is_for_the_gate_to_say() -> None:
    gate = parse_pipeline(model(""), "s.yaml").stage("compare").gate

    assert not gate.asks_people


def test_what_is_left_to_people_who_are_asked_is_fine() -> None:
    places = (
        "  prod: {uses: canary, environment: prod}\n"
        "people:\n  ann: [ann@acme.org]\n"
        f"environments:\n  prod: {{{PLACE % ''}, approvals: {{from: [ann]}}}}\n"
    )
    read = parse_pipeline(model("    first_model: approval\n", places), "s.yaml")

    assert read.stage("compare").gate.asks_people
