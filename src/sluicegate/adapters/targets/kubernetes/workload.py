"""A Deployment of an arm: what it runs, how many pods it has, whether they are ready.

Of its fields we have the image of one container, and the number of pods where that is
ours; all else is the user's.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from sluicegate.adapters.kubernetes.api import FIELD_MANAGER, Api, Event
from sluicegate.adapters.kubernetes.errors import (
    AbsentError,
    ForbiddenError,
    StaleError,
)
from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, POD, REPLICA_SET, Obj
from sluicegate.adapters.kubernetes.values import Fields, Node, Step, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.fencing import written_fence
from sluicegate.adapters.targets.kubernetes.pod_trouble import (
    count_restarts,
    find_crash,
)
from sluicegate.adapters.targets.kubernetes.readiness import (
    Pods,
    Standing,
    explain,
    is_ready,
    newest_of,
    replicas_of,
)
from sluicegate.errors import PermanentError
from sluicegate.ports.clock import Clock

_TRIES = 8  # status changes of a Deployment that is busy make many writes stale
_LOOK_SECONDS = 5.0
_MOST_EXPLAINED = 3  # pods whose events are read
_CONTAINERS = ("spec", "template", "spec", "containers")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Deployment is to run; ``replicas`` None leaves their number alone."""

    image: str
    replicas: int | None = None


