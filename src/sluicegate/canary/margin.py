"""What difference between canary and stable is unacceptable. Pure."""

from dataclasses import dataclass

from sluicegate.errors import UsageError
from sluicegate.model.traffic import RequestCounts


@dataclass(frozen=True, slots=True)
class Margin:
    """Unacceptable is ``p_c >= ratio * p_s + slack``; fractions of requests.

    Raises:
        UsageError: ``ratio < 1``, ``slack`` outside ``[0, 1)``, or ``ratio = 1``
            without slack, when even a copy of stable would count as unacceptable.
    """

    ratio: float
    slack: float

    def __post_init__(self) -> None:
        if not 1 <= self.ratio < float("inf"):
            raise UsageError(f"ratio must be at least 1, got {self.ratio}")
        if not 0 <= self.slack < 1:
            raise UsageError(f"slack must be in [0, 1), got {self.slack}")
        if self.ratio == 1 and self.slack == 0:
            raise UsageError(
                "with ratio 1 and slack 0 no canary could ever be promoted",
                hint="allow some difference: a ratio above 1 or a slack above 0",
            )

    def is_void(self, stable: RequestCounts) -> bool:
        """Whether *stable* fails so often that no error rate would be unacceptable."""
        return self.ratio * stable.failed + self.slack * stable.total >= stable.total

    def rates_at(
        self, rate: float, *, canary: float, stable: float
    ) -> tuple[float, float]:
        """The rates of canary and stable on the margin that make *rate* together.

        Where none do, the nearest that are fractions.

        Args:
            rate: the error rate of both arms together, in ``[0, 1]``.
            canary: requests of the canary, ``> 0``.
            stable: requests of stable, ``> 0``.
        """
        share = canary / (canary + stable)
        found = (rate - share * self.slack) / (1 + share * (self.ratio - 1))
        q_s = min(max(found, 0.0), (1 - self.slack) / self.ratio)
        return min(1.0, self.ratio * q_s + self.slack), q_s
