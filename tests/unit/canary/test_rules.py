"""What a metric takes from the judge."""

from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.judge import JudgeSettings
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.rules import Rules, share_of, weight_of
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind

LATENCY = Metric("latency", MetricKind.LATENCY, edges=(100, 500))
MIX = Metric("mix", MetricKind.CATEGORIES, categories=("a", "b"))


def test_a_metric_that_is_alone_has_all_of_alpha() -> None:
    for weight in (0.1, 1, 3, 7):
        settings = JudgeSettings(errors=replace(ERRORS, weight=weight))
        assert Rules.of(settings, settings.errors).alpha == 0.01


def test_alpha_is_shared_in_proportion_to_the_weights() -> None:
    settings = JudgeSettings(errors=replace(ERRORS, weight=3), metrics=(LATENCY,))
    assert Rules.of(settings, settings.errors).alpha == pytest.approx(0.0075)
    assert Rules.of(settings, LATENCY).alpha == pytest.approx(0.0025)
    assert Rules.of(settings, LATENCY).beta == settings.beta


def test_the_fuse_has_the_share_of_a_metric_of_weight_1() -> None:
    settings = JudgeSettings(fuse=0.2)
    assert Rules.of(settings, ERRORS).alpha == pytest.approx(0.005)


def test_a_metric_that_only_warns_takes_no_alpha_from_the_others() -> None:
    silent = replace(LATENCY, weight=0)
    settings = JudgeSettings(metrics=(silent, MIX))
    assert Rules.of(settings, ERRORS).alpha == 0.01
    assert Rules.of(settings, silent).alpha == Rules.of(settings, MIX).alpha == 0
    assert weight_of(replace(MIX, tolerance=0.1)) == 1


@given(
    st.floats(1e-6, 0.4999),
    st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=6),
)
def test_the_shares_of_alpha_do_not_add_up_to_more(
    alpha: float, weights: list[float]
) -> None:
    total = fsum(weights)
    if total > 0:
        shares = fsum(share_of(alpha, weight, total) for weight in weights)
        assert shares == pytest.approx(alpha)


def test_a_metric_goes_by_its_own_margin_and_noise() -> None:
    own = replace(LATENCY, ratio=1.2, slack=0.05, sigma=0.1)
    settings = JudgeSettings(metrics=(own,), sigma=None)
    rules = Rules.of(settings, own)
    assert (rules.ratio, rules.slack, rules.sigma) == (1.2, 0.05, 0.1)
    assert Rules.of(JudgeSettings(), ERRORS) == Rules()
    exact = replace(ERRORS, sigma=0.0)
    assert Rules.of(JudgeSettings(errors=exact), exact).sigma is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(LATENCY, ratio=0.9), "latency: ratio must be at least 1"),
        (replace(LATENCY, slack=-0.1), "latency: slack must be at least 0"),
        (replace(LATENCY, slack=1.0), "latency: slack must be in"),
        (replace(LATENCY, ratio=1.0, slack=0.0), "latency: with ratio 1 and slack 0"),
        (replace(LATENCY, sigma=0.8), "latency: sigma must be in"),
        (replace(LATENCY, sigma=float("nan")), "latency: sigma must be in"),
    ],
)
def test_settings_of_a_metric_that_cannot_be_kept_are_refused_by_name(
    wrong: Metric, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        JudgeSettings(metrics=(wrong,))


def test_the_slack_of_a_rate_is_in_its_own_unit() -> None:
    tokens = Metric("tokens", MetricKind.RATE, slack=40.0)
    settings = JudgeSettings(metrics=(tokens,))
    assert Rules.of(settings, tokens).slack == 40