class Workload:
    """The Deployment called *name*."""

    def __init__(
        self,
        api: Api,
        name: str,
        clock: Clock,
        *,
        container: str | None = None,
        take_over: Collection[str] = (),
    ) -> None:
        self.name = name
        self._api, self._clock = api, clock
        self._container, self._take_over = container, take_over

    def read(self) -> Obj:
        """The Deployment as it is now.

        Raises:
            AbsentError: there is none.
        """
        return self._api.read(DEPLOYMENT, self.name)

    def find(self) -> Obj | None:
        """The Deployment as it is now, None if there is none."""
        return self._api.get(DEPLOYMENT, self.name)

    def image(self, deployment: Obj) -> str:
        """The image of the release's container."""
        return self.container(deployment).text("image") or ""

    def image_set_by(self, deployment: Obj) -> str:
        """Who set that image other than us, as an addition to a sentence."""
        name = self.container(deployment).text("name") or ""
        return by_whom(deployment, *_CONTAINERS, by(name=name), "image")

    def set(self, wanted: Wanted, fence: Fence) -> None:
        """Have it run *wanted*; nothing is written if it does, by our doing.

        Raises:
            PermanentError: a later lease is there already, or the fields are contested.
        """
        self._change(fence, lambda deployment: self._set(deployment, wanted))

    def rehearse(self, wanted: Wanted, fence: Fence) -> None:
        """See whether `set` could be done; nothing is changed.

        Raises:
            ContestedError: the image is somebody else's.
        """
        self._change(
            fence, lambda deployment: self._set(deployment, wanted, dry_run=True)
        )

    def scale(self, replicas: int, fence: Fence) -> None:
        """Have *replicas* pods of what runs, whoever scaled them meanwhile.

        The number of pods is ours once a release was `set` with one.
        """

        def change(deployment: Obj) -> None:
            wanted = Wanted(self.image(deployment), replicas)
            owners = deployment.managers_of("spec", "replicas")
            self._set(deployment, wanted, [each.name for each in owners])

        self._change(fence, change)

    def grow(self, replicas: int, fence: Fence) -> None:
        """Have at least *replicas* pods, as ``kubectl scale`` would; others may change.

        For a Deployment whose number of pods is not ours, but an autoscaler's.
        """

        def change(deployment: Obj) -> None:
            if replicas_of(deployment) < replicas:
                self._api.patch(
                    DEPLOYMENT,
                    self.name,
                    {"spec": {"replicas": replicas}},
                    resource_version=deployment.resource_version,
                )

        self._change(fence, change)

    def raise_fence(self, fence: Fence) -> None:
        """Let nobody change it by an earlier lease from now on."""

        def change(deployment: Obj) -> None:
            wanted = written_fence(fence)
            if not wanted.items() <= deployment.annotations.items():
                self._api.patch(
                    DEPLOYMENT,
                    self.name,
                    {"metadata": {"annotations": wanted}},
                    resource_version=deployment.resource_version,
                )

        try:
            self._change(fence, change, is_new=True)
        except AbsentError:
            return  # whoever needs it says so

    def await_ready(self, timeout_seconds: float) -> Standing | None:
        """Wait until all its pods are ready.

        Returns:
            None once they are; otherwise why they are not in time, or never will be.
        """
        end = self._clock.monotonic_ms() + round(1000 * timeout_seconds)
        while True:
            left = max((end - self._clock.monotonic_ms()) / 1000, 0)
            if self._is_ready_within(min(left, _LOOK_SECONDS)):
                return None
            deployment = self.read()
            if is_ready(deployment):
                return None
            standing = explain(deployment, self.pods(deployment))
            if standing.is_hopeless:
                return standing
            if self._clock.monotonic_ms() >= end:
                within = f"not ready within {timeout_seconds:g} s: "
                return replace(standing, reason=within + standing.reason)

    def await_growing(self, patience_seconds: float) -> Standing | None:
        """Wait until all its pods are ready, as long as more and more of them are.

        Returns:
            As `await_ready`, if none became ready for *patience_seconds*.
        """
        reached = _progress(self.read())
        while True:
            standing = self.await_ready(patience_seconds)
            if standing is None or standing.is_hopeless:
                return standing
            now = _progress(self.read())
            if now <= reached:
                return standing
            reached = now

    def crash(self, deployment: Obj, restarts: int) -> str | None:
        """How one of its pods ended, restarted more often than *restarts* times."""
        for pod in self.pods(deployment, with_events=False).pods:
            crash = find_crash(pod, restarts)
            if crash is not None:
                return crash
        return None

    def restarts(self, deployment: Obj) -> int:
        """The restarts until now, of the container restarted most often."""
        return count_restarts(self.pods(deployment, with_events=False).pods)

    def pods(self, deployment: Obj, *, with_events: bool = True) -> Pods:
        """Its newest pods, and what was said of those that are not ready."""
        selector = deployment.mapping("spec", "selector", "matchLabels")
        sets = self._api.list(REPLICA_SET, labels=selector)
        newest = newest_of(deployment, sets)
        if newest is None:
            return Pods()
        pods = tuple(
            each
            for each in self._api.list(POD, labels=selector)
            if each.has("metadata", "ownerReferences", by(uid=newest.uid))
            and not each.is_going
        )
        if not with_events:
            return Pods(newest, pods)
        unready = [each for each in pods if not _is_pod_ready(each)]
        asked = (newest, *unready[:_MOST_EXPLAINED])
        return Pods(newest, pods, {each.uid: self._events(each) for each in asked})

    def _events(self, obj: Obj) -> Sequence[Event]:
        try:
            return self._api.events_of(obj)
        except ForbiddenError:
            return ()  # they explain; nothing is decided by them

    def _is_ready_within(self, seconds: float) -> bool:
        ready = self._api.await_until(
            DEPLOYMENT,
            self.name,
            lambda found: True if found is not None and is_ready(found) else None,
            timeout_seconds=seconds,
        )
        return ready is not None

    def container(self, deployment: Obj) -> Node:
        """The container of the release.

        Raises:
            PermanentError: which one it is, is not clear.
        """
        containers = deployment.items(*_CONTAINERS)
        if self._container is None and len(containers) == 1:
            return containers[0]
        names = [each.text("name") or "" for each in containers]
        if self._container in names:
            return containers[names.index(self._container)]
        listed = ", ".join(map(show, names))
        if self._container is None:
            raise PermanentError(
                f"Deployment {self.name} has the containers {listed}: which one is the"
                " release?",
                hint="write container: NAME into the target",
            )
        raise PermanentError(
            f"Deployment {self.name} has no container {self._container}, but {listed}"
        )

    def _set(
        self,
        deployment: Obj,
        wanted: Wanted,
        taken_back: Collection[str] = (),
        *,
        dry_run: bool = False,
    ) -> None:
        container = self.container(deployment)
        name = container.text("name") or ""
        template = {"spec": {"containers": [{"name": name, "image": wanted.image}]}}
        spec: Fields = {"template": template}
        if wanted.replicas is not None:
            spec = {**spec, "replicas": wanted.replicas}
        is_so = container.text("image") == wanted.image and (
            wanted.replicas in {None, replicas_of(deployment)}
        )
        if is_so and (wanted.replicas is None or is_scaled_by_us(deployment)):
            return
        self._api.apply(
            DEPLOYMENT,
            self.name,
            {"spec": spec},
            resource_version=deployment.resource_version,
            take_over=(*self._take_over, *taken_back),
            dry_run=dry_run,
        )

    def _change(
        self, fence: Fence, change: Callable[[Obj], None], *, is_new: bool = False
    ) -> None:
        """Look, check the fence, and *change*; again, if somebody was faster."""
        for left in reversed(range(_TRIES)):
            deployment = self.read()
            fence.check(deployment, is_new=is_new)
            try:
                change(deployment)
            except StaleError:
                if not left:
                    raise
            else:
                return


def _progress(deployment: Obj) -> int:
    """Rises as new pods are made, and as they get available."""
    updated = deployment.integer("status", "updatedReplicas") or 0
    return updated + (deployment.integer("status", "availableReplicas") or 0)


def is_scaled_by_us(deployment: Obj) -> bool:
    """Whether the number of pods is ours, as far as anybody says whose it is."""
    owners = deployment.managers_of("spec", "replicas")
    return not owners or any(each.name == FIELD_MANAGER for each in owners)


def by_whom(obj: Obj, *path: Step) -> str:
    """Who set the field at *path* other than us, as an addition to a sentence."""
    owners = {each.name for each in obj.managers_of(*path)} - {FIELD_MANAGER}
    return f" (set by {' and '.join(map(show, sorted(owners)))})" if owners else ""


def _is_pod_ready(pod: Obj) -> bool:
    return pod.text("status", "conditions", by(type="Ready"), "status") == "True"
