"""How a pod fares, as scheduler and kubelet report it.

Source: k8s.io/kubernetes/pkg/kubelet: images/image_manager.go, events/event.go,
kuberuntime/kuberuntime_manager.go, prober/prober.go; pkg/scheduler/framework/types.go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kube_players.documents import Document, condition

_AT = "2026-11-22T00:00:00Z"


@dataclass
class Fares:
    """What becomes of the pods of an image. All in order without anything.

    Attributes:
        unscheduled: what the scheduler says, if no node takes them.
        unpulled: what the registry says, if the image cannot be pulled.
        unmade: reason and message of a container that cannot be made.
        crashes: exit code and last output, if it always ends at once.
        restarts_until_ready: how often it ends before it stays up.
        unhealthy: what the readiness probe says, if it fails.
        ended: pods whose container ends now: name, exit code, last output.
    """

    unscheduled: str | None = None
    unpulled: str | None = None
    unmade: tuple[str, str] | None = None
    crashes: tuple[int, str] | None = None
    restarts_until_ready: int = 0
    unhealthy: str | None = None
    ended: list[tuple[str, int, str]] = field(default_factory=list)

    def said(self, pod: Document) -> Iterator[tuple[str, str]]:
        """Reason and message of events about *pod*."""
        image = pod["spec"]["containers"][0]["image"]
        if self.unpulled is not None:
            yield "Failed", f'Failed to pull image "{image}": {self.unpulled}'
        if self.unhealthy is not None:
            yield "Unhealthy", f"Readiness probe failed: {self.unhealthy}"
        if self.unscheduled is not None:
            yield "FailedScheduling", self.unscheduled


def container_statuses(pod: Document, seen: Document, fares: Fares) -> list[Document]:
    """What the kubelet says of the containers; none before a node has the pod."""
    if fares.unscheduled is not None:
        return []
    spec = pod["spec"]["containers"][0]
    before: Document = next(iter(seen.get("containerStatuses", [])), {})
    base: Document = {
        "name": spec["name"],
        "image": spec["image"],
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": before.get("restartCount", 0),
    }
    if fares.unpulled is not None:
        return [{**base, "state": _pull(spec["image"], before)}]
    if fares.unmade is not None:
        return [{**base, "state": {"waiting": _waiting(*fares.unmade)}}]
    base["imageID"] = spec["image"]
    for found in fares.ended:
        if found[0] == pod["metadata"]["name"]:
            fares.ended.remove(found)
            return [_ended(base, found[1], found[2], "restarted")]
    if fares.crashes is not None:
        return [_ended(base, *fares.crashes, "loops")]
    if base["restartCount"] < fares.restarts_until_ready:
        return [_ended(base, 1, "not yet", "loops")]
    up = {"running": {"startedAt": _AT}}
    last = {"lastState": before["lastState"]} if before.get("lastState") else {}
    healthy = fares.unhealthy is None
    return [{**base, "ready": healthy, "started": True, "state": up, **last}]


def pod_conditions(fares: Fares, statuses: Sequence[Document]) -> list[Document]:
    """The conditions of the pod."""
    if fares.unscheduled is not None:
        return [condition("PodScheduled", "False", "Unschedulable", fares.unscheduled)]
    ready = all(each["ready"] for each in statuses)
    names = [each["name"] for each in statuses if not each["ready"]]
    why = "" if ready else "ContainersNotReady"
    message = "" if ready else f"containers with unready status: [{' '.join(names)}]"
    return [
        condition("PodScheduled", "True", ""),
        condition("Initialized", "True", ""),
        condition("ContainersReady", str(ready), why, message),
        condition("Ready", str(ready), why, message),
    ]


def _pull(image: str, before: Document) -> Document:
    """First the error itself, then waiting for the next attempt."""
    if not before:
        return {"waiting": _waiting("ErrImagePull", "failed to pull and unpack image")}
    message = f'Back-off pulling image "{image}"'
    return {"waiting": _waiting("ImagePullBackOff", message)}


def _ended(base: Document, code: int, said: str, then: str) -> Document:
    ended = {
        "exitCode": code,
        "reason": "OOMKilled" if code == 137 else "Error",
        "message": said,
        "startedAt": _AT,
        "finishedAt": _AT,
    }
    status = {**base, "restartCount": base["restartCount"] + 1}
    status["lastState"] = {"terminated": ended}
    if then == "restarted":
        return {**status, "state": {"running": {"startedAt": _AT}}}
    message = f"back-off 10s restarting failed container={base['name']}"
    return {**status, "state": {"waiting": _waiting("CrashLoopBackOff", message)}}


def _waiting(reason: str, message: str) -> Document:
    return {"reason": reason, "message": message}
