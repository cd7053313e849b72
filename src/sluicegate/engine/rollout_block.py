"""Whether a recorded block follows from what is recorded before it. Pure."""

from sluicegate.engine.rollout_metrics import find_fault, totals_of
from sluicegate.engine.rollout_state import RolloutPlan, RolloutState, block_from
from sluicegate.model.event import BlockObserved, MetricObserved
from sluicegate.model.rollout import Scrape


def find_block_flaw(
    plan: RolloutPlan, state: RolloutState, event: BlockObserved
) -> str | None:
    """Why *event* cannot end the block under way in *state*, or None if it can."""
    fault = find_fault(plan.judge.metrics, event.metrics)
    if fault is not None:
        return f"block {event.index}: {fault}"
    scrape = Scrape(event.end_ts, event.stable_total, event.canary_total)
    replayed = block_from(plan, state, scrape, totals_of(event.metrics))
    if event == replayed:
        return None
    told, due = _evidence(event), _evidence(replayed)
    for name, evidence in told.items():
        if evidence != due[name]:
            return (
                f"block {event.index} records the evidence {evidence[0]} and "
                f"{evidence[1]} micronats for {name}, replaying gives {due[name][0]} "
                f"and {due[name][1]}"
            )
    return f"block {event.index} does not go on from what is recorded before it"


def _evidence(event: BlockObserved) -> dict[str, tuple[int, int]]:
    errors = (event.abort_micronats, event.promote_micronats)
    return {"errors": errors} | {each.metric: _of(each) for each in event.metrics}


def _of(metric: MetricObserved) -> tuple[int, int]:
    return metric.abort_micronats, metric.promote_micronats
