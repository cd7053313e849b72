"""The judge alone: batches, order, resuming, when it decided."""

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import chain
from math import log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.canary import Judge
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import CanaryVerdict

REFUSALS = Metric("refusals", MetricKind.BERNOULLI)
GOOD = ((500, 2), (4500, 18))
BAD = ((500, 30), (4500, 18))
Numbers = tuple[float, str, tuple[int, int], tuple[int, int]]


@st.composite
def numbers(draw: st.DrawFn, metric: str = "errors") -> list[Numbers]:
    """Intervals of one metric in the order of time."""
    times = sorted(draw(st.lists(st.integers(0, 2000), max_size=20)))
    arms = st.tuples(st.integers(0, 800), st.integers(0, 30)).map(
        lambda arm: (arm[0], min(arm))
    )
    return [(t, metric, draw(arms), draw(arms)) for t in times]


def feed(judge: Judge, *series: list[Numbers]) -> Judge:
    for t, metric, canary, stable in chain(*series):
        judge.add(t, metric=metric, canary=canary, stable=stable)
    return judge


def judge(*series: list[Numbers]) -> Judge:
    found = feed(Judge(metrics=(ERRORS, REFUSALS)), *series)
    found.finish()
    return found


def course(
    each: tuple[tuple[int, int], tuple[int, int]], times: range, metric: str = "errors"
) -> list[Numbers]:
    return [(t, metric, *each) for t in times]


def show(found: Judge) -> tuple[object, ...]:
    numbers = {
        name: (e.log_e_abort, e.log_e_promote) for name, e in found.metrics.items()
    }
    return found.verdict, found.decided_at, numbers, found.state


@settings(max_examples=25)
@given(numbers(), numbers("refusals"), st.randoms(use_true_random=False))
def test_the_order_of_metrics_does_not_matter(
    errors: list[Numbers], refusals: list[Numbers], random: Random
) -> None:
    mixed: list[Numbers] = []
    queues = [list(errors), list(refusals)]
    while any(queues):
        mixed.append(random.choice([queue for queue in queues if queue]).pop(0))
    expected = show(judge(errors, refusals))
    assert show(judge(mixed)) == show(judge(refusals, errors)) == expected


@settings(max_examples=25)
@given(numbers(), st.integers(0, 20))
def test_a_judge_that_was_put_away_goes_on_bit_by_bit(
    errors: list[Numbers], stop: int
) -> None:
    first = feed(Judge(metrics=(ERRORS, REFUSALS)), errors[:stop])
    resumed = feed(pickle.loads(pickle.dumps(first)), errors[stop:])  # noqa: S301
    resumed.finish()
    assert show(resumed) == show(judge(errors))


@given(numbers(), st.sampled_from(["canary", "stable"]))
def test_half_the_data_never_gives_a_verdict(errors: list[Numbers], arm: str) -> None:
    found = Judge()
    for t, _, *arms in errors:
        half = dict(zip(("canary", "stable"), arms, strict=True)) | {arm: (0, 0)}
        found.add(t, canary=half["canary"], stable=half["stable"])
    found.finish()
    assert (found.verdict, found.decided_at) == (CanaryVerdict.HOLD, None)


def test_a_required_metric_without_data_keeps_it_on_hold() -> None:
    good = course(GOOD, range(60, 6000, 60))
    assert judge(good).verdict is CanaryVerdict.HOLD
    assert "refusals" in judge(good).assessment.reason
    both = judge(good, course(GOOD, range(60, 6000, 60), "refusals"))
    assert both.verdict is CanaryVerdict.PROMOTE


def test_another_metric_aborts_by_its_share_of_alpha() -> None:
    found = judge(
        course(GOOD, range(60, 660, 60)), course(BAD, range(60, 180, 60), "refusals")
    )
    assert (found.verdict, found.decided_at) == (CanaryVerdict.ABORT, 60)
    needed = found.metrics["refusals"].abort_needed
    assert needed == pytest.approx(-log(0.005), abs=1e-6)
    silent = feed(
        Judge(metrics=(ERRORS, replace(REFUSALS, weight=0, required=False))),
        course(GOOD, range(60, 660, 60)),
        course(BAD, range(60, 660, 60), "refusals"),
    )
    assert silent.verdict is CanaryVerdict.PROMOTE
    assert silent.metrics["refusals"].abort_needed is None


