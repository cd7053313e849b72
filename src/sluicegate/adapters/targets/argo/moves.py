"""What is written into a Rollout's status to have its controller do something. Pure.

Each names the fields to set, as the kubectl plug-in of Argo sets them, or None if there
is nothing to do. Source: ``pkg/kubectl-argo-rollouts/cmd/{promote,abort,retry}``.
"""

from sluicegate.adapters.kubernetes.values import Fields
from sluicegate.adapters.targets.argo.rollout import Seen
from sluicegate.adapters.targets.argo.standing import Standing
from sluicegate.adapters.targets.argo.steps import Hold

_GO_ON: Fields = {"pauseConditions": None}
PROMOTE: Fields = {"promoteFull": True}
ABORT: Fields = {"abort": True}


def begin_anew(seen: Seen) -> Fields | None:
    """From the first step, if it is not at its first hold already."""
    standing = seen.standing
    if standing.is_settled:
        return None
    if standing.is_aborted:
        return {"abort": False}
    if not seen.steps.holds or standing.step <= seen.steps.holds[0].pause:
        return None
    return _go_to(0)


def move_to(standing: Standing, hold: Hold) -> Fields | None:
    """The next move towards *hold*: past the pause where it waits, or back."""
    if standing.is_aborted or standing.is_settled or not standing.is_seen:
        return None
    if standing.step > hold.pause:
        return _go_to(hold.begin)
    is_before = standing.step < hold.pause
    return _GO_ON if is_before and standing.is_waiting else None


def promote(standing: Standing) -> Fields | None:
    """Past all steps: the canary becomes the stable one."""
    is_on_its_way = standing.is_settled or standing.is_promoting
    return None if is_on_its_way or standing.is_aborted else PROMOTE


def abort(standing: Standing) -> Fields | None:
    """Off the canary, at once."""
    return None if standing.is_settled or standing.is_aborted else ABORT


def is_at(seen: Seen, hold: Hold) -> bool:
    """Whether it waits at *hold*, and the traffic is as it is to be there."""
    standing = seen.standing
    if not standing.is_waiting or standing.step != hold.pause:
        return False
    weights = standing.weights
    if not seen.is_routed:
        return True
    if weights is None:
        return hold.percent == 0
    return weights.canary == hold.percent and weights.is_verified


def has_all(seen: Seen) -> bool:
    """Whether the newest template is stable, and its pods have all the traffic."""
    standing, weights = seen.standing, seen.standing.weights
    if not standing.is_settled or standing.is_aborted:
        return False
    if weights is None:
        return True
    return weights.stable_hash == standing.current and not weights.canary


def has_none(seen: Seen) -> bool:
    """Whether the pods of the newest template have no traffic any more."""
    standing, weights = seen.standing, seen.standing.weights
    if seen.is_routed:
        return weights is None or not weights.canary
    if not standing.is_aborted:
        return standing.is_settled
    return not seen.obj.integer("status", "updatedReplicas")


def _go_to(step: int) -> Fields:
    return {**_GO_ON, "controllerPause": False, "currentStepIndex": step}
