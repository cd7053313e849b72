"""Judge the workflows that approvals and rollouts come by. Pure."""

from collections.abc import Iterator

from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.workflow import Workflow
from sluicegate.model.host_check import HostCheck, Place, Standing

FOLDER = ".github/workflows"
ROLLOUT = f"{FOLDER}/rollout.yml"
RELEASE = f"{FOLDER}/release.yml"
"""Is there in the full set-up: its rollouts wait, and nobody resumes them by hand."""
_MERGE = "merge it into the protected branch: what is there counts"


def judge_approving(checkout: Checkout, asked: Asked) -> Iterator[HostCheck]:
    """Whether they are there, as the protected branch has them, with their events."""
    by_path = {each.path: each for each in checkout.workflows}
    for name in sorted(asked.answering):
        workflow = by_path.get(f"{FOLDER}/{name}")
        if workflow is None:
            yield HostCheck(
                name,
                Standing.PROBLEM,
                "there is none, and the policy counts its runs as approvals",
                "nobody can approve with it",
                "sluice init --github=full",
            )
        else:
            yield from _is_current(name, workflow, checkout)
            yield from _answers(name, workflow)
    if ROLLOUT in by_path:
        yield from _is_current("rollout.yml", by_path[ROLLOUT], checkout)
    elif asked.environments and (asked.answering or RELEASE in by_path):
        yield HostCheck(
            "rollout.yml",
            Standing.NOTE,
            "there is none: a release that waits goes on when somebody resumes it",
            fix="sluice init --github=full",
        )


def _is_current(
    topic: str, workflow: Workflow, checkout: Checkout
) -> Iterator[HostCheck]:
    place = (Place(workflow.path, 0),)
    if checkout.behind is None:
        what = "whether it is the protected branch's"
        fix = "git fetch origin, then git remote set-head origin --auto"
        yield HostCheck(topic, Standing.UNKNOWN, what, fix=fix, places=place)
    elif workflow.path in checkout.behind:
        yield HostCheck(
            topic,
            Standing.WARNING,
            "it is not what the protected branch has",
            "a run of another file is nobody's approval",
            _MERGE,
            place,
        )
    else:
        what = "it is what the protected branch has"
        yield HostCheck(topic, Standing.FINE, what, places=place)


def _answers(name: str, workflow: Workflow) -> Iterator[HostCheck]:
    if workflow.events != {"workflow_dispatch"}:
        others = sorted(workflow.events - {"workflow_dispatch"})
        yield HostCheck(
            name,
            Standing.PROBLEM,
            f"it is started by {', '.join(others) or 'nothing'}"
            + ("" if "workflow_dispatch" in workflow.events else ", not by a dispatch"),
            "an approval is a run that a person has started by a dispatch",
            "on: workflow_dispatch  # alone",
            tuple(Place(workflow.path, each.line) for each in workflow.triggers),
        )
