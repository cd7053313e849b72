"""A rollout of ``v2`` beside ``v1`` in a cluster, with others at work there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

from cluster_place import plan_for
from cluster_process import hurry
from kube_api import Cluster
from kube_api.faults import Faults
from kube_players.documents import Document
from kube_served import NAMESPACE, CountsOf, FastClock, Served, served_world
from kube_worlds_argo_kserve import STEPS, PlayedCounts
from typing_extensions import override

from sluicegate.engine.conduct import conduct
from sluicegate.engine.directions import Directed, Directions
from sluicegate.engine.rollout import RolloutPlan, fold
from sluicegate.engine.steering import Steering
from sluicegate.errors import ExternalError
from sluicegate.model.event import (
    DriftEnded,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
)
from sluicegate.model.rollout import Direction, Release, RolloutResult

MARKED = {
    "kubernetes": "HTTPRoute",
    "argo-rollouts": "Rollout",
    "knative": "InferenceService",
    "kserve": "InferenceService",
}
"""What says of each kind of target who serves."""


@dataclass
class Stage(Directions):
    """The rollout; ``trouble`` comes once the canary has its first weight.

    Attributes:
        answers: people resume whatever has drifted.
    """

    served: Served
    clock: FastClock
    release: Release
    deadline: timedelta = timedelta(minutes=40)
    answers: bool = False
    trouble: Callable[[], object] = lambda: None
    events: list[RolloutEvent] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def plan(self) -> RolloutPlan:
        return plan_for(self.release, self.deadline)

    @property
    def cluster(self) -> Cluster:
        """The stand-in: what it is made to do, a real API server cannot be."""
        assert self.served.stand_in is not None
        return self.served.stand_in

    @property
    def faults(self) -> Faults:
        return self.cluster.faults

    @property
    def result(self) -> RolloutResult | None:
        end = self.events[-1] if self.events else None
        return end.result if isinstance(end, RolloutFinished) else None

    @property
    def drifts(self) -> list[RolloutDrifted | DriftEnded]:
        return [e for e in self.events if isinstance(e, RolloutDrifted | DriftEnded)]

    def hand(self, manager: str) -> "Hand":
        """Somebody else in the cluster."""
        return Hand(self.served, manager)

    def conduct(self, times: int = 5) -> None:
        """Conduct it until it has ended; whoever is refused tries again."""
        for _ in range(times):
            target = self.served.world.build(self.served.reach())
            with self._told(), target.lease():
                conduct(
                    *(self.plan, list(self.events), target, self.clock),
                    *(self._record, self.said.append),
                    Steering(directions=self),
                )
            if self.result is not None:
                return

    def check(self) -> None:
        """What serves is what the log says; without an end there is a reason."""
        state = fold(self.plan, self.events)
        if self.result is None:
            assert self.errors, self.said
            return
        assert state.finished is not None
        share = self.served.share("v2")
        assert share == (100 if self.result is RolloutResult.PROMOTED else 0)

    @override
    def pending(self, started: RolloutStarted, stage: str) -> Directed | None:
        del started, stage
        has_drifted = self.drifts and self.events[-1] is self.drifts[-1]
        if not self.answers or not has_drifted:
            return None
        return Directed(Direction.RESUME, "as it was")

    def _record(self, event: RolloutEvent) -> None:
        self.events.append(event)
        confirmed = [e for e in self.events if isinstance(e, WeightConfirmed)]
        if confirmed == [event]:
            self.trouble()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ExternalError as error:
            self.errors.append(str(error))


@dataclass
class Hand:
    """Somebody who changes what serves, as the users of its target would."""

    served: Served
    manager: str

    def weigh(self, percent: int) -> None:
        """Give the canary *percent*."""
        match self.served.kind:
            case "kubernetes":
                rules = self.get()["spec"]["rules"]
                for backend in rules[0]["backendRefs"]:
                    is_canary = backend["name"] == "shop-canary"
                    backend["weight"] = percent if is_canary else 100 - percent
                self.merge({"spec": {"rules": rules}})
            case "argo-rollouts":
                self._go_to(percent)
            case "knative":
                self.merge({"spec": {"predictor": {"canaryTrafficPercent": percent}}})
            case _:
                found = self.get()["spec"].get("canary", [])
                canary = [{**each, "trafficPercent": percent} for each in found]
                self.merge({"spec": {"canary": canary}})

    def get(self) -> Document:
        """What says who serves."""
        kind = MARKED[self.served.kind]
        found: Document | None
        found = self.served.hand(self.manager).get(kind, NAMESPACE, "shop")
        assert found is not None
        return found

    def merge(self, change: Document, subresource: str = "") -> None:
        """Change it."""
        hand = self.served.hand(self.manager)
        hand.merge(MARKED[self.served.kind], NAMESPACE, "shop", change, subresource)

    def touch(self, value: str) -> None:
        """Change what is of no importance, and so the resourceVersion."""
        self.merge({"metadata": {"labels": {"touched": value}}})

    def delete(self) -> None:
        """Delete it."""
        hand = self.served.hand(self.manager)
        hand.delete(MARKED[self.served.kind], NAMESPACE, "shop")

    def _go_to(self, percent: int) -> None:
        """The step that gives *percent*, or the first one with a pause."""
        step = 3 + 2 * STEPS.index(percent) if percent in STEPS else 1
        status = {
            "currentStepIndex": step,
            "pauseConditions": None,
            "controllerPause": False,
        }
        self.merge({"status": status}, "status")


@contextmanager
def staged(kind: str, folder: Path) -> Iterator[Stage]:
    """The rollout in a cluster of its own."""
    clock = FastClock()
    hurry(clock)
    try:
        with served_world(kind, folder, clock) as served:
            served.flow.fails = {"v1": 0.01, "v2": 0.01}
            counts = CountsOf(served.flow.counts, clock)
            served.world.counts = cast("PlayedCounts", counts)
            yield Stage(served, clock, served.world.make("v2"))
    finally:
        hurry(FastClock(speed=1))
