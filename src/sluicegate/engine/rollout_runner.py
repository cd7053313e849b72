"""Carry out one attempt at a canary stage: conduct the rollout, judge the gate."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sluicegate.engine.conduct import conduct
from sluicegate.engine.judging import Attempt, broken, judged, pending
from sluicegate.engine.rollout import RolloutPlan
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.event import (
    BlockObserved,
    RolloutEvent,
    RolloutFinished,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.traffic import NO_REQUESTS
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.environment import Environment
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import StageContext

_LIVE = (RolloutResult.DEPLOYED, RolloutResult.PROMOTED, RolloutResult.UNCHANGED)


class RolloutRunner:
    """Runs canary stages through the ports."""

    def __init__(
        self,
        ports: Ports,
        check_tree: Callable[[], None],
        emit: Callable[[RolloutEvent], None],
        observer: Observer,
    ) -> None:
        """Create it.

        *check_tree* raises if the work tree is not what it was; *emit* has committed an
        event to the log when it returns.
        """
        self._ports = ports
        self._check_tree = check_tree
        self._emit = emit
        self._observer = observer

    def run(
        self,
        named: NamedStage,
        stage: CanaryStage,
        number: int,
        context: StageContext,
        history: tuple[RolloutEvent, ...],
        environment: Environment,
    ) -> StageFinished:
        """Carry out attempt *number* at *stage*, going on from *history*.

        Raises:
            Interrupted: asked to stop; both releases keep serving as they do.
        """
        clock = self._ports.clock
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        events = list(history)

        def attempt() -> Attempt:
            usage = ResourceUsage(clock.monotonic_ms() - start_ms)
            return Attempt(named.name, number, start_ts, clock.now(), usage)

        def emit(event: RolloutEvent) -> None:
            self._emit(event)
            events.append(event)

        def say(text: str) -> None:
            self._observer.line(named.name, text)

        try:
            self._check_tree()
            release = _release(context)
            plan = RolloutPlan.of(named.name, stage, environment, release)
            with self._ports.target(stage.environment) as target:
                conduct(plan, history, target, clock, emit, say)
        except ExternalError as error:
            return broken(attempt(), error)
        ending = events[-1]
        if not isinstance(ending, RolloutFinished):
            raise TypeError("a rollout was conducted but not finished")
        evidence = Evidence(summarise(events))
        if ending.result is RolloutResult.HELD:
            return pending(attempt(), named.gate, evidence, ending.reason)
        finished = judged(
            attempt(),
            named.gate,
            evidence,
            context.upstream,
            stable=stable_fields(named.gate, self._ports),
            summary=ending.reason,
            subjects=((release.name, release.image),),
        )
        if ending.result in _LIVE:
            return finished
        return replace(finished, reason=ending.reason)  # it says why promoted is false


def summarise(events: Sequence[RolloutEvent]) -> dict[str, Value]:
    """The evidence fields of a finished rollout; see `CanaryStage.fields`."""
    blocks = [event for event in events if isinstance(event, BlockObserved)]
    canary = sum((block.canary for block in blocks), NO_REQUESTS)
    stable = sum((block.stable for block in blocks), NO_REQUESTS)
    fields: dict[str, Value] = {
        "requests": canary.total,
        "failed": canary.failed,
        "stable_requests": stable.total,
        "stable_failed": stable.failed,
        "blocks": len(blocks),
    }
    if events and isinstance(events[-1], RolloutFinished):
        fields["promoted"] = events[-1].result in _LIVE
        fields["result"] = events[-1].result.value
    return fields


def _release(context: StageContext) -> Release:
    """What the stages before built: exactly one image.

    Raises:
        PermanentError: no stage has built an image, or several have.
    """
    if len(context.images) != 1:
        raise PermanentError(
            "need one built image to release, the stages before have built"
            f" {len(context.images)}",
            hint="put one docker-build stage before the canary",
        )
    return Release(
        context.images[0], context.release, context.commit, context.published
    )