def test_short_intervals_make_the_same_batches_as_long_ones() -> None:
    short = course(((100, 1), (900, 4)), range(15, 1215, 15))
    long = course(((400, 4), (3600, 16)), range(60, 1260, 60))
    assert judge(short).metrics == judge(long).metrics
    independent = Judge(sigma=None)
    feed(independent, short)
    independent.finish()
    assert independent.metrics["errors"].total.canary == Tally(8000, (80,))


def test_an_open_batch_counts_only_once_it_is_finished() -> None:
    found = feed(Judge(), course(BAD, range(60, 120, 60)))
    assert found.verdict is CanaryVerdict.HOLD
    found.finish()
    assert (found.verdict, found.decided_at) == (CanaryVerdict.ABORT, 60)


def test_the_decision_is_dated_by_the_last_line_of_its_batch_and_told_as_of_then() -> (
    None
):
    late = [
        *course(GOOD, range(15, 255, 15)),
        *course(BAD, range(255, 315, 15)),
        *course(GOOD, range(315, 900, 15)),
    ]
    found = feed(Judge(min_requests=10**6), late)
    found.finish()
    assert (found.verdict, found.decided_at) == (CanaryVerdict.ABORT, 300)
    assert "10 000 canary requests" in found.assessment.reason
    assert found.metrics["errors"].total.canary.n == 500 * len(late)


def test_a_promotion_is_dated_by_the_last_of_its_conditions() -> None:
    good = course(GOOD, range(60, 3660, 60))
    plain = feed(Judge(), good).decided_at
    assert plain is not None
    assert plain < 1000
    assert feed(Judge(min_requests=15_000), good).decided_at == 1800
    assert feed(Judge(min_seconds=2400), good).decided_at == 2460
    dark = course(((500, 500), (4500, 4500)), range(3660, 10_860, 60))
    assert feed(Judge(), good, dark).verdict is not CanaryVerdict.PROMOTE
    good_again = course(GOOD, range(10_860, 25_000, 60))
    brighter = feed(Judge(), good, dark, good_again)
    assert brighter.verdict is CanaryVerdict.PROMOTE
    assert brighter.decided_at is not None
    assert brighter.decided_at > 10_860


def test_an_abort_goes_before_a_promotion_that_came_first() -> None:
    found = feed(
        Judge(), course(GOOD, range(60, 3660, 60)), course(BAD, range(3660, 5000, 60))
    )
    assert found.verdict is CanaryVerdict.ABORT
    assert found.decided_at is not None
    assert found.decided_at >= 3660


def test_a_metric_without_failed_requests_is_judged_by_its_own_requests() -> None:
    latency = Metric("latency", MetricKind.LATENCY, edges=(100, 500))
    found = Judge(metrics=(latency,), min_requests=2000)
    pair = Pair(stable=Tally(4500, (450, 9)), canary=Tally(500, (50, 1)))
    times = []
    for t in range(60, 60 * 300, 60):
        found.add_pair(t, "latency", pair)
        times.append(found.decided_at)
    assert found.verdict is CanaryVerdict.PROMOTE
    assert found.decided_at is not None
    assert found.decided_at >= 240
    assert list(found.metrics) == ["latency"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"metric": "erors"}, "metric 'erors' is not judged; these are: 'errors'"),
        ({"kind": "rate"}, "'errors' was declared otherwise before"),
        ({"t": 5}, "t goes back from 60 to 5"),
    ],
)
def test_lines_that_do_not_fit_are_refused(line: dict[str, object], words: str) -> None:
    first = {"t": 60, "metric": "errors", "kind": "bernoulli"}
    found = Judge()
    found.add_line(json.dumps(first))
    with pytest.raises(UsageError, match=words):
        found.add_line(json.dumps({**first, **line}))


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="x is more than n"):
        Judge().add(1, canary=(1, 2), stable=(1, 0))
    for t in (float("nan"), float("inf"), 1e300):
        with pytest.raises(UsageError, match="t must be"):
            Judge().add(t, canary=(1, 0), stable=(1, 0))
    with pytest.raises(UsageError, match="batch_seconds"):
        Judge(batch_seconds=0)
    with pytest.raises(UsageError, match="two metrics"):
        Judge(metrics=(ERRORS, ERRORS))


def test_the_library_is_light() -> None:
    script = (
        "import sys; from sluicegate.canary import Judge; Judge().finish(); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    loaded = set(done.stdout.split()) - {"__main__", "sluicegate", "typing_extensions"}
    assert loaded <= sys.stdlib_module_names


def test_nothing_else_is_offered_by_the_package() -> None:
    with pytest.raises(ImportError, match="Juge"):
        exec("from sluicegate.canary import Juge")  # noqa: S102 - as a user would
