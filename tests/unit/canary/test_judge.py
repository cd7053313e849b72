"""The judge: verdicts, their reasons, latching, resuming."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from itertools import accumulate
from math import log

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from sluicegate.canary.judge import (
    START,
    Assessment,
    JudgeSettings,
    JudgeState,
    Observation,
    assess,
    decide,
    observe,
)
from sluicegate.canary.metric import Metric
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

SETTINGS = JudgeSettings()


def block(canary: tuple[int, int], stable: tuple[int, int]) -> Block:
    """A block from (failed, total) of each arm."""
    return Block(
        stable=RequestCounts(stable[1], stable[0]),
        canary=RequestCounts(canary[1], canary[0]),
    )


GOOD = block((2, 500), (18, 4500))
BAD = block((30, 500), (18, 4500))
EMPTY = block((0, 0), (0, 0))


def fold(
    seen: list[Block], settings: JudgeSettings = SETTINGS, start: JudgeState = START
) -> JudgeState:
    return reduce(
        lambda state, each: observe(settings, state, Observation(each)), seen, start
    )


def peaks(abort: int, promote: int) -> JudgeState:
    """A state that has once reached these micronats."""
    (errors,) = fold([GOOD]).metrics
    return JudgeState((replace(errors, abort_peak=abort, promote_peak=promote),))


def judge(seen: list[Block], settings: JudgeSettings = SETTINGS) -> Assessment:
    return assess(settings, fold(seen, settings))


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    totals = draw(st.tuples(st.integers(0, 3000), st.integers(0, 3000)))
    failed = [draw(st.integers(0, min(total, 40))) for total in totals]
    return block((failed[0], totals[0]), (failed[1], totals[1]))


histories = st.lists(blocks(), max_size=12)


def test_a_canary_that_fails_more_is_aborted() -> None:
    found = judge([BAD])
    assert found.verdict is CanaryVerdict.ABORT
    assert found.canary_requests_missing is None
    assert found.reason == (
        "aborted after 500 canary requests: a higher error rate than stable's "
        "(6 % against 0.4 %), chance of a false alarm below 1 %"
    )


def test_a_canary_as_good_as_stable_is_promoted_once_there_is_evidence() -> None:
    course = [judge([GOOD] * count).verdict for count in range(8)]
    assert course[:3] == [CanaryVerdict.HOLD] * 3
    assert course[-1] is CanaryVerdict.PROMOTE
    found = judge([GOOD] * 7)
    assert found.canary_requests_missing is None
    assert found.reason.startswith("promoted after 3 500 canary requests: less than 2 ")
    assert found.reason.endswith("chance to be wrong below 5 %")


def test_a_canary_at_the_margin_stays_on_hold() -> None:
    at_margin = block((9, 1000), (4, 1000))  # 2 * 0.4 % + 0.1 %
    found = judge([at_margin] * 2)
    assert found.verdict is CanaryVerdict.HOLD
    assert "not to be promoted at these rates" in found.reason


def test_without_any_traffic_the_requests_needed_are_planned() -> None:
    for seen in ([], [EMPTY], [EMPTY] * 50):
        found = judge(seen)
        assert found.verdict is CanaryVerdict.HOLD
        assert found.canary_requests_missing == 1926
        assert found.reason.startswith("no traffic reached the canary; about 2 000 ")
        assert (found.abort_micronats, found.promote_micronats) == (0, 0)


def test_the_plan_uses_the_error_rate_of_stable_once_it_is_seen() -> None:
    busy = judge([block((0, 0), (400, 20_000))])
    calm = judge([block((0, 0), (2, 20_000))])
    assert busy.reason.startswith("no traffic reached the canary")
    assert busy.canary_requests_missing is not None
    assert calm.canary_requests_missing is not None
    assert busy.canary_requests_missing < calm.canary_requests_missing


def test_no_canary_traffic_is_never_promoted_however_good_stable_is() -> None:
    assert judge([block((0, 0), (0, 10**9))] * 20).verdict is CanaryVerdict.HOLD


def test_no_stable_traffic_leaves_nothing_to_compare_with() -> None:
    for canary in ((0, 10**6), (10**6, 10**6)):
        found = judge([block(canary, (0, 0))] * 5)
        assert found.verdict is CanaryVerdict.HOLD
        assert found.reason.startswith("no traffic reached stable")


def test_an_outage_of_both_arms_aborts_nobody() -> None:
    outage = block((400, 500), (3600, 4500))
    assert judge([GOOD, outage, outage, GOOD]).verdict is not CanaryVerdict.ABORT


def test_an_outage_of_both_arms_promotes_nobody_while_it_fills_the_picture() -> None:
    dark = block((500, 500), (4500, 4500))
    found = judge([GOOD, *[dark] * 20])
    assert found.verdict is CanaryVerdict.HOLD
    assert found.reason == (
        "stable itself fails 95 % (90 018 of 94 500), which leaves no room to be "
        "worse: nothing is promoted, however the canary does (95 % (10 002 of 10 500))"
    )
    assert judge([dark, block((0, 0), (9, 9))]).verdict is CanaryVerdict.HOLD


def test_the_estimate_of_missing_requests_shrinks_as_evidence_grows() -> None:
    missing = [judge([GOOD] * count).canary_requests_missing for count in range(1, 4)]
    assert missing == sorted(missing, key=lambda count: -(count or 0))
    assert missing[0] is not None
    assert missing[0] > 500


def test_min_requests_delays_a_promotion_and_says_so() -> None:
    patient = replace(SETTINGS, min_requests=5000)
    assert judge([GOOD] * 7).verdict is CanaryVerdict.PROMOTE
    found = judge([GOOD] * 7, patient)
    assert found.verdict is CanaryVerdict.HOLD
    assert found.canary_requests_missing == 1500
    assert "1 500 more canary requests are needed for min_requests" in found.reason
    assert judge([GOOD] * 10, patient).verdict is CanaryVerdict.PROMOTE


@pytest.mark.parametrize(
    "seen",
    [[], [GOOD], [block((4, 500), (18, 4500))], [block((0, 0), (5, 5000))]],
    ids=["nothing", "a good canary", "a doubtful one", "stable alone"],
)
def test_missing_requests_are_never_fewer_than_min_requests_ask(
    seen: list[Block],
) -> None:
    patient = replace(SETTINGS, min_requests=10**6)
    found = judge(seen, patient)
    served = sum(each.canary.total for each in seen)
    assert found.canary_requests_missing == 10**6 - served


def test_min_requests_does_not_delay_an_abort() -> None:
    patient = replace(SETTINGS, min_requests=10**6)
    assert judge([BAD], patient).verdict is CanaryVerdict.ABORT


def test_an_abort_stays_though_later_blocks_speak_for_the_canary() -> None:
    much_better = block((0, 5000), (500, 5000))
    state = fold([BAD, *[much_better] * 5])
    assert state.metrics[0].abort_micronats < 0
    assert assess(SETTINGS, state).verdict is CanaryVerdict.ABORT


def test_a_promotion_stays_though_evidence_falls_below_the_threshold() -> None:
    a_bit_worse = block((8, 500), (36, 4500))
    state = fold([*[GOOD] * 7, a_bit_worse])
    (errors,) = state.metrics
    assert errors.promote_micronats < log(20) * 1e6 < errors.promote_peak
    assert assess(SETTINGS, state).verdict is CanaryVerdict.PROMOTE


def test_abort_goes_before_promote() -> None:
    state = fold([*[GOOD] * 9, *[BAD] * 3])
    assert state.metrics[0].promote_peak > log(20) * 1e6
    assert assess(SETTINGS, state).verdict is CanaryVerdict.ABORT


def test_thresholds_are_those_of_the_settings() -> None:
    exact = peaks(4_605_171, 0)
    below = peaks(4_605_170, 0)  # ln 100 is 4.605170186
    assert assess(SETTINGS, exact).verdict is CanaryVerdict.ABORT
    assert assess(SETTINGS, below).verdict is CanaryVerdict.HOLD
    strict = replace(SETTINGS, alpha=0.001)
    assert assess(strict, exact).verdict is CanaryVerdict.HOLD
    ready = peaks(4_605_170, 2_995_733)  # ln 20 is 2.995732274
    almost = peaks(4_605_170, 2_995_732)
    assert assess(SETTINGS, ready).verdict is CanaryVerdict.PROMOTE
    assert assess(SETTINGS, almost).verdict is CanaryVerdict.HOLD


@given(histories, st.integers(0, 12))
def test_a_judge_that_resumes_goes_on_as_if_it_had_never_stopped(
    seen: list[Block], stop: int
) -> None:
    recorded = fold(seen[:stop])
    rebuilt = pickle.loads(pickle.dumps(recorded))  # noqa: S301 - our own
    assert fold(seen[stop:], start=rebuilt) == fold(seen)


@given(histories)
def test_a_replay_gives_the_same_micronats_and_the_same_sentences(
    seen: list[Block],
) -> None:
    def replay() -> list[Assessment]:
        states = accumulate(
            seen,
            lambda state, each: observe(SETTINGS, state, Observation(each)),
            initial=START,
        )
        return [assess(SETTINGS, state) for state in states]

    assert replay() == replay()


@given(histories)
def test_every_history_has_a_verdict_and_a_sentence(seen: list[Block]) -> None:
    found = judge(seen)
    assert found.reason
    assert "\n" not in found.reason
    missing = found.canary_requests_missing
    if found.verdict is not CanaryVerdict.HOLD or "no room to be worse" in found.reason:
        assert missing is None
    else:
        assert missing is not None
        assert missing >= 1


@given(histories, st.integers(0, 12))
def test_blocks_without_requests_change_nothing(seen: list[Block], place: int) -> None:
    known = [GOOD, *seen]
    assert fold([*known[: place + 1], EMPTY, *known[place + 1 :]]) == fold(known)


@given(histories, blocks())
def test_an_abort_is_final(seen: list[Block], later: Block) -> None:
    if judge([BAD, *seen]).verdict is CanaryVerdict.ABORT:
        assert judge([BAD, *seen, later]).verdict is CanaryVerdict.ABORT


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (block((10**9, 10**9), (0, 10**9)), CanaryVerdict.ABORT),
        (block((0, 10**9), (10**9, 10**9)), CanaryVerdict.HOLD),
        (block((0, 10**9), (10**8, 10**9)), CanaryVerdict.PROMOTE),
        (block((0, 10**9), (0, 10**9)), CanaryVerdict.PROMOTE),
        (block((1, 1), (10**9, 10**9)), CanaryVerdict.HOLD),
        (block((0, 1), (0, 10**9)), CanaryVerdict.HOLD),
    ],
    ids=[
        "all canary",
        "all stable",
        "some stable",
        "none",
        "one beside all",
        "one beside none",
    ],
)
def test_extreme_counts_are_judged_within_what_the_log_can_hold(
    one: Block, verdict: CanaryVerdict
) -> None:
    for settings in (SETTINGS, replace(SETTINGS, sigma=None)):
        found = judge([one] * 4, settings)
        assert found.verdict is verdict
        assert abs(found.abort_micronats) < 2**53
        assert abs(found.promote_micronats) < 2**53


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: JudgeSettings(alpha=0.0),
        lambda: JudgeSettings(alpha=0.5),
        lambda: JudgeSettings(beta=1.0),
        lambda: JudgeSettings(beta=float("nan")),
        lambda: JudgeSettings(sigma=0.0),
        lambda: JudgeSettings(sigma=0.71),
        lambda: JudgeSettings(sigma=float("nan")),
        lambda: JudgeSettings(min_requests=0),
        lambda: JudgeSettings(ratio=0.5),
        lambda: JudgeSettings(ratio=1.0, slack=0.0),
        lambda: JudgeSettings(slack=-0.001),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(
    wrong: Callable[[], JudgeSettings],
) -> None:
    with pytest.raises(UsageError):
        wrong()


def test_the_judge_starts_from_nothing() -> None:
    assert JudgeState() == START
    assert START.stable == START.canary == NO_REQUESTS


REFUSALS = Metric("refusals", MetricKind.BERNOULLI)
SLOW = Metric("slow", MetricKind.LATENCY, edges=(100, 500), slo=500)
MIX = Metric("mix", MetricKind.CATEGORIES, categories=("yes", "no"))
SEVERAL = JudgeSettings(metrics=(REFUSALS, SLOW, MIX))


def pair(canary: tuple[int, ...], stable: tuple[int, ...]) -> Pair:
    """The requests, and what was counted among them, of each arm."""
    return Pair(Tally(stable[0], stable[1:]), Tally(canary[0], canary[1:]))


FINE = {
    "refusals": pair((500, 1), (4500, 9)),
    "slow": pair((500, 50, 2), (4500, 450, 18)),
    "mix": pair((500, 300, 200), (4500, 2700, 1800)),
}


def judge_all(seen: list[Observation], settings: JudgeSettings = SEVERAL) -> Assessment:
    return assess(
        settings,
        reduce(lambda state, each: observe(settings, state, each), seen, START),
    )


def test_promotion_takes_evidence_by_every_required_metric() -> None:
    assert judge_all([Observation(GOOD, FINE)] * 20).verdict is CanaryVerdict.PROMOTE
    for missing in FINE:
        some = {name: each for name, each in FINE.items() if name != missing}
        found = judge_all([Observation(GOOD, some)] * 20)
        assert found.verdict is CanaryVerdict.HOLD
        assert missing in found.reason
        idle = tuple(replace(m, required=m.name != missing) for m in SEVERAL.metrics)
        relaxed = judge_all(
            [Observation(GOOD, some)] * 20, replace(SEVERAL, metrics=idle)
        )
        assert relaxed.verdict is CanaryVerdict.PROMOTE


@pytest.mark.parametrize("arm", ["stable", "canary"])
def test_half_of_a_metric_is_none(arm: str) -> None:
    for name, each in FINE.items():
        served = getattr(each, arm)
        half = replace(each, **{arm: Tally.nothing(len(served.x))})
        found = judge_all([Observation(GOOD, FINE | {name: half})] * 20)
        assert found.verdict is CanaryVerdict.HOLD


def test_any_metric_aborts_and_the_others_do_not_hide_it() -> None:
    worse = FINE | {"slow": pair((500, 200, 90), (4500, 450, 18))}
    found = judge_all([Observation(GOOD, worse)] * 3)
    assert found.verdict is CanaryVerdict.ABORT
    assert "slow" in found.reason
    assert [name for name, each in found.metrics.items() if each.is_worse] == ["slow"]


def test_a_drift_without_a_tolerance_holds_and_never_aborts() -> None:
    drifted = FINE | {"mix": pair((500, 100, 400), (4500, 2700, 1800))}
    found = judge_all([Observation(GOOD, drifted)] * 20)
    assert found.verdict is CanaryVerdict.HOLD
    assert found.metrics["mix"].is_worse
    assert not found.metrics["mix"].aborts


def test_alpha_is_shared_so_more_metrics_need_more_evidence() -> None:
    alone, among = judge([GOOD]), judge_all([Observation(GOOD)])
    assert alone.metrics["errors"].abort_needed == 4_605_171
    assert among.metrics["errors"].abort_needed == 5_703_783  # ln 300


@examples(max_examples=20)
@given(
    st.lists(st.tuples(blocks(), st.permutations(sorted(FINE))), max_size=6),
    st.integers(0, 6),
)
def test_neither_the_order_of_metrics_nor_a_stop_between_changes_a_bit(
    seen: list[tuple[Block, list[str]]], stop: int
) -> None:
    ordered = [Observation(each, FINE, 60.0, 10) for each, _ in seen]
    shuffled = [
        Observation(each, {name: FINE[name] for name in names}, 60.0, 10)
        for each, names in seen
    ]

    def fold_all(state: JudgeState, some: list[Observation]) -> JudgeState:
        return reduce(lambda state, each: observe(SEVERAL, state, each), some, state)

    stopped = pickle.dumps(fold_all(START, ordered[:stop]))
    resumed = fold_all(pickle.loads(stopped), ordered[stop:])  # noqa: S301 - our own
    assert resumed == fold_all(START, shuffled) == fold_all(START, ordered)
    assert assess(SEVERAL, resumed) == assess(SEVERAL, fold_all(START, shuffled))
    assert assess(SEVERAL, resumed).verdict is decide(SEVERAL, resumed)


def test_a_metric_that_nobody_judges_is_refused() -> None:
    with pytest.raises(UsageError, match="has the metric other"):
        judge_all([Observation(GOOD, {"other": FINE["mix"]})])


def test_promotion_waits_for_its_time_and_an_abort_does_not() -> None:
    patient = replace(SETTINGS, min_seconds=600)
    assert judge_all([Observation(GOOD, {}, 59.0)] * 10, patient).verdict is (
        CanaryVerdict.HOLD
    )
    assert judge_all([Observation(GOOD, {}, 60.0)] * 10, patient).verdict is (
        CanaryVerdict.PROMOTE
    )
    assert judge_all([Observation(BAD)], patient).verdict is CanaryVerdict.ABORT


def test_invalid_routing_keeps_a_good_canary_and_aborts_a_bad_one_all_the_same() -> (
    None
):
    seen = [Observation(GOOD, {}, 60.0, 50)] * 20  # 10 % of the requests at 50 %
    found = judge_all(seen, SETTINGS)
    assert found.verdict is CanaryVerdict.HOLD
    assert found.reason.startswith("invalid routing: 50 % of the requests were meant")
    assert found.canary_requests_missing is None
    fitting = [Observation(GOOD, {}, 60.0, 10)] * 20
    sticky = replace(SETTINGS, share_check=False)
    assert judge_all(fitting, SETTINGS).verdict is CanaryVerdict.PROMOTE
    assert judge_all(seen, sticky).verdict is CanaryVerdict.PROMOTE
    worse = [*seen, *[Observation(BAD, {}, 60.0, 50)] * 20]
    assert judge_all(worse, SETTINGS).verdict is CanaryVerdict.ABORT
