"""Totals of a metric that fell, and what is believed after that. Pure.

The target's own counters begin again together, for both releases, and are counted on
from 0 (`sluicegate.engine.rollout_metrics`). Other sources:

- Prometheus and files count from one moment on, and see to restarts themselves. One
  that knows less than before is behind: a replica that lags, a series that is missing
  from one answer. It is held for until it knows as much again, at any weight.
- A command counts however it likes, perhaps by a program that has begun again. Nobody
  can tell when its totals have anything to do with those before. The block in which
  they fell shows nothing, and no other one at this weight has the metric; at the next
  weight it is marked anew.

Either way nothing is shown that one release did long ago and the other only now.
"""

from sluicegate.canary.metric import Metric
from sluicegate.engine.rollout_metrics import Totals, goes_on
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import Mark

_LESS = "its source has counted less than before"


def find_doubt(
    plan: RolloutPlan, mark: Mark | None, totals: Totals
) -> tuple[str, str] | None:
    """Which of *totals* a block after *mark* cannot have, and why; None if none."""
    lost = frozenset[str]() if mark is None else mark.lost
    for name in totals:
        if name in lost:
            return name, f"{_LESS}, and may have begun again since this weight"
    return find_fall(plan, mark, totals)


def find_fall(
    plan: RolloutPlan, mark: Mark | None, totals: Totals
) -> tuple[str, str] | None:
    """Which of *totals* are behind those before *mark*, and why they are not believed.

    None if none is. Those of commands are not asked about.
    """
    floors = {} if mark is None else mark.floors
    for metric in plan.judge.metrics:
        if _falls(metric, floors, totals):
            return metric.name, f"{_LESS}, so it is behind"
    return None


def fallen(plan: RolloutPlan, marks: Totals, totals: Totals) -> frozenset[str]:
    """The metrics of commands whose *totals* do not go on from *marks*."""
    return frozenset(
        metric.name
        for metric in plan.judge.metrics
        if metric.name in plan.printed and _falls(metric, marks, totals)
    )


def floors_after(plan: RolloutPlan, mark: Mark | None, totals: Totals) -> Totals:
    """The totals that may not be fallen below any more, once *totals* are recorded."""
    return {
        **({} if mark is None else mark.floors),
        **{
            name: pair
            for name, pair in totals.items()
            if name not in plan.scraped and name not in plan.printed
        },
    }


def _falls(metric: Metric, marks: Totals, totals: Totals) -> bool:
    before, now = marks.get(metric.name), totals.get(metric.name)
    if before is None or now is None:
        return False
    return not goes_on(metric, before, now)
