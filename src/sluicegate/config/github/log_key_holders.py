"""Find the jobs that are given the log's key. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.config.github.checkout import Checkout, is_ours
from sluicegate.config.github.workflow import Job, Step, Text, Workflow
from sluicegate.model.host_check import Place

INPUT = "log-key"
VARIABLE = "SLUICE_LOG_KEY"
TOPIC = "log key"
INHERIT = "inherit"
_KEY_ENVIRONMENT = "sluicegate"  # what sluice-record.yml enters unless told otherwise
_IN_TREE = ("./", "$/")
_RECORDER = "/sluice-record."


@dataclass(frozen=True, slots=True)
class Holder:
    """A job that is given the log's key: ``key`` is how, by which of its texts."""

    workflow: Workflow
    job: Job
    key: Text
    step: Step | None = None

    @property
    def place(self) -> Place:
        """Where the workflow says so."""
        return Place(self.workflow.path, self.key.line, f"job {self.job.name}")

    @property
    def is_passed_on(self) -> bool:
        """Whether a workflow of the same repository gets it, which is looked at too."""
        return self.job.uses is not None and self.job.uses.text.startswith(_IN_TREE)

    @property
    def environment(self) -> Text | None:
        """The environment whose secrets the job reads."""
        return environment_of(self.job)


def holders(checkout: Checkout) -> Iterator[Holder]:
    """Every job that is given the log's key, once for each way."""
    for workflow, job in checkout.jobs():
        for texts in (workflow.env, job.env, job.secrets):
            for name in (VARIABLE, INPUT):
                if name in texts:
                    yield Holder(workflow, job, texts[name])
        if (
            job.inherits is not None
            and job.inherits.text == INHERIT
            and job.uses is not None
            and is_ours(job.uses.text)
            and _RECORDER in job.uses.text
        ):
            yield Holder(workflow, job, job.inherits)
        for step in job.steps:
            key = step.given.get(INPUT) or step.env.get(VARIABLE)
            if key is not None and key.text.strip():
                yield Holder(workflow, job, key, step)


def environment_of(job: Job) -> Text | None:
    """The environment that *job* enters, or that the recorder it calls does."""
    uses = job.uses
    if uses is not None and is_ours(uses.text) and _RECORDER in uses.text:
        default = Text(_KEY_ENVIRONMENT, uses.line)
        return job.given.get("key-environment", default)
    return job.environment
