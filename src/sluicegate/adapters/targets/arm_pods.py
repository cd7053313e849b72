"""The pods of a release, found by their labels, whatever controller made them."""

from collections.abc import Mapping, Sequence

from sluicegate.adapters.kubernetes.api import Api, Event
from sluicegate.adapters.kubernetes.errors import ForbiddenError
from sluicegate.adapters.kubernetes.objects import POD, REPLICA_SET, Obj
from sluicegate.adapters.kubernetes.values import by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.pod_trouble import (
    Trouble,
    count_restarts,
    find_crash,
    find_trouble,
)

_MOST_EXPLAINED = 3  # pods whose events are read


class ArmPods:
    """The pods with *labels* in the namespace of *api*."""

    def __init__(self, api: Api, labels: Mapping[str, str]) -> None:
        self._api, self._labels = api, labels

    def find(self) -> tuple[Obj, ...]:
        """Those that are there and not going."""
        found = self._api.list(POD, labels=self._labels)
        return tuple(each for each in found if not each.is_going)

    def trouble(self) -> Trouble | None:
        """What is wrong with the pod that tells most, None if all are ready."""
        unready = [each for each in self.find() if not is_pod_ready(each)]
        troubles = [
            trouble
            for pod in unready[:_MOST_EXPLAINED]
            if (trouble := find_trouble(pod, self._events(pod))) is not None
        ]
        return min(troubles, key=lambda each: each.cause, default=None)

    def refusal(self) -> str | None:
        """Why no pod can be made: a quota, a limit, a policy of the cluster."""
        for replica_set in self._api.list(REPLICA_SET, labels=self._labels):
            failure = replica_set.node(
                "status", "conditions", by(type="ReplicaFailure")
            )
            if failure.text("status") == "True":
                return f"no pod can be made: {show(failure.text('message') or '?')}"
        return None

    def why(self) -> Trouble | str | None:
        """What keeps them from being ready, as far as it can be told."""
        return self.trouble() or self.refusal()

    def crash(self, restarts: int) -> str | None:
        """How one of them ended, restarted more often than *restarts* times."""
        for pod in self.find():
            crash = find_crash(pod, restarts)
            if crash is not None:
                return crash
        return None

    def restarts(self) -> int:
        """The restarts until now, of the container restarted most often."""
        return count_restarts(self.find())

    def _events(self, obj: Obj) -> Sequence[Event]:
        try:
            return self._api.events_of(obj)
        except ForbiddenError:
            return ()  # they explain; nothing is decided by them


def is_pod_ready(pod: Obj) -> bool:
    """Whether it may be sent requests."""
    return pod.text("status", "conditions", by(type="Ready"), "status") == "True"
