"""Why a release cannot serve, and what serves that nobody released."""

import json
import re

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.deployments import Deployments
from sluicegate.adapters.targets.kubernetes.image import is_same_image
from sluicegate.adapters.targets.kubernetes.marks import STABLE, Marks
from sluicegate.adapters.targets.kubernetes.readiness import explain, replicas_of
from sluicegate.adapters.targets.kubernetes.workload import Workload, by_whom
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Release

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./:_@-]*")
_PAGE = "docs/kubernetes-gateway.md"


def find_fault(deployments: Deployments, release: Release, marks: Marks) -> str | None:
    """Why *release* cannot serve (crashed, gone, replaced), None if it can."""
    is_on_trial = marks.is_canary(release)
    if is_on_trial or (marks.is_away and marks.is_stable(release)):
        workload = deployments.canary
    elif marks.is_stable(release):
        workload = deployments.stable
    else:
        return "it is not deployed"
    found = workload.find()
    if found is None:
        return f"its Deployment {workload.name} is gone"
    fault = _of_spec(workload, found, release)
    if fault is None and is_on_trial:
        fault = workload.crash(found, marks.excused)
    return fault or _of_status(workload, found)


def _of_spec(workload: Workload, found: Obj, release: Release) -> str | None:
    image = workload.image(found)
    if release.reference and not is_same_image(image, release.reference):
        return (
            f"Deployment {workload.name} runs {show(image)} now"
            f"{workload.image_set_by(found)}, not {release.name}"
        )
    if replicas_of(found) == 0:
        who = by_whom(found, "spec", "replicas")
        return f"Deployment {workload.name} was scaled to 0 pods{who}"
    return None


def _of_status(workload: Workload, found: Obj) -> str | None:
    if (found.integer("status", "availableReplicas") or 0) > 0:
        return None
    why = explain(found, workload.pods(found)).reason
    return f"no pod of Deployment {workload.name} is available: {why}"


def refuse_unknown(deployments: Deployments, marks: Marks, route: str) -> None:
    """See to it that nothing serves, where nobody said what is stable.

    Raises:
        PermanentError: stable's pods serve: says how to tell which release it is.
    """
    workload = deployments.stable
    found = workload.read()
    if not found.integer("status", "readyReplicas"):
        return
    image = workload.image(found)
    begun = marks.canary and marks.canary.reference
    if begun and is_same_image(image, begun):
        return  # a first release that moves in
    raise PermanentError(
        f"Deployment {workload.name} serves {show(image)}, and nobody has said which"
        " release that is: there is nothing to compare a canary with",
        hint=f"say so, with its commit, tag and image ID ({_PAGE} says where they are):"
        f" kubectl -n {found.namespace} annotate --overwrite httproute {route}"
        f" '{STABLE}={_to_fill_in(image)}'",
    )


def _to_fill_in(image: str) -> str:
    """The release that runs *image*, with what cannot be known of it in capitals."""
    known = "@sha256:" in image and _PLAIN.fullmatch(image)
    given = {
        "commit": "COMMIT",
        "image": "sha256:IMAGE_ID",
        "name": "TAG",
        "reference": image if known else "NAME@sha256:DIGEST",
    }
    return json.dumps(given, sort_keys=True, separators=(",", ":"))
