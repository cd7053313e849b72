"""The target: deploys, steers and takes back releases of one Rollout."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Self

from typing_extensions import override

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.lease import HeldLease, hold_lease
from sluicegate.adapters.kubernetes.objects import ROLLOUT
from sluicegate.adapters.kubernetes.values import Fields
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.argo.drift import explain_abort, find_drift
from sluicegate.adapters.targets.argo.moves import (
    abort,
    begin_anew,
    has_all,
    has_none,
    is_at,
    move_to,
    promote,
)
from sluicegate.adapters.targets.argo.rollout import Rollouts, Seen
from sluicegate.adapters.targets.argo.rules import refuse
from sluicegate.adapters.targets.argo.standing import Standing
from sluicegate.adapters.targets.argo.steps import CANARY, Hold
from sluicegate.adapters.targets.argo.waiting import HASH, Waiting
from sluicegate.adapters.targets.arm_pods import ArmPods
from sluicegate.adapters.targets.kubernetes.fencing import NO_FENCE
from sluicegate.adapters.targets.kubernetes.image import reference_of
from sluicegate.adapters.targets.kubernetes.marks import Marks
from sluicegate.adapters.targets.kubernetes.pod_trouble import judge_restarts
from sluicegate.adapters.targets.stranger import StrangerError
from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.ports.target import LeasableTarget

_ALL = 100  # percent


class ArgoRolloutsTarget(LeasableTarget):
    """The Rollout called *rollout*; use it inside `lease`, which lets go of all.

    Args:
        api: its namespace.
        clock: the time.
        environment: whose it is: PROJECT/ENVIRONMENT.
        rollout: its name.
        container: the container that is the release, None for the only one.
        steps: the weights of the pipeline's steps, rising; it has to wait at each.
        sticky: whether shares of the traffic are not to be checked.
        counts: where requests are counted.
        holder: who holds the lease, for others.
        ready_seconds: how long a change of it may take to have its effect.
        take_over: field managers whose fields may become ours.
        tell: takes lines for people.
    """

    def __init__(  # noqa: PLR0913 - the settings of an environment, by name
        self,
        api: Api,
        clock: Clock,
        *,
        environment: str,
        rollout: str,
        container: str | None,
        steps: Sequence[int],
        sticky: bool,
        counts: RequestCountsSource,
        holder: str,
        ready_seconds: float,
        take_over: Collection[str] = (),
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._api, self._clock, self._counts = api, clock, counts
        self._rollouts = Rollouts(
            api, rollout, environment, container=container, take_over=take_over
        )
        self._name, self._environment, self._holder = rollout, environment, holder
        self._steps, self._sticky, self._tell = tuple(steps), sticky, tell
        self._ready_seconds = ready_seconds
        self._waiting = Waiting(self._rollouts, clock)
        self._fence = NO_FENCE
        self._lease: HeldLease | None = None

    @override
    @contextmanager
    def lease(self) -> Iterator[Self]:
        try:
            with hold_lease(
                self._api,
                f"sluicegate-{self._name}",
                self._clock,
                holder=self._holder,
                tell=self._tell,
            ) as lease:
                self._lease = lease
                yield self
        finally:
            self._lease = None
            self._api.close()

    @override
    def raise_fence(self, log: str, number: int) -> None:
        self._may_change()
        fence = Fence.of(log, number)
        self._rollouts.write(fence, lambda seen: (seen.marks, seen.image), is_new=True)
        self._fence = fence

    @override
    def stable(self) -> Release | None:
        return self._rollouts.stable(self._rollouts.look())

    @override
    def weight(self, release: Release) -> int:
        seen = self._rollouts.look()
        return self._weight(seen, release, self._rollouts.stable(seen))

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        reference = reference_of(release)  # refused before anything is changed
        seen = self._rollouts.look()
        if _is(self._rollouts.stable(seen), release):
            return self._fault(seen, release)
        refuse(seen, self._steps, sticky=self._sticky)
        self._put(release, reference)
        fault = self._await_held(release, timeout_seconds)
        return fault or self._note_ready(release)

    @override
    def fault(self, release: Release) -> str | None:
        return self._fault(self._rollouts.look(), release)

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        found = self._api.get(ROLLOUT, self._name)
        if found is None:
            return f"Rollout {self._name} was deleted"
        seen = self._rollouts.see(found)
        try:
            stable = self._rollouts.stable(seen)
        except StrangerError as error:
            return str(error)
        if _is(stable, canary) and percent == _ALL:
            return None
        return find_drift(
            seen,
            canary,
            percent,
            percent if before is None else before,
            weight=self._weight(seen, canary, stable),
            is_stable=_is(stable, canary),
        )

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        if not 0 <= percent <= _ALL:
            raise UsageError(f"a weight is 0 to 100 %, got {percent}")
        seen = self._rollouts.look()
        try:
            stable = self._rollouts.stable(seen)
        except StrangerError:
            if percent == 0:  # whoever is stable, it is not to have the rest
                self._abort(canary)
                self._await_none(canary)
            raise
        if _is(stable, canary):
            if percent < _ALL:
                raise PermanentError(f"{canary.name} is the stable release")
            self._settle(canary)
        elif percent == 0:
            self._take_out(canary)
        else:
            self._refuse_traffic(seen, canary, stable, percent)
            if percent == _ALL:
                self._promote(canary)
            else:
                self._give(canary, percent)

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        seen = self._rollouts.look()
        since = seen.marks.since or self._clock.now()
        arms = [self._arm(seen, each) for each in (stable, canary)]
        return self._counts.read(arms[0], arms[1], since, changed=after)

    @override
    def retire(self, release: Release) -> None:
        seen = self._rollouts.look()
        stable = self._rollouts.stable(seen)
        weight = self._weight(seen, release, stable)
        if weight > 0:
            raise PermanentError(f"{release.name} holds {weight} % of traffic")
        if seen.is_canary(release):
            self._remove(release, stable)

    @override
    def overridden(self) -> tuple[str, ...]:
        return self._api.overridden()

    # --- reading

    def _weight(self, seen: Seen, release: Release, stable: Release | None) -> int:
        """What share of new requests *release* gets."""
        share = self._canary_weight(seen)
        if _is(stable, release):
            return _ALL - share
        return share if seen.runs(release) else 0

    def _canary_weight(self, seen: Seen) -> int:
        """The share of the pods that are not stable."""
        standing = seen.standing
        if standing.is_settled:
            return 0
        if standing.weights is not None:
            return standing.weights.canary
        if seen.is_routed or standing.is_aborted or not standing.is_seen:
            return 0
        held = [each for each in seen.steps.holds if each.pause <= standing.step]
        return held[-1].percent if held else 0

    def _template(self, seen: Seen, release: Release) -> str:
        """The hash of the template of the pods of *release*."""
        if _is(self._rollouts.stable(seen), release):
            return seen.standing.stable
        return seen.standing.current

    def _fault(self, seen: Seen, release: Release) -> str | None:
        stable = self._rollouts.stable(seen)
        is_stable = _is(stable, release)
        if not is_stable and not seen.is_canary(release):
            return f"{release.name} is not in Rollout {self._name}"
        if not is_stable and not self._rollouts.is_current(release, seen):
            return (
                f"Rollout {self._name} has no pods of {release.name}: its image is"
                f" {show(seen.image)}"
            )
        if not is_stable and seen.standing.is_aborted:
            return explain_abort(seen)
        pods = ArmPods(self._api, {HASH: self._template(seen, release)})
        crash = None if is_stable else pods.crash(seen.marks.excused)
        if crash is not None:
            return crash
        found = pods.find()
        if not found:
            return pods.refusal() or f"{release.name} has no pods"
        trouble = pods.trouble()
        return trouble.reason if trouble is not None and trouble.is_hopeless else None

    def _arm(self, seen: Seen, release: Release) -> Arm:
        """What the counters know *release* by: its Service, else its pods' hash."""
        is_stable = _is(self._rollouts.stable(seen), release)
        service = seen.obj.text(
            *CANARY, "stableService" if is_stable else "canaryService"
        )
        return Arm(release, service or self._template(seen, release))

    def _refuse_traffic(
        self, seen: Seen, canary: Release, stable: Release | None, percent: int
    ) -> None:
        """Refuse traffic to what cannot serve it.

        Raises:
            PermanentError: it cannot.
        """
        fault = None
        if not seen.is_canary(canary) or not self._rollouts.is_current(canary, seen):
            fault = self._fault(seen, canary) or f"Rollout {self._name} does not run it"
        elif seen.standing.is_aborted:
            fault = explain_abort(seen)
        if fault is not None:
            raise PermanentError(f"{canary.name} cannot take traffic: {fault}")
        if stable is None and percent < _ALL:
            raise PermanentError("there is no stable release to share traffic with")

    # --- changing

    def _may_change(self) -> Fence:
        """The fence to change it by, if the lease in the cluster is still ours."""
        if self._lease is not None:
            self._lease.check()
        return self._fence

    def _put(self, release: Release, reference: str) -> None:
        """Have *release* as the canary, without traffic, from the first step on."""

        def decide(seen: Seen) -> tuple[Marks, str]:
            stable = self._rollouts.stable(seen)
            if seen.is_canary(release):
                marks = replace(seen.marks, stable=stable, canary=release, percent=0)
            else:
                marks = Marks(self._environment, stable, release)
            return marks, seen.image if seen.runs(release) else reference

        def begin(seen: Seen) -> Fields | None:
            is_current = self._rollouts.is_current(release, seen)
            return begin_anew(seen) if is_current else None

        fence = self._may_change()
        self._rollouts.write(fence, decide)
        self._rollouts.steer(fence, begin)

    def _note_ready(self, release: Release) -> str | None:
        """Note when it was ready, and the restarts that it took; why they are many."""
        seen = self._rollouts.look()
        if seen.marks.since is not None or not seen.is_canary(release):
            return None
        pods = ArmPods(self._api, {HASH: seen.standing.current})
        restarts, now = pods.restarts(), self._clock.now()
        fault = judge_restarts(restarts)
        if fault is None:
            self._rollouts.write(
                self._may_change(),
                lambda seen: (
                    replace(seen.marks, since=now, restarts=restarts),
                    seen.image,
                ),
            )
        return fault

    def _await_held(self, release: Release, timeout_seconds: float) -> str | None:
        """Wait until it waits, ready, before its first weight; else why it does not."""

        def judge(seen: Seen) -> str | None:
            if not self._rollouts.is_current(release, seen):
                return None
            if seen.standing.is_aborted:
                return explain_abort(seen)
            hold = _first_hold(seen)
            return "" if hold is not None and is_at(seen, hold) else None

        return self._waiting.until(judge, timeout_seconds, _current)

    def _give(self, canary: Release, percent: int) -> None:
        """Let it go on to the step at which *canary* has that weight."""

        def judge(seen: Seen) -> str | None:
            if not self._rollouts.is_current(canary, seen):
                return f"{canary.name} is not the newest release of it any more"
            if seen.standing.is_aborted:
                return explain_abort(seen)
            hold = seen.steps.hold(percent)
            if hold is None:
                return f"it has no step that waits at {percent} %"
            if is_at(seen, hold):
                return ""
            if move_to(seen.standing, hold) is not None:
                self._steer(lambda standing: move_to(standing, hold))
            return None

        self._rollouts.write(
            self._may_change(),
            lambda seen: (replace(seen.marks, percent=percent), seen.image),
        )
        said = self._waiting.until(judge, self._ready_seconds, _current)
        if said:
            raise TransientError(
                f"Rollout {self._name} did not get to {percent} %: {said}"
            )

    def _promote(self, canary: Release) -> None:
        """Have *canary* take all the traffic, as the stable release."""

        def judge(seen: Seen) -> str | None:
            if not self._rollouts.is_current(canary, seen):
                return f"{canary.name} is not the newest release of it any more"
            if seen.standing.is_aborted:
                return explain_abort(seen)
            return "" if has_all(seen) else None

        self._steer(promote)
        said = self._waiting.until(judge, self._ready_seconds, _current)
        if said:
            raise TransientError(f"{canary.name} did not get all the traffic: {said}")
        self._settle(canary)

    def _settle(self, stable: Release) -> None:
        """Have *stable*, which serves, and nothing else.

        Raises:
            TransientError: it is not so in time.
        """

        def judge(seen: Seen) -> str | None:
            if not seen.runs(stable):
                return f"its image is {show(seen.image)}"
            if not self._rollouts.is_current(stable, seen):
                return None
            return "" if has_all(seen) else None

        self._rollouts.write(
            self._may_change(),
            lambda seen: (
                Marks(self._environment, stable),
                stable.reference or seen.image,
            ),
            takes_back=True,
        )
        said = self._waiting.until(judge, self._ready_seconds, _stable)
        if said:
            raise TransientError(
                f"Rollout {self._name} is not back at {stable.name}: {said}",
                hint="go on with the rollout once that is mended: it is done again",
            )

    def _take_out(self, canary: Release) -> None:
        """Take the traffic from *canary* at once, if it has any."""

        def note(seen: Seen) -> tuple[Marks, str]:
            marks = replace(seen.marks, percent=0)
            if seen.runs(canary) and not seen.is_canary(canary):
                # Whoever wrote that keeps no rollback from being done.
                marks = Marks(self._environment, marks.stable, canary)
            return marks, seen.image

        self._abort(canary)
        self._rollouts.write(self._may_change(), note, takes_back=True)
        self._await_none(canary)

    def _await_none(self, canary: Release) -> None:
        def judge(seen: Seen) -> str | None:
            return "" if not seen.runs(canary) or has_none(seen) else None

        said = self._waiting.until(judge, self._ready_seconds, _stable)
        if said:
            raise TransientError(f"{canary.name} still has traffic: {said}")

    def _abort(self, canary: Release) -> None:
        """Have Argo take the traffic from *canary*, if that is its newest release."""

        def take(seen: Seen) -> Fields | None:
            return abort(seen.standing) if seen.runs(canary) else None

        self._rollouts.steer(self._may_change(), take)

    def _remove(self, canary: Release, stable: Release | None) -> None:
        """Go back to the template of *stable*, so that the Rollout is healthy again."""
        if stable is not None:
            self._settle(stable)
            return
        self._steer(abort)
        self._rollouts.write(
            self._may_change(), lambda seen: (Marks(self._environment), seen.image)
        )
        self._tell(f"{canary.name} stays in Rollout {self._name}, aborted")

    def _steer(self, move: Callable[[Standing], Fields | None]) -> None:
        self._rollouts.steer(self._may_change(), lambda seen: move(seen.standing))


def _is(one: Release | None, other: Release) -> bool:
    return one is not None and one.image == other.image


def _current(seen: Seen) -> str:
    return seen.standing.current


def _stable(seen: Seen) -> str:
    return seen.standing.stable


def _first_hold(seen: Seen) -> Hold | None:
    """Where it waits before its first weight; a basic one cannot, but at the first."""
    return next(iter(seen.steps.holds), None)
