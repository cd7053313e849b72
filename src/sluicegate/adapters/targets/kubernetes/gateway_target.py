"""A target of two Deployments whose Services share an HTTPRoute of the Gateway API.

The roles are fixed: the stable release serves from the Deployment *stable*, the one on
trial from *canary*. What serves is said by the route's annotations and its weights,
written together (`marks`), and nowhere else.

    deploy(c)           canary: image c, some pods       stable 100
    set_weight(c, 10)   canary: pods enough for 10 %     stable 90, canary 10
    set_weight(c, 100)  canary: as many pods as stable   canary 100
    retire(old)         stable: image c, all ready       stable 100; then no canary

Order, so that no request is lost: pods are ready before they get a share or a larger
one; they have none, and the Gateways have taken that, before they go. Whoever comes
after a crash finds in the route how far it went, and does the rest again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from typing_extensions import override

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.lease import HeldLease, hold_lease
from sluicegate.adapters.targets.kubernetes.deployments import Deployments
from sluicegate.adapters.targets.kubernetes.drift import describe_drift
from sluicegate.adapters.targets.kubernetes.fault import find_fault, refuse_unknown
from sluicegate.adapters.targets.kubernetes.fencing import NO_FENCE
from sluicegate.adapters.targets.kubernetes.image import reference_of
from sluicegate.adapters.targets.kubernetes.marks import Marks
from sluicegate.adapters.targets.kubernetes.pod_trouble import judge_restarts
from sluicegate.adapters.targets.kubernetes.route import Route, Seen
from sluicegate.adapters.targets.kubernetes.routing import Arms
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.ports.target import LeasableTarget

_ALL = 100  # percent


@dataclass(frozen=True, slots=True)
class Place:
    """What of a cluster is an environment: its route, and what is behind that."""

    route: Route
    arms: Arms
    deployments: Deployments


class GatewayTarget(LeasableTarget):
    """One environment. Use it inside `lease`, which lets go of the cluster after.

    Args:
        api: the namespace.
        place: what of it is the environment.
        clock: waits, and tells when a canary was ready.
        counts: counts requests.
        holder: who holds the lease, for whoever is kept out.
        tell: takes lines for people.
    """

    def __init__(
        self,
        api: Api,
        place: Place,
        *,
        clock: Clock,
        counts: RequestCountsSource,
        holder: str,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._api, self._clock, self._counts = api, clock, counts
        self._route, self._arms = place.route, place.arms
        self._deployments = place.deployments
        self._holder, self._tell = holder, tell
        self._fence = NO_FENCE
        self._held: HeldLease | None = None

    @override
    @contextmanager
    def lease(self) -> Iterator[Self]:
        """Keep other rollouts of this environment out; let go of the cluster after.

        Raises:
            TransientError: another process is conducting a rollout there.
        """
        name = f"sluicegate-{self._route.name}"
        try:
            with hold_lease(
                self._api, name, self._clock, holder=self._holder, tell=self._tell
            ) as self._held:
                yield self
        finally:
            self._held = None
            self._api.close()

    @override
    def raise_fence(self, log: str, number: int) -> None:
        """Change it by the lease of entry *number* of *log*; refuse lower ones.

        Raises:
            PermanentError: a later lease is there already.
        """
        self._may_change()
        fence = Fence.of(log, number)
        self._route.raise_fence(fence)
        self._deployments.raise_fence(fence)
        self._fence = fence

    @override
    def stable(self) -> Release | None:
        marks = self._marks()
        if marks.stable is None:
            refuse_unknown(self._deployments, marks, self._route.name)
        return marks.stable

    @override
    def weight(self, release: Release) -> int:
        return self._weight(self._route.look(), release)

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        reference_of(release)  # refused before anything is changed
        marks = self._marks()
        if marks.is_stable(release):
            return find_fault(self._deployments, release, marks)
        if marks.is_away:
            marks = self._move_home(marks)
        if marks.stable is None:
            refuse_unknown(self._deployments, marks, self._route.name)
        else:
            self._deployments.refuse_stranger(marks.stable)
        self._deployments.rehearse(release, self._may_change())
        marks = self._set(marks, self._on_trial(marks, release))
        self._deployments.try_out(release, marks, self._may_change())
        fault = self._deployments.await_tried(marks, timeout_seconds)
        if fault is None and marks.since is None:
            restarts, now = self._deployments.restarts(), self._clock.now()
            fault = judge_restarts(restarts)
            if fault is None:
                self._set(marks, replace(marks, since=now, restarts=restarts))
        return fault

    @override
    def fault(self, release: Release) -> str | None:
        return find_fault(self._deployments, release, self._marks())

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        told = describe_drift(self._route, self._deployments, canary, percent)
        if told is None or before is None:
            return told
        was = describe_drift(self._route, self._deployments, canary, before)
        return None if was is None else told

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        if not 0 <= percent <= _ALL:
            raise UsageError(f"a weight is 0 to 100 %, got {percent}")
        marks = self._marks()
        if marks.is_stable(canary):
            if percent < _ALL:
                raise PermanentError(f"{canary.name} is the stable release")
            if not marks.is_away:  # else its pods become the stable ones now
                self._deployments.refuse_stranger(canary)
            self._settle(marks, canary)
        elif percent:
            self._share(canary, percent, marks)
        elif marks.canary is None or marks.is_canary(canary):
            # Without marks of it, too: the rules may lead to it all the same.
            self._set(marks, replace(marks, percent=0))
        elif self._deployments.has_on_trial(canary):
            # Whoever wrote the marks keeps no rollback from being done.
            self._set(marks, Marks(marks.environment, marks.stable, canary))

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        marks = self._marks()
        return self._counts.read(
            Arm(stable, self._arms.baseline or self._arms.stable),
            Arm(canary, self._arms.canary),
            marks.since or self._clock.now(),
            changed=after,
        )

    @override
    def retire(self, release: Release) -> None:
        seen = self._route.look()
        weight, marks = self._weight(seen, release), seen.marks
        if weight > 0:
            raise PermanentError(f"{release.name} holds {weight} % of traffic")
        if marks.is_away or marks.canary is None or marks.is_canary(release):
            self._move_home(marks)

    def _weight(self, seen: Seen, release: Release) -> int:
        """The share of *release*; also of a canary that the marks do not know."""
        marks = seen.marks
        if marks.is_stable(release) or marks.is_canary(release):
            return seen.weight(release)
        return seen.share if self._deployments.has_on_trial(release) else 0

    @override
    def overridden(self) -> tuple[str, ...]:
        return self._api.overridden()

    def _share(self, canary: Release, percent: int, marks: Marks) -> None:
        """Give *canary* a share, or all of it."""
        fault = find_fault(self._deployments, canary, marks)
        if fault is not None:
            raise PermanentError(f"{canary.name} cannot take traffic: {fault}")
        if marks.stable is None:
            if percent < _ALL:
                raise PermanentError("there is no stable release to share traffic with")
            self._settle(marks, canary)
            return
        self._deployments.grow(marks, percent, self._may_change())
        if percent == _ALL:
            after = replace(marks, stable=canary, canary=canary, percent=_ALL)
            self._set(marks, after)
            self._deployments.clear_baseline(self._may_change())
        else:
            after = self._set(marks, replace(marks, percent=percent))
            self._deployments.shrink(after, self._may_change())

    def _on_trial(self, marks: Marks, release: Release) -> Marks:
        """*marks* with *release* as the canary, without a share."""
        if marks.is_canary(release):
            return replace(marks, percent=0)
        full = self._deployments.full(replace(marks, replicas=None))
        return Marks(marks.environment, marks.stable, release, replicas=full)

    def _move_home(self, marks: Marks) -> Marks:
        """Have the release serve alone that the annotations call stable."""
        if marks.is_away and marks.stable is not None:
            self._deployments.refuse_unproven(marks.stable)
        return self._settle(marks, marks.stable)

    def _settle(self, marks: Marks, stable: Release | None) -> Marks:
        """Have *stable* serve alone, from the Deployment where it belongs."""
        if stable is not None and (marks.is_away or marks.stable is None):
            pods = self._deployments.full(marks)
            self._deployments.settle(stable, pods, self._may_change())
        settled = self._set(marks, Marks(marks.environment, stable))
        self._deployments.clear(self._may_change())
        return settled

    def _set(self, before: Marks, after: Marks) -> Marks:
        self._route.set(self._may_change(), before, after)
        return after

    def _may_change(self) -> Fence:
        """The fence to change it by, if the lease in the cluster is still ours."""
        if self._held is not None:
            self._held.check()
        return self._fence

    def _marks(self) -> Marks:
        return self._route.look().marks
