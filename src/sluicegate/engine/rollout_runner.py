"""Carry out an attempt at a canary stage: the entry gate, the rollout, its own gate."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sluicegate.canary.plot.figure import MEDIA_TYPE, PICTURE
from sluicegate.engine.conduct import conduct
from sluicegate.engine.entrance import Admission, Entrance, refused
from sluicegate.engine.held_secrets import HeldSecrets, RenewedSource
from sluicegate.engine.judging import Attempt, broken, judged, pending
from sluicegate.engine.request import want
from sluicegate.engine.rollout import RolloutPlan, fold
from sluicegate.engine.rollout_end import (
    LIVE,
    describe_unfinished,
    picture,
    summarise,
)
from sluicegate.engine.secrets import Loan, StageSecrets
from sluicegate.engine.situation import Earlier
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.steering import Steering
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.event import (
    EntryEvent,
    RolloutEvent,
    RolloutFinished,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.run import StageState
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import StageContext


class RolloutRunner:
    """Runs canary stages through the ports."""

    def __init__(
        self,
        ports: Ports,
        check_tree: Callable[[], None],
        emit: Callable[[EntryEvent | RolloutEvent], None],
        observer: Observer,
        secrets: StageSecrets,
    ) -> None:
        """Create it.

        *check_tree* raises if the work tree is not what it was; *emit* has committed an
        event to the log when it returns. *secrets* fetches those of a rollout.
        """
        self._ports = ports
        self._secrets = secrets
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
            plan = self._plan(named, stage, release)
            held = self._hold(named)
            steering = self._steering(stage, say, state, held)
            refusal = self._roll_out(plan, state, entrance, steering, emit, say, held)
        except ExternalError as error:
            return broken(attempt(), error)
        if isinstance(refusal, str):
            return pending(attempt(), named.gate, Evidence(), refusal)
        if refusal is not None:
            return refused(attempt(), refusal)
        return self._end(attempt(), named, plan, context, events)

    def _end(
        self,
        attempt: Attempt,
        named: NamedStage,
        plan: RolloutPlan,
        context: StageContext,
        events: Sequence[RolloutEvent],
    ) -> StageFinished:
        """End *attempt* where its rollout stands; one that goes on is pending."""
        ending = events[-1]
        if not isinstance(ending, RolloutFinished):
            evidence = Evidence(summarise(events))
            reason = describe_unfinished(plan, fold(plan, events))
            return pending(attempt, named.gate, evidence, reason)
        evidence = Evidence(summarise(events), self._keep_picture(plan, events))
        if ending.result is RolloutResult.HELD:
            return pending(attempt, named.gate, evidence, ending.reason)
        finished = judged(
            attempt,
            named.gate,
            evidence,
            context.upstream,
            stable=stable_fields(named.gate, self._ports),
            summary=ending.reason,
            subjects=((plan.release.name, plan.release.image),),
        )
        if ending.result in LIVE:
            return finished
        return replace(finished, reason=ending.reason)  # it says why promoted is false

    def _keep_picture(
        self, plan: RolloutPlan, events: Sequence[RolloutEvent]
    ) -> tuple[EvidenceFile, ...]:
        """Keep how the evidence came about; it shows nothing that the log has not."""
        data = picture(plan, events)
        if data is None:
            return ()
        try:
            digest = self._ports.evidence.keep(data)
        except ExternalError as error:
            self._observer.line(plan.stage, f"{PICTURE} was not kept: {error}")
            return ()
        return (EvidenceFile(PICTURE, MEDIA_TYPE, len(data), digest),)

    def _roll_out(
        self,
        plan: RolloutPlan,
        state: StageState,
        entrance: Entrance | None,
        steering: Steering,
        emit: Callable[[RolloutEvent], None],
        say: Callable[[str], None],
        held: HeldSecrets,
    ) -> Admission | str | None:
        """Conduct the rollout behind *entrance*, None if it was passed before.

        No rollout begins without its secrets; one that has begun goes on.

        Returns:
            What the entry gate said if it did not open; or why the release has to wait
            for another one, which is under way.
        """
        if entrance is not None:
            if not (admission := entrance.ask()).is_open:
                return admission
            if wait := self._ports.elsewhere(plan.environment):
                return wait
            way = self._ports.make_way
            if wait := way(plan.environment, plan.release, plan.on_newer):
                return wait
        with self._ports.target(plan.environment, held) as target:
            # Alone there now: nobody else uses the same approvals meanwhile.
            if entrance is not None:
                if not (admission := entrance.ask()).is_open:
                    return admission
                held()
                entrance.enter(admission)
            clock = self._ports.clock
            conduct(plan, state.rollout, target, clock, emit, say, steering)
        return None

    def _hold(self, named: NamedStage) -> HeldSecrets:
        """The secrets of the rollout, which are fetched when they are needed."""

        def fetch() -> Loan:
            due = self._secrets.due(named)
            return self._secrets.fetch(named, (*due.given, *due.own))

        return HeldSecrets(fetch, self._ports.clock)

    def _steering(
        self,
        stage: CanaryStage,
        say: Callable[[str], None],
        state: StageState,
        held: HeldSecrets,
    ) -> Steering:
        """What the rollout goes by beside its target.

        A rollout that has begun goes on without its sources, and can be rolled back
        without them: what they would say is held for.

        Raises:
            PermanentError: it has not begun, and its sources cannot be opened.
        """
        ports = self._ports
        try:
            sources = {
                name: RenewedSource(source, held)
                for name, source in ports.metrics(stage, held).items()
            }
        except (ExternalError, UsageError) as error:
            if not state.rollout:
                raise PermanentError(str(error), hint=error.hint) from error
            say(f"the sources of its metrics cannot be opened: {error}")
            sources = {}
        return Steering(sources, ports.directions, ports.pace, state.trouble)

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
