"""What running stages costs, and what was spent. Exact: money is rounded when shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

_MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Money for an hour on the clock, of one GPU and of a machine. None: not said."""

    gpu_hour: Decimal | None = None
    machine_hour: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Money for an hour in ``currency`` (ISO 4217); ``stages`` are those that differ.

    What a stage's own rate leaves open is as everywhere.
    """

    currency: str
    everywhere: Rate = field(default_factory=Rate)
    stages: Mapping[str, Rate] = field(default_factory=dict)

    def of(self, stage: str) -> Rate:
        """The rate of *stage*."""
        own = self.stages.get(stage, Rate())
        gpu, machine = own.gpu_hour, own.machine_hour
        return Rate(
            self.everywhere.gpu_hour if gpu is None else gpu,
            self.everywhere.machine_hour if machine is None else machine,
        )

    def price(self, stage: str, spent: "Spent") -> Fraction:
        """What *spent* on *stage* costs; time that has no rate costs nothing."""
        rate = self.of(stage)
        total = Fraction(rate.gpu_hour or 0) * spent.gpu_ms
        total += Fraction(rate.machine_hour or 0) * spent.machine_ms
        return total / _MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Spent:
    """Time of GPUs and of machines, in milliseconds; parts of one where it is shared.

    ``money`` is what it costs, 0 where no rate is known.
    """

    gpu_ms: Fraction = Fraction(0)
    machine_ms: Fraction = Fraction(0)
    money: Fraction = Fraction(0)

    def __add__(self, other: "Spent") -> "Spent":
        """Both together."""
        return Spent(
            self.gpu_ms + other.gpu_ms,
            self.machine_ms + other.machine_ms,
            self.money + other.money,
        )

    def part(self, share: Fraction) -> "Spent":
        """*share* of it, of 0 to 1."""
        return Spent(self.gpu_ms * share, self.machine_ms * share, self.money * share)
