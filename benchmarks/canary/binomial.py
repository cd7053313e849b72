"""An exact binomial test, and many of them together. Pure."""

from collections.abc import Mapping
from math import exp, fsum, lgamma, log, log1p


def upper_tail(count: int, trials: int, chance: float) -> float:
    """Of a binomial: the probability of *count* or more in *trials*."""
    if count <= 0:
        return 1.0
    terms = (
        exp(
            lgamma(trials + 1)
            - lgamma(x + 1)
            - lgamma(trials - x + 1)
            + x * log(chance)
            + (trials - x) * log1p(-chance)
        )
        for x in range(count, trials + 1)
    )
    return min(1.0, fsum(terms))


def reject(p_values: Mapping[str, float], level: float) -> list[str]:
    """The hypotheses that Holm's procedure rejects, at *level* for all together."""
    rejected = []
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for rank, (name, p_value) in enumerate(ordered):
        if p_value > level / (len(ordered) - rank):
            break
        rejected.append(name)
    return rejected
