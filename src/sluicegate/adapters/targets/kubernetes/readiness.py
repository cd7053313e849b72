"""Whether a Deployment has become what was asked of it, and if not, why. Pure.

It is judged as ``kubectl rollout status`` does; the reason is what one would find with
``kubectl describe`` of the Deployment, its newest ReplicaSet and their pods.

Source:
    kubectl/pkg/polymorphichelpers/rollout_status.go (DeploymentStatusViewer);
    kubernetes/pkg/controller/deployment/progress.go (ProgressDeadlineExceeded,
    ReplicaFailure), pkg/controller/replicaset/replica_set_utils.go (FailedCreate).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.adapters.kubernetes.api import Event
from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.pod_trouble import find_trouble

REVISION = "deployment.kubernetes.io/revision"
_TOO_LATE = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of a Deployment's newest ReplicaSet, and what was said of each.

    ``events`` has the events of an object by its UID.
    """

    replica_set: Obj | None = None
    pods: Sequence[Obj] = ()
    events: Mapping[str, Sequence[Event]] = field(default_factory=dict)

    def events_of(self, obj: Obj) -> Sequence[Event]:
        """What was said of *obj*, the latest last."""
        return self.events.get(obj.uid, ())


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a Deployment is not ready. If hopeless, waiting longer changes nothing."""

    reason: str
    is_hopeless: bool = False


def is_ready(deployment: Obj) -> bool:
    """Whether all pods are of the newest kind and available, and no old one is left."""
    if deployment.observed_generation < deployment.generation:
        return False
    wanted = replicas_of(deployment)
    updated = deployment.integer("status", "updatedReplicas") or 0
    return (
        updated >= wanted
        and (deployment.integer("status", "replicas") or 0) <= updated
        and (deployment.integer("status", "availableReplicas") or 0) >= updated
    )


def replicas_of(deployment: Obj) -> int:
    """How many pods it is to have."""
    replicas = deployment.integer("spec", "replicas")
    return 1 if replicas is None else replicas


def newest_of(deployment: Obj, replica_sets: Sequence[Obj]) -> Obj | None:
    """The ReplicaSet of *deployment* that has its newest pods."""
    own = [
        each
        for each in replica_sets
        if each.has("metadata", "ownerReferences", by(uid=deployment.uid))
    ]
    revision = deployment.annotations.get(REVISION)
    current = [each for each in own if each.annotations.get(REVISION) == revision]
    return max(
        current or own,
        key=lambda each: (each.created is not None and each.created.timestamp()) or 0,
        default=None,
    )


def explain(deployment: Obj, found: Pods) -> Standing:
    """Why *deployment*, which is not ready, is not."""
    if deployment.flag("spec", "paused"):
        resume = f"rollout resume deployment/{deployment.name}"
        return Standing(
            f"{_named(deployment)} is paused: `kubectl -n {deployment.namespace}"
            f" {resume}` lets it go on",
            is_hopeless=True,
        )
    seen = deployment.observed_generation
    if seen < deployment.generation:
        return Standing(
            f"no controller has looked at the change of {_named(deployment)} yet"
            f" (generation {deployment.generation}, observed {seen})"
        )
    pods = _of_pods(found)
    counted = _count(deployment)
    failed = _failed_create(deployment, found)
    reason = "; ".join(each for each in (failed, pods and pods.reason) if each)
    late = deployment.node("status", "conditions", by(type="Progressing"))
    if late.text("reason") == _TOO_LATE:
        said = show(late.text("message") or _TOO_LATE)
        reason = f"{reason or counted} ({said})"
        return Standing(reason, is_hopeless=True)
    return Standing(reason or counted, pods is not None and pods.is_hopeless)


def _named(deployment: Obj) -> str:
    return f"Deployment {deployment.name}"


def _count(deployment: Obj) -> str:
    updated = deployment.integer("status", "updatedReplicas") or 0
    available = deployment.integer("status", "availableReplicas") or 0
    old = (deployment.integer("status", "replicas") or 0) - updated
    words = (
        f"Deployment {deployment.name}: of {replicas_of(deployment)} pods {updated} are"
        f" of the new release and {available} are available"
    )
    return f"{words}, {old} old ones are still there" if old > 0 else words


def _of_pods(found: Pods) -> Standing | None:
    """What is wrong with the pod that tells most."""
    troubles = [
        trouble
        for pod in found.pods
        if (trouble := find_trouble(pod, found.events_of(pod))) is not None
    ]
    if not troubles:
        return None
    worst = min(troubles, key=lambda each: each.cause)
    return Standing(worst.reason, worst.is_hopeless)


def _failed_create(deployment: Obj, found: Pods) -> str | None:
    """Why no pod can be made: a quota, a limit, a policy of the cluster."""
    failure = deployment.node("status", "conditions", by(type="ReplicaFailure"))
    said = failure.text("message") if failure.text("status") == "True" else None
    if said is None and found.replica_set is not None:
        events = found.events_of(found.replica_set)
        failed = [each.message for each in events if each.reason == "FailedCreate"]
        has_all = len(found.pods) >= replicas_of(deployment)
        said = failed[-1] if failed and not has_all else None
    return None if said is None else f"no pod can be made: {show(said)}"
