"""Runners that go away."""

import pytest

from sluicegate.stages.docker_target import DockerTarget
from sluicegate.wiring.ephemeral import describe_runner, find_loss

GITHUB = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"}
GITLAB = {"GITLAB_CI": "true", "CI_DISPOSABLE_ENVIRONMENT": "true"}
AZURE = {"TF_BUILD": "True", "AGENT_ISSELFHOSTED": "0"}
LOCAL = DockerTarget(uses="docker", port=8000)


@pytest.mark.parametrize("environ", [GITHUB, GITLAB, AZURE, {"CIRCLECI": "true"}])
def test_a_hosted_runner_takes_a_local_environment_with_it(
    environ: dict[str, str],
) -> None:
    loss = find_loss(environ, "production", LOCAL)
    assert "this runner goes away and takes production with it" in str(loss)
    assert loss is not None
    assert "ssh://" in str(loss.hint)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CI": "true"},
        GITHUB | {"RUNNER_ENVIRONMENT": "self-hosted"},
        {"RUNNER_ENVIRONMENT": "github-hosted"},
        {"GITLAB_CI": "true"},
        AZURE | {"AGENT_ISSELFHOSTED": "1"},
        {"TF_BUILD": "True"},
    ],
)
def test_a_machine_that_stays_serves(environ: dict[str, str]) -> None:
    assert describe_runner(environ) is None
    assert find_loss(environ, "production", LOCAL) is None


@pytest.mark.parametrize(
    "target",
    [
        DockerTarget(uses="docker", port=8000, host="ssh://deploy@serving"),
        DockerTarget(uses="docker", port=8000, ephemeral="allowed"),
    ],
)
def test_another_host_and_what_may_go_away_are_nobodys_loss(
    target: DockerTarget,
) -> None:
    assert find_loss(GITHUB, "production", target) is None
