"""What a run would do now, stage by stage, without doing it."""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sluicegate.engine.champion import with_champion
from sluicegate.engine.inputs import UPSTREAM, gather
from sluicegate.engine.reuse import Miss, explain_miss, find_result
from sluicegate.engine.secret_rules import Due, find_releasing
from sluicegate.engine.secrets import look_up_due
from sluicegate.engine.selection import Chosen, Selection, upstream
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.engine.whens import judge_when, look_up
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.gates.budget import is_over_budget
from sluicegate.gates.facts import ROOTS
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import StageFinished
from sluicegate.ports.results import EarlierResult
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage, StageContext

_FACTS = frozenset({"git", "label", *ROOTS})
_KEPT_AWAY = "it asks for the model to beat with a secret that only a run fetches"
_NEWEST = 9  # attempts that tell how long one usually takes


@enum.unique
class Action(enum.Enum):
    """What becomes of a stage."""

    RUN = "run"
    CACHED = "cached"
    RECONCILE = "reconcile"
    SKIP = "skip"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of the stage ``name``, and why.

    ``last`` is the newest end of an attempt that ran the stage, None if none ever did.
    ``MISSING`` is a stage that was not chosen and has no earlier result to be taken.
    ``source`` is the attempt whose result is used, for a stage that is ``CACHED``;
    ``changed`` the parts of the inputs that are not what they were. ``usual_ms`` is
    the median of how long the newest few attempts took that came to an answer, None if
    none did; ``gpu`` is how many GPUs it declares.
    """

    name: str
    uses: str
    action: Action
    reason: str
    last: StageFinished | None = None
    source: EarlierResult | None = None
    changed: tuple[str, ...] = ()
    usual_ms: int | None = None
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class _Decision:
    action: Action
    reason: str
    source: EarlierResult | None = None
    changed: tuple[str, ...] = ()


def forecast(
    situation: Situation, chosen: Chosen, forced: Collection[str], ports: Ports
) -> tuple[Forecast, ...]:
    """Say what a run of the *chosen* stages would do now, in their order.

    Nothing but the probes of the stages is run, and nothing is written.

    Raises:
        IntegrityError: the log is not what was committed.
        Interrupted: asked to stop.
    """
    return _Forecaster(situation, chosen, forced, ports).all()


def check_earlier(forecasts: Sequence[Forecast], selection: Selection) -> None:
    """See to it that every stage that was left out has opened before, and still would.

    Raises:
        UsageError: one would have to be run.
    """
    missing = [each for each in forecasts if each.action is Action.MISSING]
    if missing:
        names = ", ".join(f"{each.name} ({each.reason})" for each in missing)
        raise UsageError(
            f"{selection} leaves out what has no earlier result to go on: {names}",
            hint="run without it; what has not changed is not run again anyway",
        )


class _Forecaster:
    def __init__(
        self,
        situation: Situation,
        chosen: Chosen,
        forced: Collection[str],
        ports: Ports,
    ) -> None:
        self._situation = situation
        self._chosen = chosen
        self._forced = forced
        self._ports = ports
        self._known: dict[str, StageFinished] = {}
        self._skipped: set[str] = set()

    def all(self) -> tuple[Forecast, ...]:
        return tuple(self._one(named) for named in self._chosen.stages)

    def _one(self, named: NamedStage) -> Forecast:
        decided = self._decide(named)
        action = decided.action
        if action is Action.SKIP:
            self._skipped.add(named.name)
        if action is Action.RUN and named.name in self._chosen.earlier:
            action = Action.MISSING
        ran = [
            result.finished
            for result in self._ports.results.of(named.name)
            if result.finished.cached is None and not is_over_budget(result.finished)
        ]
        declared = named.stage.declared()
        return Forecast(
            named.name,
            named.stage.uses,
            action,
            decided.reason,
            ran[0] if ran else None,
            decided.source,
            decided.changed,
            _usual(ran),
            0 if declared is None else declared.gpu,
        )

    def _decide(self, named: NamedStage) -> _Decision:
        pipeline = self._situation.pipeline
        before = upstream(pipeline, named.name)
        needs = [each.name for each in pipeline.stages if each.name in before]
        skipped = next((need for need in needs if need in self._skipped), None)
        if skipped is not None:
            return _Decision(Action.SKIP, f"{skipped} is skipped")
        unknown = next((need for need in needs if need not in self._known), None)
        ends = [self._known[need] for need in needs if need in self._known]
        if named.when is not None and (unknown is None or not _asks_evidence(named)):
            try:
                released = look_up(named, self._ports)
                decision = judge_when(named.when, self._situation, ends, released)
            except PermanentError as error:
                return _Decision(Action.RUN, str(error))
            if decision.verdict is not Verdict.OPEN:
                return _Decision(Action.SKIP, f"when: {decision.reason}")
        if not isinstance(named.stage, CommandStage):
            return _Decision(Action.RECONCILE, "compared with what is there")
        if named.name in self._forced:
            return _Decision(Action.RUN, "forced")
        return self._look_up(named, named.stage, ends, unknown)

    def _look_up(
        self,
        named: NamedStage,
        stage: CommandStage,
        ends: list[StageFinished],
        unknown: str | None,
    ) -> _Decision:
        """Whether an earlier result can be used; *unknown* is a stage that has none."""
        ports = self._ports
        context = self._situation.context(named.name, "/nonexistent", ends, ports)
        try:
            due = self._due(named)
            if due.own:
                return _Decision(Action.RUN, _KEPT_AWAY)
            tools = {name: ports.tools.find(name) for name in stage.tools()}
            context = with_champion(stage, replace(context, tools=tools), ports)
            inputs = gather(
                named, stage, self._situation, context, ends, ports, due.references
            )
        except ExternalError as error:
            return _Decision(Action.RUN, str(error))
        if unknown is not None:
            return self._with_unknown(named, context, inputs, unknown)
        found = find_result(named, stage, inputs, context, ports)
        if isinstance(found, Miss):
            return _Decision(Action.RUN, found.reason, changed=found.changed)
        self._known[named.name] = found.finished
        source = self._original(named.name, found)
        reason = f"the same inputs as {source.task_id}"
        return _Decision(Action.CACHED, reason, source)

    def _due(self, named: NamedStage) -> Due:
        """Which secrets the stage would be given; nothing is fetched.

        Raises:
            ExternalError: it would be refused one, or that cannot be told.
        """
        situation, ports = self._situation, self._ports
        names = self._chosen.names if ports.records else ()
        releasing = find_releasing(names, self._skipped.__contains__, situation)
        return look_up_due(named, situation.pipeline, releasing, ports)

    def _with_unknown(
        self,
        named: NamedStage,
        context: StageContext,
        inputs: Mapping[str, str],
        unknown: str,
    ) -> _Decision:
        """Nobody knows what *unknown* will hand over; whatever else has changed counts.

        Where nothing has, the run itself may still find that an earlier result stands.
        """
        earlier = [each.finished for each in self._ports.results.of(named.name)]
        miss = explain_miss(inputs, context, earlier, but=UPSTREAM)
        if miss.reason:
            return _Decision(Action.RUN, miss.reason, changed=miss.changed)
        return _Decision(Action.RUN, f"{unknown} runs before it")

    def _original(self, stage: str, found: EarlierResult) -> EarlierResult:
        """The attempt that found it; the log names it in every use of its result."""
        wanted = found.finished.cached
        results = self._ports.results.of(stage)
        return next((each for each in results if each.task_id == wanted), found)


def _usual(ran: Sequence[StageFinished]) -> int | None:
    """The (upper) median of the newest few, in ms. A broken attempt tells nothing."""
    lengths = [
        each.usage.wall_ms
        for each in ran
        if each.outcome in {Outcome.OPEN, Outcome.CLOSED}
    ]
    newest = sorted(lengths[:_NEWEST])
    return newest[len(newest) // 2] if newest else None


def _asks_evidence(named: NamedStage) -> bool:
    """Whether the stage's own condition reads more than facts and labels."""
    names = () if named.when is None else named.when.names
    return any(name.partition(".")[0] not in _FACTS for name in names)
