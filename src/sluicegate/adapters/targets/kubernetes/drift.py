"""How an environment differs from what was set, and who changed it if that is known."""

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.deployments import Deployments
from sluicegate.adapters.targets.kubernetes.image import is_same_image
from sluicegate.adapters.targets.kubernetes.marks import WEIGHT, Marks
from sluicegate.adapters.targets.kubernetes.readiness import replicas_of
from sluicegate.adapters.targets.kubernetes.route import Route, Seen
from sluicegate.adapters.targets.kubernetes.routing import Shares, write_percent
from sluicegate.adapters.targets.kubernetes.workload import (
    Workload,
    by_whom,
    is_scaled_by_us,
)
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Release

_ALL = 100  # percent


def describe_drift(
    route: Route, deployments: Deployments, canary: Release, percent: int
) -> str | None:
    """What differs from *canary* at *percent*, None if nothing does."""
    found = route.find()
    if found is None:
        return f"HTTPRoute {route.name} is gone"
    try:
        seen = route.see(found)
    except PermanentError as error:
        return f"HTTPRoute {route.name}: {error}{by_whom(found, 'spec', 'rules')}"
    told = [
        *_of_marks(seen, canary, percent),
        *_of_rules(route, seen, canary, percent),
        *_of_deployments(deployments, seen.marks, canary, percent),
    ]
    return "; ".join(told) or None


def _of_marks(seen: Seen, canary: Release, percent: int) -> list[str]:
    marks = seen.marks
    is_settled = percent == _ALL and marks.canary is None and marks.is_stable(canary)
    has = marks.canary is not None and marks.canary.image == canary.image
    if is_settled or (has and marks.percent == percent):
        return []
    says = "no canary"
    if marks.canary is not None:
        says = f"{show(marks.canary.name)} at {marks.percent} %"
    who = by_whom(seen.obj, "metadata", "annotations", WEIGHT)
    wanted = f"{canary.name} at {percent} %"
    return [
        f"the annotations of HTTPRoute {seen.obj.name} say {says}, not {wanted}{who}"
    ]


def _of_rules(route: Route, seen: Seen, canary: Release, percent: int) -> list[str]:
    is_settled = percent == _ALL and not seen.marks.is_away
    wanted = route.shares(0 if is_settled and seen.marks.is_stable(canary) else percent)
    who = by_whom(seen.obj, "spec", "rules")
    return [
        f"{each.label} of HTTPRoute {seen.obj.name} gives"
        f" {_compare(each.shares, wanted)}{who}"
        for each in seen.shares
        if each.shares != wanted
    ]


def _compare(found: Shares, wanted: Shares) -> str:
    if found.canary != wanted.canary:
        have, want = found.canary, wanted.canary
        return f"the canary {write_percent(have)}, not {write_percent(want)}"
    have, want = found.baseline, wanted.baseline
    return f"the baseline {write_percent(have)}, not {write_percent(want)}"


def _of_deployments(
    deployments: Deployments, marks: Marks, canary: Release, percent: int
) -> list[str]:
    runs = {} if percent == _ALL else {deployments.canary: canary}
    if marks.stable is not None and not marks.is_away:
        runs[deployments.stable] = marks.stable
        if deployments.baseline is not None and percent < _ALL:
            runs[deployments.baseline] = marks.stable
    told: list[str] = []
    for workload, release in runs.items():
        found = workload.find()
        if found is None:
            told.append(f"Deployment {workload.name} is gone")
        else:
            told += _of_one(workload, found, release)
            if workload is not deployments.stable:
                told += _of_pods(workload, found)
    return told


def _of_one(workload: Workload, found: Obj, release: Release) -> list[str]:
    told = []
    image = workload.image(found)
    if release.reference and not is_same_image(image, release.reference):
        who = workload.image_set_by(found)
        told.append(
            f"Deployment {workload.name} runs {show(image)}, not {release.name}{who}"
        )
    if found.flag("spec", "paused"):
        told.append(f"Deployment {workload.name} is paused")
    if replicas_of(found) == 0:
        who = by_whom(found, "spec", "replicas")
        told.append(f"Deployment {workload.name} was scaled to 0 pods{who}")
    return told


def _of_pods(workload: Workload, found: Obj) -> list[str]:
    if is_scaled_by_us(found) or replicas_of(found) == 0:
        return []
    who = by_whom(found, "spec", "replicas")
    return [f"Deployment {workload.name} was scaled to {replicas_of(found)} pods{who}"]
