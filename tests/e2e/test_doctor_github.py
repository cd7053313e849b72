"""`sluice doctor --github`, with and without a GitHub to ask."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_project import CliProject
from fake_github import FakeGitHub, State, serve
from fake_github.state import BranchPolicy
from host_setups import COMMIT, GOOD_FILES, OWNERS

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
people: {ann: ["github:ann"], bob: ["github:bob"]}
environments:
  production:
    target: {uses: docker, port: 8000}
    approvals: {count: 1, from: [ann, bob], by: [signature, dispatch]}
audit: {store: "git:refs/heads/sluicegate-audit"}
"""
FILES = {"sluicegate.yaml": PIPELINE, OWNERS[0]: OWNERS[1], **GOOD_FILES}
LOG = "refs/heads/sluicegate-audit"
PULL_REQUEST = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    },
}


def ruleset(number: int, ref: str, *rules: object) -> dict[str, object]:
    return {
        "id": number,
        "name": f"rules {number}",
        "target": "branch",
        "source_type": "Repository",
        "source": "acme/shop",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [ref], "exclude": []}},
        "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}, *rules],
    }


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(State()) as found:
        yield found
        assert found.violations == []


@pytest.fixture
def project(tmp_path: Path, github: FakeGitHub) -> CliProject:
    made = CliProject.make(tmp_path, FILES)
    # Two refs that a fetch would make: nothing is fetched here.
    made.git("remote", "add", "origin", "https://github.com/acme/shop.git")
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    made.environ |= {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "SLUICE_GITHUB_TOKEN": "ghp_ann",
    }
    return made


def set_up_well(github: FakeGitHub) -> None:
    repository = github.state.repository
    repository.rulesets = [
        ruleset(1, LOG),
        ruleset(2, "~DEFAULT_BRANCH", PULL_REQUEST),
    ]
    made = github.state.add_environment("sluicegate")
    made.policy, made.secrets = "custom", ["SLUICE_LOG_KEY"]
    made.branch_policies = [BranchPolicy(1, "main")]


def test_a_repository_that_is_set_up_well_exits_with_zero(
    project: CliProject, github: FakeGitHub
) -> None:
    set_up_well(github)

    said = project.sluice("doctor", "--github", check=0).stdout

    assert said.startswith("acme/shop (https://github.com/acme/shop): its settings,")
    assert "ok  log branch sluicegate-audit: it can neither be deleted" in said
    assert said.splitlines()[-1] == "all that was looked at is fine"


def test_a_new_repository_is_told_what_to_mend_and_how(project: CliProject) -> None:
    loose = GOOD_FILES[".github/workflows/release.yml"].replace(
        f"checkout@{COMMIT}", "checkout@v4"
    )
    project.commit({".github/workflows/release.yml": loose}, "pin nothing")

    said = project.document("doctor", "--github", check=4)

    assert said["ready"] is False
    assert said["repository"] == "acme/shop"
    problems = {
        each["topic"]: each for each in said["checks"] if each["standing"] == "problem"
    }
    assert problems.keys() == {
        *("log branch sluicegate-audit", "protected branch main"),
        *("log key", "pinned actions"),
    }
    assert problems["pinned actions"]["places"] == [
        {
            "path": ".github/workflows/release.yml",
            "line": 9,
            "what": "actions/checkout@v4",
        }
    ]
    assert (
        "gh api repos/acme/shop/rulesets"
        in problems["log branch sluicegate-audit"]["fix"]
    )


def test_what_the_token_of_a_job_may_not_read_is_unknown_and_not_fine(
    project: CliProject, github: FakeGitHub
) -> None:
    set_up_well(github)
    project.environ["SLUICE_GITHUB_TOKEN"] = github.token

    said = project.sluice("doctor", "--github", check=4).stdout

    assert "needs Administration: read" in said
    assert "things unknown" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 4, "needs SLUICE_GITHUB_TOKEN"),
        (["--offline"], 0, "were not looked at"),
    ],
)
def test_without_a_token_the_files_are_judged_and_that_is_said(
    project: CliProject, arguments: list[str], code: int, words: str
) -> None:
    del project.environ["SLUICE_GITHUB_TOKEN"]

    said = project.sluice("doctor", "--github", *arguments, check=code).stdout

    assert words in said
    assert "ok  pinned actions" in said


def test_a_host_that_is_down_is_broken_and_nothing_is_called_fine(
    project: CliProject, github: FakeGitHub
) -> None:
    github.faults.answer(401, times=None)

    said = project.sluice("doctor", "--github", check=4)

    assert said.stdout == ""
    assert "does not accept the token" in said.stderr


def test_names_that_a_terminal_would_obey_are_escaped(
    project: CliProject, github: FakeGitHub
) -> None:
    evil = 'on: push\npermissions: {}\njobs: {a: {steps: [{uses: "x/\\e[2J@v1"}]}}\n'
    project.commit({".github/workflows/evil.yml": evil}, "evil")

    said = project.sluice("doctor", "--github", "--offline", check=4).stdout

    assert "\x1b" not in said
    assert "x/\\x1b[2J@v1" in said
    assert json.loads(
        project.sluice("doctor", "--github", "--offline", "--json").stdout
    )
    assert github.exchanges == []


def test_offline_is_for_github_alone(project: CliProject) -> None:
    project.sluice("doctor", "--offline", check=2)
