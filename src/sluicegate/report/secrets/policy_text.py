"""What an administrator of a provider pastes, so that a pipeline may do just enough."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A text to paste; ``language`` is ``hcl``, ``json`` or ``sh``.

    ``name`` is the file that the commands of another text expect it in, if any.
    """

    title: str
    language: str
    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Who runs the pipeline, as GitHub's token says it; None where nobody knows.

    ``workflow_ref`` is the claim ``job_workflow_ref``: the file of the workflow, with
    its ref.
    """

    repository: str | None = None
    repository_id: str | None = None
    owner: str | None = None
    owner_id: str | None = None
    ref: str | None = None
    environment: str | None = None
    workflow_ref: str | None = None
