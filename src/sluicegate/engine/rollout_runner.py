"""Carry out an attempt at a canary stage: the entry gate, the rollout, its own gate."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sluicegate.engine.conduct import conduct
from sluicegate.engine.entrance import Admission, Entrance, refused
from sluicegate.engine.judging import Attempt, broken, judged, pending
from sluicegate.engine.request import want
from sluicegate.engine.rollout import RolloutPlan
from sluicegate.engine.situation import Earlier
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.event import (
    BlockObserved,
    EntryEvent,
    RolloutEvent,
    RolloutFinished,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.run import StageState
from sluicegate.model.traffic import NO_REQUESTS
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import StageContext

_LIVE = (RolloutResult.DEPLOYED, RolloutResult.PROMOTED, RolloutResult.UNCHANGED)


class RolloutRunner:
    """Runs canary stages through the ports."""

    def __init__(
        self,
        ports: Ports,
        check_tree: Callable[[], None],
        emit: Callable[[EntryEvent | RolloutEvent], None],
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
        state: StageState,
        upstream: Sequence[StageFinished],
        *,
        earlier: Earlier | None = None,
    ) -> StageFinished:
        """Carry out attempt *number* at *stage*, going on from *state*.

        Args:
            named: the stage in its place.
            stage: its settings.
            number: of the attempt, from 1.
            context: what it may know.
            state: what has happened to it so far.
            upstream: how the stages before it ended.
            earlier: the release that it goes back to, None if it goes back to none.

        Raises:
            Interrupted: asked to stop; both releases keep serving as they do.
            IntegrityError: the log or a file of evidence is not what it was.
        """
        clock = self._ports.clock
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        events = list(state.rollout)

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
            entrance = None
            if not state.rollout:
                wanted = want(
                    context, stage.environment, release, upstream, earlier=earlier
                )
                entrance = Entrance(
                    *(self._ports, wanted, upstream, state.requested, state.entered),
                    *(self._emit, say),
                )
            refusal = self._roll_out(
                self._plan(named, stage, release), state, entrance, emit, say
            )
        except ExternalError as error:
            return broken(attempt(), error)
        if refusal is not None:
            return refused(attempt(), refusal)
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

    def _roll_out(
        self,
        plan: RolloutPlan,
        state: StageState,
        entrance: Entrance | None,
        emit: Callable[[RolloutEvent], None],
        say: Callable[[str], None],
    ) -> Admission | None:
        """Conduct the rollout behind *entrance*, None if it was passed before.

        Returns:
            What the entry gate said if it did not open.
        """
        if entrance is not None and not (admission := entrance.ask()).is_open:
            return admission
        with self._ports.target(plan.environment) as target:
            # Alone there now: nobody else uses the same approvals meanwhile.
            if entrance is not None:
                if not (admission := entrance.ask()).is_open:
                    return admission
                entrance.enter(admission)
            conduct(plan, state.rollout, target, self._ports.clock, emit, say)
        return None

    def _plan(
        self, named: NamedStage, stage: CanaryStage, release: Release
    ) -> RolloutPlan:
        """What the rollout does; the environment is what the protected branch says.

        Raises:
            PermanentError: that cannot be told.
        """
        try:
            settings = self._ports.authority.settings(stage.environment)
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error
        return RolloutPlan.of(named.name, stage, settings, release)


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
