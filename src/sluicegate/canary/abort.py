"""Evidence that the canary fails more of its requests than stable does.

Pure. The evidence is an e-process against "in every block, canary is no worse than
stable" (``p_c <= p_s``, where both may drift from block to block as they like): a good
canary's e-value *ever* exceeds ``1 / alpha`` with probability at most ``alpha``,
however often one looks (Ville's inequality). An outage that hits both releases alike is
no evidence: only the split of the failures between them counts.

Per block, with ``k`` failures in all, ``x`` of them the canary's, and ``w`` the
canary's share of the requests, for an assumed risk ratio ``psi > 1``::

    sigma None:   e(psi) = psi^x / (1 + w (psi - 1))^k
    sigma given:  e(psi) = BB(x; k, K v, K (1 - v)) / BB(x; k, K w, K (1 - w))
                  v = w psi / (1 - w + w psi),  K = 1 / (w (1 - w) sigma^2) - 1

where ``BB(x; k, a, b)`` is the beta-binomial probability.

The e-value of a series of blocks is the mean over `RISK_RATIOS` of the products.

Why valid: given the requests of both arms and ``k``, ``x`` is hypergeometric under
``p_c = p_s``; ``psi^x`` is convex, so its mean is at most the binomial one (Hoeffding
1963, theorem 4), which is the denominator; a better canary makes ``x`` stochastically
smaller, and both forms grow with ``x``. The beta-binomial form is exact for arms that
are as noisy as it says. That it also holds for arms with *less* noise is checked by
exact enumeration in the tests, and holds up to `MAX_SIGMA` only.

Traps:
    Real arms differ by more than counting noise: a slow node, a burst of one client.
    At 1000 requests a second the first form then aborts most good canaries. ``sigma``
    is the standard deviation of that noise in the log risk ratio, per block; the second
    form keeps its promise as long as the real noise is no greater, and blocks
    are longer than the noise lasts (60 s is a fair choice). As failures grow, a block's
    evidence levels off at what the noise allows; with few failures both forms agree.
    A lasting difference between two machines looks the same as one between releases.

Source:
    W. Hoeffding, J. Am. Stat. Assoc. 58 (1963), 13-30.
    S. R. Howard et al., Annals of Statistics 49 (2021), 1055-1080 (Ville, mixtures).
"""

from math import exp, fsum, lgamma, log, log1p

from sluicegate.model.traffic import Block

RISK_RATIOS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Risk ratios that are tested at once, with equal weight."""

MAX_SIGMA = 0.7
"""Largest noise allowed. Beyond ``sqrt(1/2)`` arms without any noise would give
e-values with a mean above 1 (1.02 at 0.75, 1.44 at 2), so good canaries would be
aborted too often: for ``w`` near 0 and ``psi`` 1.5 the mean is
``a^(a/2) Gamma(a) / Gamma(3a/2)``, ``a = sigma^-2``, which is 1 at ``a = 2``."""

NO_EVIDENCE = (0.0,) * len(RISK_RATIOS)
"""Log-evidence per risk ratio before the first block. Unit: nats."""

_LARGE = 32.0  # from here on Stirling's series to z^-5 is exact to 2e-14
_NO_NOISE = 1e-15  # variance below which the two forms agree in double precision


def add_block(
    evidence: tuple[float, ...], block: Block, *, sigma: float | None
) -> tuple[float, ...]:
    """Add a block's log-evidence to that of the blocks before it.

    Args:
        evidence: log-evidence per risk ratio, in nats, shape ``(6,)``.
        block: the requests of both arms between the same two scrapes.
        sigma: noise of the log risk ratio per block, in ``(0, MAX_SIGMA]``; None for
            none at all.
    """
    return tuple(
        before + log_evidence(block, ratio, sigma=sigma)
        for before, ratio in zip(evidence, RISK_RATIOS, strict=True)
    )


def log_evidence(block: Block, ratio: float, *, sigma: float | None) -> float:
    """Log of the e-value of one block for one risk ratio, in nats.

    Zero when nothing failed or when one arm served nothing: there is no split to judge.

    Args:
        block: the requests of both arms.
        ratio: the assumed risk ratio, ``> 1``.
        sigma: as in `add_block`.
    """
    canary, stable = block.canary, block.stable
    return log_split(
        (canary.failed, stable.failed),
        (canary.total, stable.total),
        ratio,
        sigma=sigma,
    )


def log_split(
    events: tuple[int, int],
    exposures: tuple[int, int],
    ratio: float,
    *,
    sigma: float | None,
) -> float:
    """Log of the e-value of how *events* split between canary and stable, in nats.

    Args:
        events: of canary and stable, at least 0.
        exposures: of canary and stable, at least 0; events may exceed them.
        ratio: the assumed ratio of the rates, ``> 1``.
        sigma: as in `add_block`.
    """
    canary, stable = events
    exposure = sum(exposures)
    if min(exposures) == 0 or canary + stable == 0:
        return 0.0
    share, other = exposures[0] / exposure, exposures[1] / exposure
    inflation = 1 + share * (ratio - 1)
    noise = 0.0 if sigma is None else share * other * sigma * sigma
    if noise < _NO_NOISE:
        return canary * log(ratio) - (canary + stable) * log1p(share * (ratio - 1))
    concentration = 1 / noise - 1  # at least 7, since sigma is at most MAX_SIGMA
    null_c, null_s = concentration * share, concentration * other
    return fsum(
        (
            log_rising(null_c * ratio / inflation, canary),
            -log_rising(null_c, canary),
            log_rising(null_s / inflation, stable),
            -log_rising(null_s, stable),
        )
    )


def log_mixture(evidence: tuple[float, ...]) -> float:
    """Log of the mean of the e-values whose logs are given. Unit: nats."""
    top = max(evidence)
    return top + log(fsum(exp(each - top) for each in evidence) / len(evidence))


def log_rising(base: float, count: float) -> float:
    """Log of ``base (base + 1) ... (base + count - 1)``, for ``base > 0``.

    In other words ``Gamma(base + count) / Gamma(base)``, for any count of at least 0.

    The difference of two `lgamma` would lose all digits for a large base (a small sigma
    makes one), so there Stirling's series is subtracted term by term.
    """
    if base < _LARGE:
        return lgamma(base + count) - lgamma(base)
    end = base + count
    return (
        count * log(base)
        + (end - 0.5) * log1p(count / base)
        - count
        + (_stirling(end) - _stirling(base))
    )


def _stirling(z: float) -> float:
    """What ``lgamma(z)`` has beyond ``(z - 1/2) ln z - z + ln(2 pi) / 2``."""
    return (1 / 12 - (1 / 360 - 1 / (1260 * z * z)) / (z * z)) / z
