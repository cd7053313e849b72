"""What the templates say once they are filled in, read as GitHub would."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sluicegate.config.github.service_input import find_service
from sluicegate.detect.github.files import Mode, Plan, build_github_files
from sluicegate.detect.github.secret_needs import SecretNeeds
from sluicegate.detect.github.setup import Destination, Setup

ROOT = Path(__file__).parents[4]
TEMPLATES = {
    path.name: path.read_text() for path in (ROOT / "templates/github").iterdir()
}
CHURN = Setup(
    service="",
    config="sluicegate.yaml",
    test=("lint", "test"),
    build=("build",),
    scan=("scan",),
    image="ghcr.io/acme/churn",
    destinations=(
        Destination("staging", is_here=False),
        Destination("production", is_here=True),
    ),
    log="refs/heads/sluicegate-audit",
    keeps_log=True,
)
API = replace(
    CHURN,
    service="api",
    config="services/api/sluicegate.yaml",
    image="registry.acme.org/api",
    log="refs/heads/sluicegate-audit-api",
    paths=("services/api/**", "libs/**"),
)
WORKER = replace(
    API,
    service="worker",
    config="services/worker/sluicegate.yaml",
    build=(),
    image=None,
    destinations=(),
    log="refs/heads/sluicegate-audit-worker",
)
CLUSTERED = replace(
    CHURN,
    destinations=(
        Destination("production", is_here=False, in_cluster=True, context="eu/prod"),
        Destination("inside", is_here=False, in_cluster=True),
        Destination("odd", is_here=False, in_cluster=True, context="a\n- run: b"),
        Destination("docker", is_here=False),
    ),
)
NEEDS = SecretNeeds(("db",), has_identity=True, given=("DB_CA",), extras=("aws",))
SECRETIVE = replace(
    CHURN,
    destinations=(*CHURN.destinations, CLUSTERED.destinations[0]),
    needs=NEEDS,
    rollout_needs=replace(NEEDS, extras=("aws", "vault"), given=("DB_CA", "PROM")),
    without_secrets=("lint", "test"),
)
TESTED = replace(CHURN, build=(), scan=(), image=None, destinations=())
PLANS = {
    "step": (Mode.STEP, (CHURN,)),
    "steps": (Mode.STEP, (API, WORKER)),
    "full": (Mode.FULL, (CHURN,)),
    "clustered": (Mode.FULL, (CLUSTERED,)),
    "tests only": (Mode.FULL, (TESTED,)),
    "no tests": (Mode.FULL, (replace(CHURN, test=()),)),
    "monorepo": (Mode.MONOREPO, (API, WORKER)),
    "step with secrets": (Mode.STEP, (SECRETIVE,)),
    "secrets alone": (Mode.STEP, (replace(SECRETIVE, without_secrets=()),)),
    "full with secrets": (Mode.FULL, (SECRETIVE,)),
}


def files(name: str, owners: Sequence[str] = ()) -> dict[str, str]:
    mode, setups = PLANS[name]
    plan = Plan(
        mode=mode,
        setups=setups,
        has_files=True,
        branch="trunk",
        commit="c" * 40,
        version="1.2.3",
        owners=owners,
    )
    return {each.path: each.text for each in build_github_files(plan, TEMPLATES)}


def workflows(name: str) -> dict[str, dict[Any, Any]]:
    """The workflows, parsed; ``on`` is what YAML 1.1 makes of it."""
    return {
        Path(path).name: yaml.safe_load(text)
        for path, text in files(name).items()
        if "/workflows/" in path
    }


def jobs(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file, workflow in workflows(name).items():
        for job, body in workflow["jobs"].items():
            yield file, job, body


every_plan = pytest.mark.parametrize("name", PLANS)


HANDING = ("test", "build")
"""Jobs that cannot tell what `record` can, so that those behind them go on."""


@every_plan
def test_no_job_after_a_gate_goes_on_without_its_verdict(name: str) -> None:
    for file, job, body in jobs(name):
        needs = body.get("needs", [])
        if job == "record":  # it records what was closed, too, and judges it again
            assert "hand-over != ''" in body["if"]
            continue
        for needed in [needs] if isinstance(needs, str) else needs:
            said = f"needs.{needed}.outputs.verdict"
            either = f" || {said} == 'pending'" if needed in HANDING else ""
            assert body["if"] == f"{said} == 'open'{either}", (file, job)


@every_plan
def test_the_key_of_the_log_is_where_no_code_of_the_repository_runs(name: str) -> None:
    for file, job, body in jobs(name):
        text = json.dumps(body)
        if file.startswith("sluicegate"):
            assert body["permissions"]["contents"] == "read"
        elif job in {"test", "build", "scan"}:
            assert "secrets" not in text, job
            assert body["permissions"] == {"contents": "read"}
        else:
            assert "SLUICE_LOG_KEY" in text
            assert "command: run" not in text
            assert '"stages"' not in text


@every_plan
def test_each_job_is_believed_about_its_own_stages_alone(name: str) -> None:
    for workflow in workflows(name).values():
        found = workflow["jobs"]
        takers = [body for job, body in found.items() if job in {"scan", "record"}]
        for taken in (body["with"] for body in takers if "with" in body):
            for job in {"test", "build", "scan"} & taken.keys():
                assert taken[f"{job}-stages"] == found[job]["with"]["stages"]


@every_plan
def test_every_action_is_pinned_by_a_commit(name: str) -> None:
    found = 0
    for text in files(name).values():
        for used in re.findall(r"(?m)^[ -]*uses: (\S+)(.*)", text):
            if used[0].startswith("$/"):
                continue
            found += 1
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used[0])
            assert used[1].startswith(" # v")
    assert found


@every_plan
def test_every_job_ends_in_time_and_asks_for_what_it_may(name: str) -> None:
    for workflow in workflows(name).values():
        assert workflow["permissions"] == {}
    for _file, _job, body in jobs(name):
        assert body["permissions"]
        assert "timeout-minutes" in body or "/.github/workflows/" in body["uses"]
        for step in body.get("steps", []):
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_jobs_of_a_rollout_are_never_cancelled() -> None:
    for name in ("full", "monorepo"):
        for file in ("rollout.yml", "approve.yml", "audit.yml"):
            for job in workflows(name)[file]["jobs"].values():
                if "steps" in job:
                    assert job["concurrency"]["cancel-in-progress"] is False
                    assert job["concurrency"]["queue"] == "max"


def test_the_title_of_an_approval_names_the_request() -> None:
    for name in ("full", "monorepo"):
        title = workflows(name)["approve.yml"]["run-name"]
        assert title == "sluice ${{ inputs.decision }} ${{ inputs.request }}"


def test_a_rollout_runs_where_its_engine_is() -> None:
    found = workflows("full")["rollout.yml"]["jobs"]
    assert found["production"]["runs-on"] == "self-hosted"
    assert found["production"]["steps"][-1]["with"]["extras"] == "traefik"
    assert found["staging"]["runs-on"] == "ubuntu-24.04"
    assert found["staging"]["steps"][-1]["with"]["extras"] == "traefik"


def test_a_rollout_on_another_host_is_told_where_its_login_goes() -> None:
    text = files("full")[".github/workflows/rollout.yml"]
    staging, production = text.split("  production:\n")
    assert "secrets.DEPLOY_KEY" in staging
    assert "~/.ssh/known_hosts" in staging
    assert "DEPLOY_KEY" not in production


def test_a_rollout_in_a_cluster_runs_on_a_hosted_runner_that_may_log_in() -> None:
    found = workflows("clustered")["rollout.yml"]["jobs"]
    assert found["production"]["runs-on"] == "ubuntu-24.04"
    assert found["production"]["permissions"]["id-token"] == "write"
    assert found["production"]["steps"][-1]["with"]["extras"] == "kubernetes"
    assert "id-token" not in found["docker"]["permissions"]


def test_a_rollout_inside_of_its_cluster_needs_no_login() -> None:
    inside = workflows("clustered")["rollout.yml"]["jobs"]["inside"]
    assert inside["runs-on"] == "self-hosted"
    assert inside["steps"][-1]["with"]["extras"] == "kubernetes"
    assert "id-token" not in inside["permissions"]


def test_who_calls_a_rollout_lends_it_what_it_logs_in_with() -> None:
    for name, lends in (("clustered", True), ("full", False)):
        jobs = workflows(name)["approve.yml"]["jobs"]
        assert ("id-token" in jobs["rollout"]["permissions"]) is lends


def test_the_login_to_a_cluster_names_the_context_of_the_pipeline_file() -> None:
    text = files("clustered")[".github/workflows/rollout.yml"]
    for words in ("--alias {}", "context_name: {}", "--format exec --context {}"):
        assert words.format("eu/prod") in text
        assert words.format("CONTEXT") in text  # for one that YAML reads otherwise
    assert "run: b" not in text


def test_the_token_of_the_run_goes_to_githubs_own_registry_alone() -> None:
    own, foreign = files("full"), files("monorepo")
    assert "github.token" in own[".github/workflows/rollout.yml"]
    assert "github.token" not in "".join(foreign.values())
    assert "secrets.REGISTRY_PASSWORD" in foreign[".github/workflows/rollout.yml"]
    assert "secrets.REGISTRY_PASSWORD" in foreign[".github/workflows/release-api.yml"]


def test_services_have_a_workflow_each_that_their_own_files_start() -> None:
    found = workflows("monorepo")
    assert set(found) == {
        *("release-api.yml", "release-worker.yml"),
        *("approve.yml", "rollout.yml", "audit.yml"),
    }
    on = found["release-api.yml"][True]
    assert on["push"]["paths"] == [
        *("services/api/**", "libs/**", ".github/workflows/release-api.yml")
    ]
    assert set(found["approve.yml"]["jobs"]) == {"approve-api", "rollout-api"}
    assert set(found["audit.yml"]["jobs"]) == {"audit-api", "audit-worker"}
    assert "build" not in found["release-worker.yml"]["jobs"]
    assert "build" not in found["release-worker.yml"]["jobs"]["scan"]["with"]


def test_what_is_typed_to_answer_finds_the_service_in_the_workflow() -> None:
    path = ".github/workflows/approve.yml"
    assert find_service(files("monorepo")[path], API.config) == API.service
    assert find_service(files("monorepo")[path], WORKER.config) == ""  # never released
    assert find_service(files("full")[path], CHURN.config) == ""


def test_without_an_environment_there_is_nothing_to_approve() -> None:
    assert set(workflows("tests only")) == {"release.yml", "audit.yml"}


def test_the_ruleset_protects_the_branches_of_all_logs() -> None:
    found = json.loads(files("monorepo")[".github/rulesets/sluicegate-audit.json"])
    assert found["conditions"]["ref_name"]["include"] == [API.log, WORKER.log]
    assert found["bypass_actors"] == []
    assert {each["type"] for each in found["rules"]} == {"deletion", "non_fast_forward"}


def test_one_step_protects_a_branch_once_there_is_one() -> None:
    path = ".github/rulesets/sluicegate-audit.json"
    assert json.loads(files("step")[path])["conditions"]["ref_name"]["include"]
    none = replace(CHURN, log=None, keeps_log=False)
    plan = Plan(
        Mode.STEP, (none,), has_files=True, branch="main", commit=None, version="1"
    )
    assert path not in {each.path for each in build_github_files(plan, TEMPLATES)}


def test_nobody_owns_what_decides_until_somebody_is_named() -> None:
    nobody = files("full")[".github/CODEOWNERS"]
    assert all(line.startswith("#") for line in nobody.splitlines())
    somebody = files("full", owners=("@ann", "@bob"))[".github/CODEOWNERS"]
    assert "/sluicegate.yaml @ann @bob" in somebody.splitlines()
    assert "/.github/ @ann @bob" in somebody.splitlines()


def test_a_commit_that_is_not_known_is_one_that_does_not_exist() -> None:
    mode, setups = PLANS["full"]
    plan = Plan(mode, setups, has_files=True, branch="main", commit=None, version="1")
    (release, *_) = build_github_files(plan, TEMPLATES)
    assert f"sluice-test.yml@{'0' * 40} # v1" in release.text


def test_a_job_that_judges_pushes_may_log_in_and_gets_the_secrets_of_github() -> None:
    gate = workflows("step with secrets")["sluicegate.yml"]["jobs"]["gate"]
    assert gate["if"] == "github.event_name != 'pull_request'"
    assert gate["permissions"]["id-token"] == "write"
    step = gate["steps"][-1]
    assert step["env"] == {"DB_CA": "${{ secrets.DB_CA }}"}
    assert step["with"]["extras"] == "aws"
    assert "stages" not in step["with"]


def test_a_job_of_pull_requests_gets_no_secret_and_may_not_log_in() -> None:
    jobs = workflows("step with secrets")["sluicegate.yml"]["jobs"]
    job = jobs["pull-request"]
    assert job["if"] == "github.event_name == 'pull_request'"
    assert "id-token" not in job["permissions"]
    assert "env" not in job["steps"][-1]
    assert job["steps"][-1]["with"]["stages"] == "lint,test"


def test_without_other_stages_pull_requests_have_no_job() -> None:
    assert workflows("secrets alone")["sluicegate.yml"]["jobs"].keys() == {"gate"}


def test_without_secrets_there_is_one_job_that_may_not_log_in() -> None:
    (gate,) = workflows("step")["sluicegate.yml"]["jobs"].values()
    assert "if" not in gate
    assert "id-token" not in gate["permissions"]


def test_rollouts_that_get_secrets_may_log_in_and_are_lent_those_of_github() -> None:
    found = workflows("full with secrets")
    for job, body in found["rollout.yml"]["jobs"].items():
        assert body["permissions"]["id-token"] == "write", job
        step = body["steps"][-1]
        assert step["env"]["PROM"] == "${{ secrets.PROM }}"
        assert step["with"]["extras"].endswith(", aws, vault")
    asked = found["rollout.yml"][True]["workflow_call"]["secrets"]
    assert asked.keys() == {"SLUICE_LOG_KEY", "DB_CA", "PROM"}
    handed = found["approve.yml"]["jobs"]["rollout"]
    assert handed["permissions"]["id-token"] == "write"
    assert handed["secrets"].keys() == asked.keys()


def test_only_the_jobs_that_need_it_may_log_in() -> None:
    able = {
        (file, job)
        for file, job, body in jobs("full with secrets")
        if body.get("permissions", {}).get("id-token") == "write"
    }
    assert able == {
        ("approve.yml", "rollout"),
        ("release.yml", "record"),  # signs where the image was built
        ("rollout.yml", "production"),
        ("rollout.yml", "staging"),
    }
