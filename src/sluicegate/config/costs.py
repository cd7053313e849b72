"""Rates as a file may write them: what the time of machines and GPUs costs."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from sluicegate.model import cost
from sluicegate.stages.stage import Settings

_Rate = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class Rates(Settings):
    """Money for an hour on the clock, in the currency of the file."""

    gpu_hour: _Rate | None = Field(
        None, description="For one GPU for an hour, like 2.50."
    )
    machine_hour: _Rate | None = Field(
        None, description="For the machine that runs a stage for an hour."
    )

    def as_rate(self) -> cost.Rate:
        """What an hour costs, as a value."""
        return cost.Rate(self.gpu_hour, self.machine_hour)


class Costs(Rates):
    """What running stages costs."""

    currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="ISO 4217, like EUR."
    )
    stages: dict[str, Rates] = Field(
        default_factory=dict, description="Rates of stages that differ, by stage."
    )

    def as_rates(self) -> cost.Rates:
        """What hours cost, as values."""
        stages = {name: rates.as_rate() for name, rates in self.stages.items()}
        return cost.Rates(self.currency, self.as_rate(), stages)
