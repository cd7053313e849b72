"""The population stability index: how far a mix has moved. Pure.

It is what people know, so it is reported; nothing is ever decided by it. It is biased:
two samples of the *same* mix have an index of about ``(B - 1) (1 / n_c + 1 / n_s)`` for
``B`` categories. With 10 categories, 30 requests against 270 that is 0.33, well above
the customary alarm at 0.2, while an index of truly 0.1 never reaches it however many
requests there are.
"""

from dataclasses import dataclass
from math import fsum, log

from sluicegate.model.metric import Pair, Tally

_PRIOR = 0.5  # added to every count, so that an empty category has a logarithm


@dataclass(frozen=True, slots=True)
class StabilityIndex:
    """How far the canary's mix is from stable's.

    Attributes:
        value: at least 0; 0 for equal mixes.
        bias: what chance alone makes of it at these numbers of requests, about.
    """

    value: float
    bias: float


def measure_stability(total: Pair) -> StabilityIndex | None:
    """The index of a metric of kind categories; None before both arms have requests."""
    canary, stable = total.canary, total.stable
    if canary.n == 0 or stable.n == 0:
        return None
    return StabilityIndex(
        value=fsum(
            (c - s) * log(c / s)
            for c, s in zip(_shares(canary), _shares(stable), strict=True)
        ),
        bias=(len(canary.x) - 1) * (1 / canary.n + 1 / stable.n),
    )


def _shares(tally: Tally) -> list[float]:
    return [(x + _PRIOR) / (tally.n + _PRIOR * len(tally.x)) for x in tally.x]
