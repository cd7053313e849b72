"""The figures of delivery, and costs, as JSON: a promise, kept in docs. Pure.

Times are whole milliseconds, money is text with all digits that are needed to the sixth
after the point, and what there is nothing to count from is null.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sluicegate.model.cost import Spent
from sluicegate.model.delivery_figures import (
    CostRow,
    Costs,
    Delivery,
    Group,
    ReleaseCost,
    Spread,
    Window,
)
from sluicegate.report.amount import round_exact

SCHEMA = "sluicegate/metrics/v1"
COST_SCHEMA = "sluicegate/metrics-cost/v1"

_MICRO = Decimal("0.000001")
_RATE_DIGITS = 6


def delivery_document(delivery: Delivery) -> str:
    """Write the figures as one document."""
    document = {
        "schema": SCHEMA,
        "log": delivery.log,
        "entries": delivery.entries,
        "pruned_entries": delivery.pruned,
        "pruned_rollouts": delivery.cut_rollouts,
        "window": _window(delivery.window),
        "known": None if delivery.known is None else _window(delivery.known),
        "service": delivery.service,
        "by": delivery.by,
        "groups": [_group(each) for each in delivery.groups],
        "gates": [
            {"stage": each.stage, **_outcomes(each.outcomes)} for each in delivery.gates
        ],
        "release_costs": [_cost(each, delivery.currency) for each in delivery.costs],
        "currency": delivery.currency,
        "clone": {"missing": delivery.no_clone, "shallow": delivery.shallow},
    }
    return json.dumps(document, indent=2)


def _group(group: Group) -> dict[str, object]:
    changes, rate = group.changes, group.changes.failure_rate
    return {
        "environment": group.environment,
        **_window(group.window),
        "releases": group.releases,
        "rollbacks": group.rollbacks,
        "lead_time": {
            "since_commit": _spread(group.lead.since_commit),
            "since_run": _spread(group.lead.since_run),
            "releases_without_commits": group.lead.unknown,
        },
        "changes": {
            "decided": changes.decided,
            "good": changes.good,
            "aborted": changes.aborted,
            "gone_back": changes.gone_back,
            "undecided": changes.undecided,
            "failed_by_override": changes.overridden_failed,
            "failure_rate": None if rate is None else round(float(rate), _RATE_DIGITS),
        },
        "restore": {
            "since_traffic": _spread(group.restores.since_traffic),
            "since_sign": _spread(group.restores.since_sign),
            "not_restored": group.restores.waiting,
        },
        "canary_aborts": dict(group.aborts),
        "approvals": {
            "waited": _spread(group.approvals.waited),
            "open": group.approvals.open,
            "oldest_open_ms": group.approvals.oldest_ms,
        },
    }


def _outcomes(outcomes: Mapping[str, int]) -> dict[str, int]:
    words = ("open", "closed", "pending", "broken")
    return {word: outcomes.get(word, 0) for word in words}


def _spread(found: Spread | None) -> dict[str, int] | None:
    if found is None:
        return None
    return {"n": found.n, "median_ms": found.median_ms, "p90_ms": found.p90_ms}


def _cost(cost: ReleaseCost, currency: str | None) -> dict[str, object]:
    return {
        "environment": cost.environment,
        "releases": cost.releases,
        "spent": _spent(cost.spent, has_money=currency is not None),
        "each": None
        if cost.each is None
        else _spent(cost.each, has_money=currency is not None),
    }


def costs_document(costs: Costs) -> str:
    """Write costs as one document."""
    has_money = costs.rates is not None
    document = {
        "schema": COST_SCHEMA,
        "log": costs.log,
        "pruned_entries": costs.pruned,
        "window": _window(costs.window),
        "known": None if costs.known is None else _window(costs.known),
        "environment": costs.environment,
        "service": costs.service,
        "currency": None if costs.rates is None else costs.rates.currency,
        "by": costs.by,
        "rows": [_row(costs, each, has_money=has_money) for each in costs.rows],
        "total": {
            "runs": costs.total.runs,
            **_spent(costs.total.spent, has_money=has_money),
        },
        "stages_without_rate": list(costs.unpriced),
    }
    return json.dumps(document, indent=2)


def _row(costs: Costs, row: CostRow, *, has_money: bool) -> dict[str, object]:
    key: dict[str, object] = {costs.by: row.key or None}
    run = costs.runs_of.get(row.key)
    if run is not None:
        outcome = None if run.outcome is None else run.outcome.value
        key |= {"pipeline": run.pipeline, "commit": run.commit, "outcome": outcome}
        key["environments"] = list(run.environments)
    return {**key, "runs": row.runs, **_spent(row.spent, has_money=has_money)}


def _spent(spent: Spent, *, has_money: bool) -> dict[str, object]:
    return {
        "gpu_ms": _number(spent.gpu_ms),
        "machine_ms": _number(spent.machine_ms),
        "money": str(round_exact(spent.money, _MICRO)) if has_money else None,
    }


def _number(amount: Fraction) -> int | float:
    """Whole milliseconds; parts of one only where a run is shared."""
    if amount.denominator == 1:
        return amount.numerator
    return float(round_exact(amount, _MICRO))


def _window(window: Window) -> dict[str, object]:
    return {"start": _stamp(window.start), "end": _stamp(window.end)}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
