"""Unit tests of `sluicegate.config.entry_gates`: what an environment may ask."""

import json

import pytest
from policies import HEAD, TARGET, pipeline, policy, problems


def gate(*texts: str) -> str:
    return f"gate: {json.dumps(texts)}"


def test_it_may_ask_evidence_the_stable_release_the_environment_and_the_time() -> None:
    texts = (
        "scan.critical <= stable.scan.critical",
        "staging.promoted == true",
        "environment.first_release",
        "time.weekday != 'fri'",
    )

    (layer,) = policy(pipeline(gate(*texts))).layers

    assert tuple(each.text for each in layer.conditions) == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "scan.critcal == 0",
            "unknown evidence 'scan.critcal' (did you mean 'scan.critical'?)",
        ),
        (
            "canary.promoted == true",
            "canary.promoted is not there before the release is in production",
        ),
        ("true", "reads no evidence, so it would judge nothing"),
    ],
)
def test_what_cannot_be_judged_is_refused(text: str, expected: str) -> None:
    (found,) = problems(pipeline(gate(text)))

    assert found == f"environments.production.gate.0: {text!r}: {expected}"


def test_evidence_of_a_stage_that_comes_later_is_refused() -> None:
    text = pipeline(staging=gate("lint.findings == 0")).replace(
        "  canary:", "  lint: {uses: ruff}\n  canary:"
    )

    (found,) = problems(text)

    assert "lint.findings is not there yet: add 'lint' to the needs of 'staging'" in (
        found
    )


def test_evidence_is_refused_where_no_stage_goes() -> None:
    text = f"{HEAD}environments:\n"
    for name in ("staging", "production", "spare"):
        text += f"  {name}:\n    {TARGET}\n"

    (found,) = problems(text + f"    {gate('scan.critical == 0')}\n")

    assert found.endswith("no stage goes to spare, so nothing was found before it")


def test_only_the_gates_before_everything_that_goes_there_are_asked() -> None:
    text = pipeline().replace(
        "  canary:", "  first: {uses: canary, environment: production}\n  canary:"
    )

    assert set(policy(text).stages) == {"build", "scan", "staging"}


def test_a_stage_with_problems_of_its_own_is_told_of_once() -> None:
    text = pipeline(gate("scan.critical == 0")).replace("trivy}", "trivy, x: 1}")

    assert [each.partition(":")[0] for each in problems(text)] == ["stages.scan"]
