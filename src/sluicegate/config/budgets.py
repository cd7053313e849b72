"""Budgets as a file may write them: how much may be used in a day or a week."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from sluicegate.model import budget
from sluicegate.model.budget import Period
from sluicegate.stages.stage import Settings

_Limits = dict[Literal["day", "week"], Annotated[int, Field(ge=1)]]


class Budgets(Settings):
    """What may be used in each period of the calendar, in UTC."""

    runs: _Limits = Field(
        default_factory=dict, description="Runs, like {day: 20, week: 60}."
    )
    gpu_minutes: _Limits = Field(
        default_factory=dict,
        description="Minutes of GPUs that stages declare, like {week: 600}.",
    )

    def as_budgets(self) -> budget.Budgets:
        """The limits, as values."""
        return budget.Budgets(_limits(self.runs), _limits(self.gpu_minutes))


def _limits(limits: Mapping[Literal["day", "week"], int]) -> Mapping[Period, int]:
    return {Period(period): limit for period, limit in limits.items()}
