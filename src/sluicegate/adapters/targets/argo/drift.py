"""How a Rollout differs from what was set. Pure."""

from sluicegate.adapters.kubernetes.api import FIELD_MANAGER
from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import Step, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.argo.rollout import Seen
from sluicegate.adapters.targets.argo.standing import AT_STEP
from sluicegate.adapters.targets.kubernetes.marks import CANARY
from sluicegate.model.rollout import Release

_ALL = 100  # percent
_CONTROLLER = "rollouts-controller"


def find_drift(
    seen: Seen,
    canary: Release,
    percent: int,
    before: int,
    *,
    weight: int,
    is_stable: bool,
) -> str | None:
    """How *seen*, which gives *canary* the share *weight*, differs from *percent*.

    Args:
        seen: the Rollout.
        canary: what was deployed.
        percent: what it was given.
        before: what it had before, which it may have still, or all that lies between.
        weight: what it has.
        is_stable: whether it is what Argo calls stable.
    """
    found = _of_spec(seen, canary) or _of_status(seen, percent)
    found = found or _of_marks(seen, canary, percent)
    if percent < _ALL and (is_stable or seen.standing.is_promoting):
        found = found or (
            f"Rollout {seen.obj.name} was promoted by somebody else: {canary.name} is"
            f" to have all the traffic, not {percent} %"
            + _by(seen.obj, "status", "promoteFull")
        )
    shares = (before, percent, _least(seen) if before == 0 else percent)
    if found is None and not min(shares) <= weight <= max(shares):
        found = (
            f"{canary.name} has {weight} %, not {percent} %: {seen.standing.describe()}"
            + _by(seen.obj, "status", "pauseConditions")
        )
    return found


def _least(seen: Seen) -> int:
    """What a canary has as soon as it is ready: pods without a router have a share."""
    holds = seen.steps.holds
    return 0 if seen.is_routed or not holds else holds[0].percent


def _of_spec(seen: Seen, canary: Release) -> str | None:
    """What somebody else wants of it."""
    obj = seen.obj
    name = f"Rollout {obj.name}"
    if obj.is_going:
        return f"{name} is being deleted"
    if not seen.runs(canary):
        path = ("spec", "template", "spec", "containers", by(name=seen.container))
        what = f"{show(seen.image)}, not {show(str(canary.reference))}"
        return f"{name} has the image {what}" + _by(obj, *path, "image")
    if obj.flag("spec", "paused"):
        whom = _by(obj, "spec", "paused")
        return f"{name} is paused as a whole (spec.paused){whom}"
    if not seen.replicas:
        return f"{name} is scaled to 0" + _by(obj, "spec", "replicas")
    return None


def _of_marks(seen: Seen, canary: Release, percent: int) -> str | None:
    """Whether its annotations say that *canary* is on trial."""
    on_trial = seen.marks.canary
    if seen.is_canary(canary) or (on_trial is None and percent == 0):
        return None
    says = "no canary" if on_trial is None else f"{show(on_trial.name)} as the canary"
    who = _by(seen.obj, "metadata", "annotations", CANARY)
    return (
        f"the annotations of Rollout {seen.obj.name} say {says}, not {canary.name}{who}"
    )


def _of_status(seen: Seen, percent: int) -> str | None:
    """What somebody else had it do."""
    standing, name = seen.standing, f"Rollout {seen.obj.name}"
    if standing.is_aborted and percent:
        return explain_abort(seen)
    stray = next((each for each in standing.pauses if each != AT_STEP), None)
    if stray is not None:
        runs = ", ".join(map(str, standing.analyses))
        return f"{name} waits for a person: {show(stray)}" + (runs and f" ({runs})")
    return None


def explain_abort(seen: Seen) -> str:
    """Who aborted it, and why."""
    standing = seen.standing
    failed = standing.failed_analysis
    if failed is not None:
        return f"Argo Rollouts aborted it: {failed}"
    said = show(standing.failure or standing.message)
    who = _by(seen.obj, "status", "abort")
    if who:
        return f"somebody aborted Rollout {seen.obj.name}{who}"
    return f"Rollout {seen.obj.name} was aborted: {said or 'it does not say why'}"


def _by(obj: Obj, *path: Step) -> str:
    """Who set what is at *path*, if it was neither the controller nor we."""
    owners = {each.name for each in obj.managers_of(*path)}
    others = sorted(owners - {FIELD_MANAGER, _CONTROLLER})
    return f" (set by {' and '.join(map(show, others))})" if others else ""
