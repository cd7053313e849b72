"""How an InferenceService gives a canary its share: what both modes can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.targets.kserve.service import Seen, Services
from sluicegate.adapters.targets.kserve.waiting import Waiting
from sluicegate.model.rollout import Release
from sluicegate.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Desk:
    """What a split works with. *may_change* gives the fence, if the lease is ours."""

    services: Services
    waiting: Waiting
    clock: Clock
    ready_seconds: float
    may_change: Callable[[], Fence]

    @property
    def api(self) -> Api:
        """The namespace."""
        return self.services.api


class Split(Protocol):
    """Shares of the traffic, for releases of one InferenceService.

    Every method that changes something can be repeated, and raises TransientError if
    it has not had its effect in time, PermanentError if it never will.
    """

    def refuse(self, seen: Seen) -> None:
        """Refuse an InferenceService that cannot be conducted."""
        ...

    def stable(self, seen: Seen) -> Release | None:
        """Which release holds the traffic, None if none ever did."""
        ...

    def weight(self, seen: Seen, release: Release) -> int:
        """The percentage of new requests that *release* gets."""
        ...

    def fault(self, seen: Seen, release: Release) -> str | None:
        """Why *release*, stable or the canary, cannot serve."""
        ...

    def restarts(self, seen: Seen, release: Release) -> int:
        """The restarts of the pods of *release* until now."""
        ...

    def drift(
        self, seen: Seen, canary: Release, percent: int, before: int
    ) -> str | None:
        """How it differs from *canary* between *before* and *percent*, a percentage."""
        ...

    def put(self, release: Release, reference: str) -> None:
        """Begin to have *release* as the canary, without a share."""
        ...

    def await_put(self, release: Release, timeout_seconds: float) -> str | None:
        """Wait until it is ready; why it is not, otherwise."""
        ...

    def give(self, canary: Release, percent: int) -> None:
        """Give *canary* that share."""
        ...

    def promote(self, canary: Release) -> None:
        """Give *canary* everything."""
        ...

    def take_out(self, canary: Release) -> None:
        """Take its share from *canary*."""
        ...

    def restore(self, stable: Release) -> None:
        """Have *stable* and nothing else."""
        ...

    def arm(self, seen: Seen, release: Release) -> str:
        """What counters know *release* by."""
        ...
