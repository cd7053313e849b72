"""Which jobs run stages that log in with an identity."""

import pytest
from host_setups import COMMIT

from sluicegate.config.github.checkout import Checkout
from sluicegate.config.github.secret_jobs import SecretJob, secret_jobs
from sluicegate.config.github.workflow import parse_workflow

NEEDING = {"db": False, "canary": True}
STEP = f"""\
on: {{push: {{branches: [main]}}}}
jobs:
  gate:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/sluicegate@{COMMIT}
        with: {{WITH}}
"""


def jobs(text: str, config: str = "sluicegate.yaml") -> list[SecretJob]:
    workflow = parse_workflow(text.encode(), ".github/workflows/a.yml")
    return list(secret_jobs(Checkout((workflow,)), NEEDING, config))


def stages(text: str) -> list[tuple[str, ...]]:
    return [each.stages for each in jobs(text)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("{}", ("db", "canary")),
        ("{command: run}", ("db", "canary")),
        ("{stages: 'unit, db'}", ("db",)),
        ("{command: stages, stages: db canary}", ("db", "canary")),
        ("{stages: '${{ inputs.stages }}'}", ("db", "canary")),
        ("{command: rollout}", ("canary",)),
        ("{config: sluicegate.yaml}", ("db", "canary")),
        ("{config: ./sluicegate.yaml}", ("db", "canary")),
        ("{config: '${{ inputs.config }}'}", ("db", "canary")),
    ],
)
def test_a_step_runs_the_stages_that_it_says(
    given: str, found: tuple[str, ...]
) -> None:
    assert stages(STEP.replace("{WITH}", given)) == [found]


@pytest.mark.parametrize(
    "given",
    [
        "{stages: unit}",
        "{command: audit}",
        "{command: approve}",
        "{command: record}",
        "{config: other/sluicegate.yaml}",
    ],
)
def test_other_steps_need_no_identity(given: str) -> None:
    assert jobs(STEP.replace("{WITH}", given)) == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("sluice run", [("db", "canary")]),
        ("uvx sluice run --stage db", [("db", "canary")]),
        ("sluice rollout continue", [("canary",)]),
        ("sluice secrets check", [("db", "canary")]),
        ("sluice audit verify", []),
        ("mysluice run", []),
    ],
)
def test_a_script_counts_as_well(script: str, found: list[tuple[str, ...]]) -> None:
    text = f"on: push\njobs: {{a: {{runs-on: x, steps: [{{run: {script}}}]}}}}\n"
    assert stages(text) == found


def test_a_reusable_workflow_of_ours_runs_stages_without_an_identity() -> None:
    text = f"""\
on: push
jobs:
  test:
    uses: acme/sluicegate/.github/workflows/sluice-test.yml@{COMMIT}
    with: {{stages: "lint,db"}}
"""
    (found,) = jobs(text)
    assert (found.stages, found.is_reused) == (("db",), True)


@pytest.mark.parametrize(
    ("top", "own", "may"),
    [
        ("", "", False),
        ("permissions: write-all", "", True),
        ("permissions: {id-token: write}", "", True),
        ("permissions: {id-token: write}", "permissions: {contents: read}", False),
        ("permissions: {}", "permissions: {id-token: write}", True),
        ("permissions: {}", "permissions: {id-token: read}", False),
    ],
)
def test_a_job_may_ask_if_its_own_permissions_or_else_the_workflows_say_so(
    top: str,
    own: str,
    may: bool,  # noqa: FBT001
) -> None:
    text = STEP.replace("{WITH}", "{}").replace("jobs:", f"{top}\njobs:")
    (found,) = jobs(text.replace("    runs-on", f"    {own}\n    runs-on"))
    assert found.may_ask is may


@pytest.mark.parametrize(
    ("condition", "events"),
    [
        ("", ("pull_request", "push")),
        ("if: github.event_name != 'pull_request'", ("push",)),
        ("if: github.event_name == 'push'", ("push",)),
        ("if: ${{ github.event_name == 'push' }}", ("push",)),
        ("if: github.event_name == 'push' || always()", ("pull_request", "push")),
    ],
)
def test_a_condition_on_the_event_is_understood(
    condition: str, events: tuple[str, ...]
) -> None:
    text = STEP.replace("{WITH}", "{}").replace("on: {", "on: {pull_request: , ")
    (found,) = jobs(text.replace("    runs-on", f"    {condition}\n    runs-on"))
    assert found.events == events
    assert found.is_of_pull_requests is ("pull_request" in events)
