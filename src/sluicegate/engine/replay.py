"""Judging a recorded rollout again. Pure."""

from collections.abc import Iterable

from sluicegate.canary.judge import assess
from sluicegate.engine.rollout_fold import apply
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import RolloutState
from sluicegate.model.event import RolloutEvent, RolloutStarted
from sluicegate.model.replayed import Replayed


def replay(plan: RolloutPlan, events: Iterable[RolloutEvent]) -> list[Replayed]:
    """Judge all rollouts in *events* of the stage of *plan* again, oldest first.

    Raises:
        IntegrityError: evidence, a verdict or a weight in *events* is another one than
            follows from what is recorded before it.
    """
    done: list[RolloutState] = []
    state = RolloutState()
    for event in events:
        if isinstance(event, RolloutStarted) and state.started is not None:
            done.append(state)
        state = apply(plan, state, event)
    if state.started is not None:
        done.append(state)
    return [_describe(plan, each) for each in done]


def _describe(plan: RolloutPlan, state: RolloutState) -> Replayed:
    started, judged, finished = state.started, state.judged, state.finished
    assert started is not None
    metrics = assess(plan.judge, state.judge).metrics
    return Replayed(
        environment=started.environment,
        release=started.canary.name,
        blocks=state.blocks,
        evidence=tuple(
            (name, each.abort_micronats, each.promote_micronats)
            for name, each in metrics.items()
        ),
        verdict="" if judged is None else judged.verdict.value,
        cause="" if judged is None else judged.cause,
        reason="" if judged is None else judged.reason,
        result="" if finished is None else finished.result.value,
    )
