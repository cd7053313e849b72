"""What runs have cost: by stage, run, environment or week. Pure, and exact.

Every share of what was spent is counted once, so the rows of any grouping add up to the
same total. A stage that released belongs to the environment it released into; what else
its run has taken is shared in equal parts by all environments that the run released
into, and belongs to none where it released into none.
"""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sluicegate.model.budget import Period
from sluicegate.model.cost import Rates, Spent
from sluicegate.model.delivery import Facts, PastRun
from sluicegate.model.delivery_figures import CostRow, ReleaseCost, Window

_NO_RATES = Rates("")


@enum.unique
class By(enum.Enum):
    """What costs are listed by."""

    STAGE = "stage"
    RUN = "run"
    ENVIRONMENT = "environment"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what an attempt has cost; ``environment`` is "" for none."""

    at: datetime
    run_id: str
    stage: str
    environment: str
    spent: Spent


def shares(facts: Facts, window: Window, rates: Rates | None) -> Iterator[Share]:
    """All that was spent in *window*, each part once."""
    runs = {run.run_id: run for run in facts.runs}
    for row in facts.spent:
        if row.at not in window:
            continue
        time = Spent(Fraction(row.gpu_ms), Fraction(row.machine_ms))
        price = (rates or _NO_RATES).price(row.stage, time)
        whole = Spent(time.gpu_ms, time.machine_ms, price)
        places = _places(runs.get(row.run_id), row.stage)
        for place in places:
            part = whole.part(Fraction(1, len(places)))
            yield Share(row.at, row.run_id, row.stage, place, part)


def _places(run: PastRun | None, stage: str) -> Sequence[str]:
    if run is None:
        return ("",)
    own = tuple(place for name, place in run.releasing if name == stage)
    return tuple(dict.fromkeys(own)) or run.environments or ("",)


def group(found: Sequence[Share], by: By) -> Sequence[CostRow]:
    """*found* by what *by* says; weeks in their order, others by what they cost."""
    sums: dict[str, Spent] = {}
    runs: dict[str, set[str]] = {}
    for each in found:
        key = _KEY[by](each)
        sums[key] = sums.get(key, Spent()) + each.spent
        runs.setdefault(key, set()).add(each.run_id)
    rows = [CostRow(key, len(runs[key]), spent) for key, spent in sums.items()]
    if by is By.WEEK:
        return sorted(rows, key=lambda row: row.key)
    return sorted(rows, key=lambda row: (*_rank(row.spent), row.key))


def total(found: Sequence[Share]) -> CostRow:
    """All of *found* together."""
    spent = sum((each.spent for each in found), Spent())
    return CostRow("total", len({each.run_id for each in found}), spent)


def per_release(
    facts: Facts, environment: str, window: Window, found: Sequence[Share]
) -> ReleaseCost:
    """What each release that came to *environment* in *window* has cost.

    That is all that the runs of its services have taken in *window*, those that failed
    included, wherever they went. So what several environments share counts in each.

    Args:
        facts: what the log says.
        environment: where the releases came to.
        window: when they came there.
        found: all that was spent in it.
    """
    here = [row for row in facts.rollouts if row.environment == environment]
    services = {row.service for row in here}
    own = {run.run_id for run in facts.runs if run.service in services}
    spent = sum((each.spent for each in found if each.run_id in own), Spent())
    count = sum(
        row.has_arrived and not row.is_rollback and row.at in window for row in here
    )
    each = spent.part(Fraction(1, count)) if count else None
    return ReleaseCost(environment, count, spent, each)


def unpriced(found: Sequence[Share], rates: Rates | None) -> Sequence[str]:
    """The stages of *found* that took time for which *rates* have no price."""
    if rates is None:
        return ()
    names: dict[str, None] = {}
    for each in found:
        rate = rates.of(each.stage)
        no_gpu = each.spent.gpu_ms and rate.gpu_hour is None
        no_machine = each.spent.machine_ms and rate.machine_hour is None
        if no_gpu or (no_machine and rate.gpu_hour is None):
            names[each.stage] = None
    return tuple(sorted(names))


def _rank(spent: Spent) -> tuple[Fraction, Fraction, Fraction]:
    return -spent.money, -spent.gpu_ms, -spent.machine_ms


def _week_of(each: Share) -> str:
    return f"{Period.WEEK.start(each.at):%Y-%m-%d}"


_KEY = {
    By.STAGE: lambda each: each.stage,
    By.RUN: lambda each: each.run_id,
    By.ENVIRONMENT: lambda each: each.environment,
    By.WEEK: _week_of,
}
