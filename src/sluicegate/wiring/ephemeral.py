"""Runners that go away with what runs on them, told by what they say of themselves.

A container that is started on such a runner serves until the job ends, and then nobody
does: production would live for a few minutes. Only documented variables count; a runner
that says nothing of itself is taken for a machine that stays.

Source:
    GitHub, "Variables reference": RUNNER_ENVIRONMENT is `github-hosted` or
    `self-hosted`. GitLab, "Predefined CI/CD variables": CI_DISPOSABLE_ENVIRONMENT is
    `true` with all executors but shell and ssh. CircleCI, "Built-in environment
    variables": CIRCLECI; whether a runner is self-hosted it does not say. Azure
    Pipelines agent: Agent.IsSelfHosted is 0 on Microsoft's own.
"""

from collections.abc import Mapping

from sluicegate.errors import UsageError
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.environment import TargetKind

_SIGNS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "a runner that GitHub hosts",
        {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"},
    ),
    (
        "a disposable environment of GitLab",
        {"GITLAB_CI": "true", "CI_DISPOSABLE_ENVIRONMENT": "true"},
    ),
    ("a runner of CircleCI", {"CIRCLECI": "true"}),
    ("an agent that Microsoft hosts", {"TF_BUILD": "true", "AGENT_ISSELFHOSTED": "0"}),
)
_HINT = (
    "name the host that serves, `host: ssh://USER@HOST` under `target`, or run this on"
    " that host (a self-hosted runner); `ephemeral: allowed` under `target` is for what"
    " may go away with the runner"
)


def describe_runner(environ: Mapping[str, str]) -> str | None:
    """What goes away when this job ends, None if nothing says that anything does."""
    for name, signs in _SIGNS:
        if all(environ.get(each, "").lower() == signs[each] for each in signs):
            return name
    return None


def find_loss(
    environ: Mapping[str, str], environment: str, target: TargetKind
) -> UsageError | None:
    """Why nothing may be released to *environment* from here, or None.

    Args:
        environ: the variables of this process.
        environment: its name.
        target: what serves there.
    """
    runner = describe_runner(environ)
    if runner is None or not isinstance(target, DockerTarget):
        return None
    if not target.is_here or target.ephemeral == "allowed":
        return None
    return UsageError(
        f"{environment} is served by the Docker engine of this machine, which is"
        f" {runner}: this runner goes away and takes {environment} with it",
        hint=_HINT,
    )
