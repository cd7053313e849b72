"""Whether a budget leaves anything. Pure.

A budget is used up when nothing is left of it; what has begun is finished all the same.
So one may be exceeded, by the last that began: what runs keeps its whole reservation,
and nobody else begins on the strength of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.budget import Budgets, Period
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult, StageFinished
from sluicegate.model.resources import MS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class Used:
    """What was used in a period, and what may be used yet by attempts that run.

    Times of GPUs are in milliseconds.
    """

    runs: int = 0
    gpu_ms: int = 0
    reserved_ms: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """A budget in the period that is now. ``used`` and ``reserved`` are in its unit.

    The unit is runs, or milliseconds of GPUs; ``limit`` is in it too.
    """

    what: str
    period: Period
    limit: int
    used: int
    reserved: int
    ends: datetime

    @property
    def left(self) -> int:
        """What nobody has used or reserved; never below 0."""
        return max(self.limit - self.used - self.reserved, 0)


RUNS, GPU_MINUTES = "runs", "GPU-minutes"
_OURS = re.compile("(runs|GPU-minutes) per (day|week) <= [0-9]+")


def balances(
    budgets: Budgets, used: Mapping[Period, Used], now: datetime
) -> tuple[Balance, ...]:
    """How every budget stands."""
    runs = (
        Balance(RUNS, period, limit, _of(used, period).runs, 0, period.end(now))
        for period, limit in budgets.runs.items()
    )
    gpus = (
        Balance(
            GPU_MINUTES,
            period,
            limit * MS_PER_MINUTE,
            _of(used, period).gpu_ms,
            _of(used, period).reserved_ms,
            period.end(now),
        )
        for period, limit in budgets.gpu_minutes.items()
    )
    return (*runs, *gpus)


def judge_run(
    budgets: Budgets, used: Mapping[Period, Used], now: datetime
) -> ConditionResult | None:
    """The budget that lets no further run begin; None if all leave one."""
    return _worst(RUNS, budgets, used, now)


def judge_gpu(
    budgets: Budgets, used: Mapping[Period, Used], now: datetime
) -> ConditionResult | None:
    """The budget that lets no further stage use GPUs; None if all leave something.

    It is *closed* if it is used up, and *pending* if what runs now may use the rest.
    """
    return _worst(GPU_MINUTES, budgets, used, now)


def _worst(
    what: str, budgets: Budgets, used: Mapping[Period, Used], now: datetime
) -> ConditionResult | None:
    """That which is used up, and for longest; else one that others may use up."""
    found = [
        _refuse(each)
        for each in sorted(balances(budgets, used, now), key=lambda each: each.ends)
        if each.what == what and each.left == 0
    ]
    closed = [each for each in found if each.verdict is Verdict.CLOSED]
    return next(reversed(closed or found), None)


def _refuse(balance: Balance) -> ConditionResult:
    limit, used = amount(balance, balance.limit), amount(balance, balance.used)
    condition = f"{balance.what} per {balance.period.value} <= {limit}"
    said = f"{used} of {limit} {balance.what} {balance.period.word} are used"
    if balance.used >= balance.limit:
        ends = f"{balance.ends:%Y-%m-%d %H:%M} UTC"
        reason = f"the budget is used up: {said}, until {ends}"
        return ConditionResult(condition, Verdict.CLOSED, reason)
    rest = amount(balance, balance.reserved)
    reason = f"{said}, and what runs now may use {rest} more: look again when it ended"
    return ConditionResult(condition, Verdict.PENDING, reason)


def is_over_budget(finished: StageFinished) -> bool:
    """Whether the attempt was ended by a budget, and the stage has done nothing."""
    conditions = () if finished.gate is None else finished.gate.conditions
    return any(is_of_budget(each.condition) for each in conditions)


def is_of_budget(condition: str) -> bool:
    """Whether a gate's record has *condition* from here, not from a pipeline file."""
    return _OURS.fullmatch(condition) is not None


def amount(balance: Balance, number: int) -> str:
    """A number in the unit of *balance*, for people."""
    return str(number) if balance.what == RUNS else format_gpu_ms(number)


def format_gpu_ms(number: int) -> str:
    """GPU-minutes with one decimal, cut off: almost all is not all."""
    tenths = number * 10 // MS_PER_MINUTE
    if number and not tenths:
        return "less than 0.1"
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths / 10:.1f}"


def _of(used: Mapping[Period, Used], period: Period) -> Used:
    return used.get(period, Used())
