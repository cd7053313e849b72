"""The target: deploys, weighs and takes back releases of one InferenceService."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Self

from typing_extensions import override

from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.lease import HeldLease, hold_lease
from sluicegate.adapters.kubernetes.objects import INFERENCE_SERVICE
from sluicegate.adapters.targets.kserve.knative import KnativeSplit
from sluicegate.adapters.targets.kserve.rules import describe_marks_drift
from sluicegate.adapters.targets.kserve.service import Seen, Services
from sluicegate.adapters.targets.kserve.split import Desk, Split
from sluicegate.adapters.targets.kserve.standard import StandardSplit
from sluicegate.adapters.targets.kserve.waiting import Waiting
from sluicegate.adapters.targets.kubernetes.fencing import NO_FENCE
from sluicegate.adapters.targets.kubernetes.image import reference_of
from sluicegate.adapters.targets.kubernetes.marks import Marks
from sluicegate.adapters.targets.kubernetes.pod_trouble import judge_restarts
from sluicegate.adapters.targets.stranger import StrangerError
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.ports.target import LeasableTarget

_ALL = 100  # percent
_LOOK_SECONDS = 0.5  # the HTTPRoute changes without the InferenceService


class KServeTarget(LeasableTarget):
    """One InferenceService; use it inside `lease`, which lets go of the cluster.

    Args:
        services: the InferenceService, and what is known of it.
        clock: the time.
        canary: the name of our canary and its number of pods in mode ``standard``;
            None for mode ``knative``.
        counts: where requests are counted.
        holder: who holds the lease, for whoever is kept out.
        ready_seconds: how long a change of it may take to have its effect.
        tell: takes lines for people.
    """

    def __init__(
        self,
        services: Services,
        clock: Clock,
        *,
        canary: tuple[str, int] | None,
        counts: RequestCountsSource,
        holder: str,
        ready_seconds: float,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._services, self._clock, self._counts = services, clock, counts
        self._holder, self._tell = holder, tell
        self._fence = NO_FENCE
        self._held: HeldLease | None = None
        self._split = self._make_split(canary, ready_seconds)

    def _make_split(
        self, canary: tuple[str, int] | None, ready_seconds: float
    ) -> Split:
        waiting = Waiting(self._services, self._clock)
        if canary is not None:
            waiting = replace(waiting, look_seconds=_LOOK_SECONDS)
        desk = Desk(
            self._services, waiting, self._clock, ready_seconds, self._may_change
        )
        if canary is None:
            return KnativeSplit(desk)
        return StandardSplit(desk, *canary)

    @override
    @contextmanager
    def lease(self) -> Iterator[Self]:
        """Keep other rollouts of this environment out; let go of the cluster after.

        Raises:
            TransientError: another process is conducting a rollout there.
        """
        api, name = self._services.api, f"sluicegate-{self._services.name}"
        try:
            with hold_lease(
                api, name, self._clock, holder=self._holder, tell=self._tell
            ) as self._held:
                yield self
        finally:
            self._held = None
            api.close()

    @override
    def raise_fence(self, log: str, number: int) -> None:
        """Change it by the lease of entry *number* of *log*; refuse lower ones.

        Raises:
            PermanentError: a later lease is there already.
        """
        self._may_change()
        fence = Fence.of(log, number)
        self._services.raise_fence(fence)
        self._fence = fence

    @override
    def stable(self) -> Release | None:
        return self._split.stable(self._services.look())

    @override
    def weight(self, release: Release) -> int:
        return self._split.weight(self._services.look(), release)

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        reference = reference_of(release)  # refused before anything is changed
        seen = self._services.look()
        if _is(self._split.stable(seen), release):
            return self._split.fault(seen, release)
        self._split.refuse(seen)
        self._note(lambda seen: self._on_trial(seen, release))
        self._split.put(release, reference)
        fault = self._split.await_put(release, timeout_seconds)
        return fault or self._note_ready(release)

    @override
    def fault(self, release: Release) -> str | None:
        return self._fault(self._services.look(), release)

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        found = self._services.api.get(INFERENCE_SERVICE, self._services.name)
        if found is None:
            return f"InferenceService {self._services.name} was deleted"
        seen = self._services.see(found)
        before = percent if before is None else before
        noted = [describe_marks_drift(seen, canary, each) for each in (percent, before)]
        try:
            told = self._split.drift(seen, canary, percent, before)
            return told or (noted[0] if all(noted) else None)
        except StrangerError as error:
            return str(error)

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        if not 0 <= percent <= _ALL:
            raise UsageError(f"a weight is 0 to 100 %, got {percent}")
        seen = self._services.look()
        try:
            stable, before = self._split.stable(seen), self._split.weight(seen, canary)
        except StrangerError:
            if percent == 0:  # whoever is stable, it is not to have the rest
                self._split.take_out(canary)
            raise
        if _is(stable, canary):
            if percent < _ALL:
                raise PermanentError(f"{canary.name} is the stable release")
            self._settle(canary)
        elif percent == 0:
            if before or seen.is_canary(canary):
                self._split.take_out(canary)
                self._note(lambda seen: _taken_out(seen.marks, canary))
        else:
            self._share(seen, canary, stable, percent)

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        seen = self._services.look()
        return self._counts.read(
            Arm(stable, self._split.arm(seen, stable)),
            Arm(canary, self._split.arm(seen, canary)),
            seen.marks.since or self._clock.now(),
            changed=after,
        )

    @override
    def retire(self, release: Release) -> None:
        seen = self._services.look()
        weight, stable = self._split.weight(seen, release), self._split.stable(seen)
        if weight > 0:
            raise PermanentError(f"{release.name} holds {weight} % of traffic")
        if not seen.is_canary(release):
            return
        if stable is not None:
            self._settle(stable)
            return
        self._note(lambda seen: Marks(seen.marks.environment))
        self._tell(
            f"{release.name} stays in InferenceService {self._services.name}: there is"
            " nothing to go back to"
        )

    @override
    def overridden(self) -> tuple[str, ...]:
        return self._services.api.overridden()

    def _share(
        self, seen: Seen, canary: Release, stable: Release | None, percent: int
    ) -> None:
        fault = self._fault(seen, canary)
        if fault is not None:
            raise PermanentError(f"{canary.name} cannot take traffic: {fault}")
        if stable is None:
            if percent < _ALL:
                raise PermanentError("there is no stable release to share traffic with")
            self._note(lambda seen: Marks(seen.marks.environment, canary))
        elif percent == _ALL:
            self._split.promote(canary)
            self._note(lambda seen: Marks(seen.marks.environment, canary))
        else:
            self._split.give(canary, percent)
            self._note(lambda seen: replace(seen.marks, percent=percent))

    def _settle(self, stable: Release) -> None:
        """Have *stable* and nothing else."""
        self._split.restore(stable)
        self._note(lambda seen: Marks(seen.marks.environment, stable))

    def _fault(self, seen: Seen, release: Release) -> str | None:
        is_known = seen.is_canary(release) or _is(self._split.stable(seen), release)
        if not is_known:
            return "it is not deployed"
        return self._split.fault(seen, release)

    def _on_trial(self, seen: Seen, release: Release) -> Marks:
        """The marks with *release* as the canary, without a share."""
        stable = self._split.stable(seen)
        if seen.is_canary(release):
            return replace(seen.marks, stable=stable, canary=release, percent=0)
        return Marks(seen.marks.environment, stable, release)

    def _note_ready(self, release: Release) -> str | None:
        """Note when it was ready, and the restarts that it took; why they are many."""
        seen = self._services.look()
        if seen.marks.since is not None or not seen.is_canary(release):
            return None
        restarts, now = self._split.restarts(seen, release), self._clock.now()
        fault = judge_restarts(restarts)
        if fault is None:
            self._note(lambda seen: replace(seen.marks, since=now, restarts=restarts))
        return fault

    def _note(self, decide: Callable[[Seen], Marks]) -> None:
        self._services.note(self._may_change(), decide)

    def _may_change(self) -> Fence:
        """The fence to change it by, if the lease in the cluster is still ours."""
        if self._held is not None:
            self._held.check()
        return self._fence


def _taken_out(marks: Marks, canary: Release) -> Marks:
    """*marks* with *canary* on trial without a share, whatever they said of it."""
    if marks.canary is not None and marks.canary.image == canary.image:
        return replace(marks, percent=0)
    return Marks(marks.environment, marks.stable, canary)


def _is(one: Release | None, other: Release) -> bool:
    return one is not None and one.image == other.image
