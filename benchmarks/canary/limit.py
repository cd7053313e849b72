"""The fewest minutes in which any test with these error rates can find a regression."""

from math import log

from canary.contestant import SCRAPE, SCRAPES
from canary.world import ONSET, Cell, Scenario
from sluicegate.canary.plan import abort_limit

NEVER = float("inf")


def least_batches(ratio: float, *, sigma: float, alpha: float, beta: float) -> float:
    """Fewest batches, in the mean, in which any test can tell *ratio* from 1.

    However many requests a batch has: they show the ratio of that minute, which for
    two equal releases has a logarithm with standard deviation *sigma*, and no function
    of it can tell more than the ratio itself does, ``(ln ratio)^2 / (2 sigma^2)`` nats
    (for log-normal noise; by Wald's bound and the data processing inequality).
    """
    needed = (1 - beta) * log((1 - beta) / alpha) + beta * log(beta / (1 - alpha))
    return needed / (log(ratio) ** 2 / (2 * sigma**2))


def least_minutes(
    cell: Cell, *, block: int, sigma: float | None, alpha: float, beta: float
) -> float:
    """Minutes, in the mean, for whoever looks every *block* seconds.

    Infinite where the requests of the hour are too few. *cell* has a regression.
    """
    onset = ONSET * 60 // SCRAPE if cell.scenario is Scenario.LATE else 0
    part, minutes = 0.0, NEVER
    for scrape, share in enumerate(cell.weight.shares().tolist()):
        if scrape < onset:
            continue
        rates = (cell.canary_rate, cell.rate)
        requests = cell.traffic * SCRAPE * share
        part += requests / abort_limit(rates, share=share, alpha=alpha, beta=beta)
        if part >= 1:
            minutes = (scrape + 1) * SCRAPE / 60
            break
    if sigma is not None and minutes < NEVER:
        fewest = least_batches(
            cell.canary_rate / cell.rate, sigma=sigma, alpha=alpha, beta=beta
        )
        minutes = max(minutes, (onset * SCRAPE + fewest * block) / 60)
    if minutes > SCRAPES * SCRAPE / 60:
        return NEVER
    return -(-minutes * 60 // block) * block / 60
