"""Why a pod does not serve, in words for a person. Pure.

Source:
    kubernetes/pkg/kubelet: images/types.go (ErrImagePull ...), events/event.go,
    kuberuntime_manager.go ("back-off 10s restarting failed container"), prober.go
    ("Readiness probe failed: ..."); scheduler: condition PodScheduled.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.api import Event
from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import Node, by
from sluicegate.adapters.kubernetes.words import show

MOST_RESTARTS = 3
"""Of a container before it is ready: whatever needs more is not healthy."""
_IMAGE = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
}
_HOPELESS = {"InvalidImageName", "ErrImageNeverPull"}
_BEGINNING = {None, "ContainerCreating", "PodInitializing"}
_CRASH_LOOP = "CrashLoopBackOff"
_MEMORY = "OOMKilled"


@enum.unique
class Cause(enum.IntEnum):
    """What keeps a pod from serving; the first is the most telling."""

    IMAGE = 1
    CRASH = 2
    CONTAINER = 3
    UNSCHEDULABLE = 4
    SETTING_UP = 5
    PROBE = 6
    WAITING = 7


@dataclass(frozen=True, slots=True)
class Trouble:
    """*reason* in words. If it is hopeless, waiting longer changes nothing."""

    cause: Cause
    reason: str
    is_hopeless: bool = False


def find_trouble(pod: Obj, events: Sequence[Event]) -> Trouble | None:
    """Why *pod* is not ready, None if it is.

    Args:
        pod: the pod.
        events: what was said of it, the latest last.
    """
    if pod.text("status", "conditions", by(type="Ready"), "status") == "True":
        return None
    found = [
        trouble
        for status in _statuses(pod)
        if (trouble := _of_container(status, events)) is not None
    ]
    found.extend(_of_pod(pod, events))
    trouble = min(found, key=lambda each: each.cause)
    return Trouble(
        trouble.cause, f"pod {show(pod.name)}: {trouble.reason}", trouble.is_hopeless
    )


def judge_restarts(restarts: int) -> str | None:
    """Why what needed so many *restarts* until it was ready is not healthy, or None.

    So no more than that are ever left out of account later, whatever was noted.
    """
    if restarts <= MOST_RESTARTS:
        return None
    return f"it is ready only now, after a container was restarted {restarts} times"


def find_crash(pod: Obj, restarts: int) -> str | None:
    """How a container of *pod* ended, after more than *restarts* restarts of it."""
    for status in _statuses(pod):
        if _is_sidecar_or_main(pod, status) and (
            (status.integer("restartCount") or 0) > restarts
            or status.has("state", "terminated")
        ):
            return f"pod {show(pod.name)}: {_describe_crash(status)}"
    return None


def count_restarts(pods: Iterable[Obj]) -> int:
    """The restarts of the container that was restarted most often."""
    return max(
        (each.integer("restartCount") or 0 for pod in pods for each in _statuses(pod)),
        default=0,
    )


def _statuses(pod: Obj) -> tuple[Node, ...]:
    return (
        *pod.items("status", "initContainerStatuses"),
        *pod.items("status", "containerStatuses"),
    )


def _is_sidecar_or_main(pod: Obj, status: Node) -> bool:
    """Whether the container is to run as long as the pod does."""
    name = status.text("name") or ""
    init = pod.node("spec", "initContainers", by(name=name))
    return not init.has() or init.text("restartPolicy") == "Always"


def _of_container(status: Node, events: Sequence[Event]) -> Trouble | None:
    name = f"container {show(status.text('name') or '?')}"
    reason = status.text("state", "waiting", "reason")
    message = status.text("state", "waiting", "message") or ""
    restarts = status.integer("restartCount") or 0
    if reason in _IMAGE:
        said = show(_registry_says(message, events)) or "no message"
        what = f"{name}: its image cannot be pulled ({reason}): {said}"
        return Trouble(Cause.IMAGE, what, reason in _HOPELESS)
    ended = status.integer("state", "terminated", "exitCode")
    if reason == _CRASH_LOOP or ended or (restarts and not status.flag("ready")):
        hopeless = restarts >= MOST_RESTARTS
        return Trouble(Cause.CRASH, _describe_crash(status), hopeless)
    if reason not in _BEGINNING:
        said = show(message) or "no message"
        return Trouble(Cause.CONTAINER, f"{name}: {show(str(reason))}: {said}")
    return None


def _registry_says(message: str, events: Sequence[Event]) -> str:
    """Why the pull failed. Of old, only the event says it, not the status."""
    failed = [each.message for each in events if each.reason == "Failed"]
    pulls = [each for each in failed if "pull" in each]
    is_bare = not message or (message.startswith("Back-off") and message[-1] == '"')
    return pulls[-1] if pulls and is_bare else message


def _describe_crash(status: Node) -> str:
    name, restarts = status.text("name") or "?", status.integer("restartCount") or 0
    ended = status.node("state", "terminated")
    if not ended.has():
        ended = status.node("lastState", "terminated")
    words = f"container {show(name)} crashed"
    if restarts:
        words += f" and was restarted {restarts} {'time' if restarts == 1 else 'times'}"
    if not ended.has():
        return words
    code, signal = ended.integer("exitCode"), ended.integer("signal")
    words += f": signal {signal}" if signal else f": exit code {code}"
    reason = ended.text("reason")
    if reason == _MEMORY:
        words += f" ({_MEMORY}: it used more memory than its limit)"
    elif reason not in {None, "Error", "Completed"}:
        words += f" ({show(str(reason), 60)})"
    message = show(_last_lines(ended.text("message") or ""))
    return f"{words}; it said last: {message}" if message else words


def _last_lines(text: str, most: int = 3) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-most:])


def _of_pod(pod: Obj, events: Sequence[Event]) -> tuple[Trouble, ...]:
    """What is wrong with the pod itself; there is always something to say."""
    scheduled = pod.node("status", "conditions", by(type="PodScheduled"))
    if scheduled.text("status") == "False":
        said = show(scheduled.text("message") or "no message")
        reason = f"no node takes it ({scheduled.text('reason')}): {said}"
        return (Trouble(Cause.UNSCHEDULABLE, reason),)
    if pod.text("status", "phase") == "Failed":
        why = show(pod.text("status", "reason") or "no reason", 60)
        said = show(pod.text("status", "message") or "")
        return (Trouble(Cause.CONTAINER, f"it failed ({why}): {said}".rstrip(": ")),)
    warnings = [each for each in events if each.is_warning and each.reason != "Failed"]
    probes = [each for each in warnings if each.reason == "Unhealthy"]
    if probes:
        return (Trouble(Cause.PROBE, show(probes[-1].message)),)
    if warnings and pod.text("status", "phase") == "Pending":
        last = warnings[-1]
        said = f"{show(last.reason, 60)}: {show(last.message)}"
        return (Trouble(Cause.SETTING_UP, said),)
    ready = pod.node("status", "conditions", by(type="Ready"))
    said = show(ready.text("message") or pod.text("status", "phase") or "not begun")
    return (Trouble(Cause.WAITING, f"not ready: {said}"),)
