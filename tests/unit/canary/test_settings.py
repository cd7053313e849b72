"""Settings of a judge that cannot be kept together."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.settings import JudgeSettings
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind

MIX = Metric("mix", MetricKind.CATEGORIES, categories=("a", "b"))
IDLE = replace(ERRORS, required=False)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: JudgeSettings(min_seconds=-1), "min_seconds"),
        (lambda: JudgeSettings(min_seconds=float("nan")), "min_seconds"),
        (lambda: JudgeSettings(fuse=0.0), "fuse"),
        (lambda: JudgeSettings(fuse=1.0), "fuse"),
        (lambda: JudgeSettings(metrics=(ERRORS,)), "two metrics are called errors"),
        (lambda: JudgeSettings(errors=IDLE), "no metric is required"),
        (lambda: JudgeSettings(errors=IDLE, metrics=(MIX,)), "no metric is required"),
        (lambda: JudgeSettings(errors=replace(ERRORS, weight=0)), "weight 0"),
        (lambda: JudgeSettings(errors=replace(MIX, name="errors")), "bernoulli"),
    ],
)
def test_settings_that_promise_nothing_are_refused(
    wrong: Callable[[], JudgeSettings], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        wrong()


def test_the_margin_is_that_of_failed_requests() -> None:
    assert JudgeSettings().margin.ratio == 2
    own = JudgeSettings(errors=replace(ERRORS, ratio=3.0, slack=0.01))
    assert (own.margin.ratio, own.margin.slack) == (3, 0.01)


def test_failed_requests_come_first() -> None:
    assert [each.name for each in JudgeSettings(metrics=(MIX,)).judged] == [
        "errors",
        "mix",
    ]
