"""Which jobs of workflows run stages that log in with an identity. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sluicegate.config.github.checkout import Checkout, is_expression, is_ours
from sluicegate.config.github.workflow import (
    ALL_SCOPES,
    Job,
    Permissions,
    Text,
    Workflow,
)

_SCOPE = "id-token"
_RUNS = re.compile(r"\bsluice\s+(run|resume|rollout|secrets\s+check)\b")
_IN_SCRIPT = re.compile(r"\bsluice\s+rollout\b")
_REUSED = {
    "sluice-build.yml": "stages",
    "sluice-record.yml": "record",
    "sluice-scan.yml": "stages",
    "sluice-test.yml": "stages",
}
_PULL_REQUESTS = ("pull_request", "pull_request_target")


@dataclass(frozen=True, slots=True)
class SecretJob:
    """A job that runs stages which need an identity.

    ``stages`` are those, ``environment`` is GitHub's that the job enters. ``may_ask``
    says whether it may ask for a token; ``line`` where that is to be written.
    ``is_reused`` is whether it is one of our reusable workflows, whose jobs may not.
    """

    workflow: str
    name: str
    line: int
    stages: tuple[str, ...]
    environment: str | None
    events: tuple[str, ...]
    may_ask: bool
    is_reused: bool = False

    @property
    def is_of_pull_requests(self) -> bool:
        """Whether code that nobody has reviewed may run in it."""
        return any(each in _PULL_REQUESTS for each in self.events)


def secret_jobs(
    checkout: Checkout, needing: Mapping[str, bool], config: str
) -> Iterator[SecretJob]:
    """The jobs of *checkout* that run a stage of *needing*, of the file *config*.

    *needing* has the names of stages, and whether each is a rollout's.
    """
    for workflow, job in checkout.jobs():
        stages = dict.fromkeys(_stages(job, needing, config))
        if not stages:
            continue
        environment = job.environment.text if job.environment else None
        permissions = job.permissions or workflow.permissions
        yield SecretJob(
            workflow.path,
            job.name,
            permissions.line if permissions else job.line,
            tuple(stages),
            environment,
            tuple(_events(workflow, job)),
            may_ask=_may_ask(permissions),
            is_reused=job.uses is not None,
        )


def _may_ask(permissions: Permissions | None) -> bool:
    """No default lets a job ask: it has to be said."""
    if permissions is None:
        return False
    found = permissions.scopes.get(_SCOPE) or permissions.scopes.get(ALL_SCOPES)
    return found is not None and found.text == "write"


def _stages(job: Job, needing: Mapping[str, bool], config: str) -> Iterator[str]:
    if job.uses is not None and is_ours(job.uses.text):
        file = job.uses.text.rpartition("@")[0].rpartition("/")[2]
        yield from _of_command(_REUSED.get(file, "run"), job.given, needing, config)
    for step in job.steps:
        if step.uses is not None and is_ours(step.uses.text):
            command = step.given.get("command", Text("run", 0)).text
            yield from _of_command(command, step.given, needing, config)
        elif step.runs is not None and _RUNS.search(step.runs.text):
            is_rollout = _IN_SCRIPT.search(step.runs.text) is not None
            command = "rollout" if is_rollout else "run"
            yield from _of_command(command, {}, needing, "")


def _of_command(
    command: str, given: Mapping[str, Text], needing: Mapping[str, bool], config: str
) -> Collection[str]:
    """The stages of *needing* that *command* runs; all it may, where it cannot tell."""
    file = given.get("config")
    other = file is not None and file.text.removeprefix("./") not in {"", config}
    if other and config and not is_expression(file.text if file else ""):
        return ()
    if command == "rollout":
        return [name for name, is_rollout in needing.items() if is_rollout]
    if command not in {"run", "stages"}:
        return ()
    asked = given.get("stages")
    if asked is None or not asked.text or is_expression(asked.text):
        return list(needing)
    named = set(asked.text.replace(",", " ").split())
    return [name for name in needing if name in named]


def _events(workflow: Workflow, job: Job) -> Iterator[str]:
    """What starts the workflow, but for what the job's condition leaves out."""
    left_out = job.condition.text if job.condition else ""
    for event in sorted(workflow.events):
        if re.search(rf"event_name\s*!=\s*'{re.escape(event)}'", left_out):
            continue
        only = re.findall(r"event_name\s*==\s*'(\w+)'", left_out)
        if only and "||" not in left_out and event not in only:
            continue
        yield event
