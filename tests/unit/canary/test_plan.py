"""Limits of any test, and what a verdict takes."""

from math import ceil, log

import pytest

from sluicegate.canary.plan import (
    PROMOTE_OVERHEAD,
    abort_limit,
    divergence,
    promote_limit,
    requests_to_promote,
)
from sluicegate.canary.promote import Margin, growth

MARGIN = Margin(2, 0.001)


@pytest.mark.parametrize(
    ("stable", "canary", "expected"),
    [(0.01, 0.02, 0.003914), (0.01, 0.05, 0.041291), (0.0001, 0.001, 0.001403)],
)
def test_divergence_is_that_of_a_coin(
    stable: float, canary: float, expected: float
) -> None:
    assert divergence(canary, stable) == pytest.approx(expected, abs=5e-7)


def test_divergence_is_defined_for_coins_that_never_fall_on_one_side() -> None:
    assert divergence(0, 0.5) == divergence(1, 0.5) == pytest.approx(0.693147, abs=1e-6)


@pytest.mark.parametrize(
    ("stable", "canary", "share", "expected"),
    [
        (0.01, 0.02, 0.05, 1140),
        (0.01, 0.02, 0.1, 1220),
        (0.01, 0.02, 0.5, 2422),
        (0.01, 0.05, 0.1, 122),
        (0.005, 0.01, 0.1, 2456),
        (0.001, 0.005, 0.5, 2862),
        (0.0001, 0.001, 0.05, 3409),
    ],
)
def test_the_limit_to_abort_is_walds_for_two_unknown_rates(
    stable: float, canary: float, share: float, expected: int
) -> None:
    # Computed apart from this code, as 4.177 / (KL(p1, pb) + (1 - w) / w KL(p0, pb)).
    limit = abort_limit((canary, stable), share=share, alpha=0.01, beta=0.05)
    assert limit == pytest.approx(expected, abs=1)


def test_the_limit_to_promote_falls_as_the_margin_grows() -> None:
    limits = [
        promote_limit(0.005, share=0.1, alpha=0.01, beta=0.05, margin=Margin(2, slack))
        for slack in (0, 0.001, 0.01)
    ]
    assert limits == sorted(limits, reverse=True)
    assert limits[1] == pytest.approx(1720 / 1.06, rel=0.01)


def test_evidence_gathered_shortens_the_wait() -> None:
    def missing(evidence: float) -> int | None:
        return requests_to_promote(
            (0.005, 0.005), share=0.1, beta=0.05, margin=MARGIN, evidence=evidence
        )

    assert missing(-1.0) == 2569
    assert missing(0.0) == 1926
    assert missing(2.9) == 62
    assert missing(5.0) == 1


def test_a_canary_at_the_margin_is_never_promoted_for_lack_of_growth() -> None:
    rates = (2 * 0.01 + 0.001, 0.01)
    found = requests_to_promote(
        rates, share=0.1, beta=0.05, margin=MARGIN, pooled=0.012
    )
    assert found is None


def test_a_canary_better_than_stable_takes_fewer_requests() -> None:
    def missing(canary: float) -> int:
        found = requests_to_promote(
            (canary, 0.01), share=0.2, beta=0.05, margin=MARGIN, pooled=0.009
        )
        assert found is not None
        return found

    assert missing(0.0) < missing(0.005) < missing(0.01)
    assert PROMOTE_OVERHEAD >= 1


def test_the_better_of_the_two_bets_sets_the_pace() -> None:
    # A flawless canary beside a flawless stable: half the pooled rate pays more.
    found = requests_to_promote(
        (0.0, 0.0), share=0.5, beta=0.05, margin=MARGIN, pooled=0.01
    )
    slower = growth((0.0, 0.0), 0.01, share=0.5, margin=MARGIN)
    faster = growth((0.0, 0.0), 0.005, share=0.5, margin=MARGIN)
    best = max(slower, faster)
    assert slower != faster
    assert found == ceil(PROMOTE_OVERHEAD * log(20) / best)
