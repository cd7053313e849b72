"""How noisy two machines are that run the same thing, from an A/A history. Pure.

Two groups of machines served the same release for a while, side by side; per block of
time both groups' requests and failures are known. What their split of the failures
wavers beyond chance is the ``sigma`` of `sluicegate.canary.abort`. It is estimated by
maximum likelihood in the very model that the abort side uses: given ``k`` failures in a
block, those of one group are beta-binomial around its share ``w`` of the requests, with
concentration ``K = 1 / (w (1 - w) sigma^2) - 1``.

What to set is the upper limit, since noise above ``sigma`` breaks the promises of the
judge and noise below it only costs time. The limit is where the log-likelihood has
fallen from its maximum by half the square of the normal quantile (Wilks); that is
approximate, and close from some ten blocks with failures on.

Traps:
    The blocks have to be as long as those that will be judged: noise averages out over
    time, and failures in bursts more than anything.
    A lasting difference between the groups counts as noise, so a bad machine among them
    makes the estimate large.
    With few failures there is nothing to see of noise, and the limit says so by being
    absent; then any ``sigma`` costs next to nothing, and the default is fine.

Source:
    S. S. Wilks, Ann. Math. Stat. 9 (1938), 60-62.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, log, log1p
from statistics import NormalDist

from sluicegate.canary.abort import MAX_SIGMA, log_rising
from sluicegate.errors import UsageError

LEAST_BLOCKS = 10
"""With fewer blocks in which anything failed, no upper limit is given."""

_MOST = 2 * MAX_SIGMA  # the largest that is looked at
_STEPS = 28  # of the grid up to there
_HALVINGS = 30  # of an interval around what is looked for
_NO_NOISE = 1e-15  # variance below which noise is lost in double precision


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a history says of the noise.

    Attributes:
        blocks: in which both groups served and anything failed.
        sigma: the most likely noise of the log ratio per block, at least 0.
        upper: what it is at most, with confidence; None if the history is too short or
            too quiet to bound it by `abort.MAX_SIGMA`.
    """

    blocks: int
    sigma: float
    upper: float | None


def estimate_sigma(
    one: Sequence[tuple[int, int]],
    other: Sequence[tuple[int, int]],
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate the noise between two groups of machines with the same release.

    Args:
        one: requests, and how many of them failed, in each block.
        other: the same of the other group, for the same blocks of time.
        confidence: of the upper limit, in ``(0.5, 1)``.

    Raises:
        UsageError: the groups differ in the number of blocks, or a block has more
            failures than requests.
    """
    if len(one) != len(other):
        raise UsageError(
            f"the groups have {len(one)} and {len(other)} blocks, not the same ones"
        )
    for requests, failed in (*one, *other):
        if not 0 <= failed <= requests:
            raise UsageError(f"need 0 <= failed <= requests, got {failed}, {requests}")
    splits = [
        ((x, y), n / (n + m))
        for (n, x), (m, y) in zip(one, other, strict=True)
        if n > 0 and m > 0 and x + y > 0
    ]

    def likelihood(sigma: float) -> float:
        return fsum(_log_gain(split, share, sigma) for split, share in splits)

    sigma = _find_peak(likelihood)
    if len(splits) < LEAST_BLOCKS:
        return Estimate(len(splits), sigma, None)
    fall = NormalDist().inv_cdf(confidence) ** 2 / 2
    least = likelihood(sigma) - fall
    if sigma >= MAX_SIGMA or likelihood(MAX_SIGMA) > least:
        return Estimate(len(splits), sigma, None)
    low, high = sigma, MAX_SIGMA
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if likelihood(middle) > least else (low, middle)
    return Estimate(len(splits), sigma, high)


def _find_peak(likelihood: Callable[[float], float]) -> float:
    """The most likely sigma, up to `_MOST`: the best of a grid, then between points."""
    step = _MOST / _STEPS
    best = max(range(_STEPS + 1), key=lambda index: likelihood(step * index))
    low, high = step * max(0, best - 1), step * min(_STEPS, best + 1)
    for _ in range(_HALVINGS):
        third = (high - low) / 3
        if likelihood(low + third) < likelihood(high - third):
            low += third
        else:
            high -= third
    return low if low > 0 else 0.0


def _log_gain(split: tuple[int, int], share: float, sigma: float) -> float:
    """Log-likelihood of a split of failures at *sigma*, minus that without noise."""
    noise = share * (1 - share) * sigma * sigma
    if noise < _NO_NOISE:
        return 0.0
    concentration = 1 / noise - 1
    return fsum(
        (
            log_rising(concentration * share, split[0]),
            log_rising(concentration * (1 - share), split[1]),
            -log_rising(concentration, sum(split)),
            -split[0] * log(share),
            -split[1] * log1p(-share),
        )
    )
