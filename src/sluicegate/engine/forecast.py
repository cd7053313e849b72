"""What a run would do now, stage by stage, without doing it."""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sluicegate.engine.inputs import gather
from sluicegate.engine.reuse import Miss, find_result
from sluicegate.engine.selection import Chosen, Selection, upstream
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.engine.whens import judge_when
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.decision import Verdict
from sluicegate.model.event import StageFinished
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage


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
    """

    name: str
    uses: str
    action: Action
    reason: str
    last: StageFinished | None = None


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
        action, reason = self._decide(named)
        if action is Action.SKIP:
            self._skipped.add(named.name)
        if action is Action.RUN and named.name in self._chosen.earlier:
            action = Action.MISSING
        last = next(
            (
                result.finished
                for result in self._ports.results.of(named.name)
                if result.finished.cached is None
            ),
            None,
        )
        return Forecast(named.name, named.stage.uses, action, reason, last)

    def _decide(self, named: NamedStage) -> tuple[Action, str]:
        pipeline = self._situation.pipeline
        before = upstream(pipeline, named.name)
        skipped = sorted(before & self._skipped)
        if skipped:
            return Action.SKIP, f"{skipped[0]} is skipped"
        needs = [each.name for each in pipeline.stages if each.name in before]
        open_question = next((need for need in needs if need not in self._known), None)
        ends = [self._known[need] for need in needs if need in self._known]
        if named.when is not None and open_question is None:
            try:
                decision = judge_when(named.when, self._situation, ends)
            except PermanentError as error:
                return Action.RUN, str(error)
            if decision.verdict is not Verdict.OPEN:
                return Action.SKIP, f"when: {decision.reason}"
        if not isinstance(named.stage, CommandStage):
            return Action.RECONCILE, "compared with what is there"
        if open_question is not None:
            return Action.RUN, f"{open_question} runs before it"
        if named.name in self._forced:
            return Action.RUN, "forced"
        return self._look_up(named, named.stage, ends)

    def _look_up(
        self, named: NamedStage, stage: CommandStage, ends: list[StageFinished]
    ) -> tuple[Action, str]:
        ports = self._ports
        context = self._situation.context(named.name, "/nonexistent", ends, ports)
        try:
            tools = {name: ports.tools.find(name) for name in stage.tools()}
            context = replace(context, tools=tools)
            inputs = gather(named, stage, self._situation, context, ends, ports)
        except ExternalError as error:
            return Action.RUN, str(error)
        found = find_result(named, stage, inputs, context, ports)
        if isinstance(found, Miss):
            return Action.RUN, found.reason
        self._known[named.name] = found.finished
        return (
            Action.CACHED,
            f"the same inputs as {found.finished.cached or found.task_id}",
        )
