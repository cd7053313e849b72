"""The judge's reasons: one plain sentence each, with the numbers behind it. Pure.

These sentences go into the audit log and to the person who waits for the release. One
of a verdict begins with what became of the canary (`RESULTS`).
"""

from collections.abc import Sequence

from sluicegate.canary.assessment import MetricAssessment
from sluicegate.canary.comparing import (
    describe_acceptable,
    describe_numbers,
    describe_worse,
    round_up,
)
from sluicegate.canary.rules import Rules
from sluicegate.canary.writing import (
    TIMES,
    format_about,
    format_chance,
    format_count,
    format_digits,
    format_rate,
    format_seconds,
)
from sluicegate.model.metric import MetricKind
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import RequestCounts

RESULTS = {
    CanaryVerdict.PROMOTE: "promoted",
    CanaryVerdict.ABORT: "aborted",
    CanaryVerdict.HOLD: "held",
}
"""What becomes of a canary by each verdict."""

_NAMED = 3
"""Metrics that are told of one by one; of more the number is."""


def explain_abort(
    requests: int,
    worse: MetricAssessment,
    *,
    chance: float,
    at_least: float | None = None,
) -> str:
    """Say why the canary is aborted.

    Args:
        requests: that the canary has served.
        worse: the metric by which it is worse.
        chance: bound of the chance to abort a good canary, over all metrics.
        at_least: the ratio to stable's rate that is surely reached; None if unknown.
    """
    return (
        f"{_after(CanaryVerdict.ABORT, requests)}: "
        f"{describe_worse(worse, at_least=at_least)}, "
        f"chance of a false alarm {format_chance(chance)}"
    )


def explain_fuse(
    canary: RequestCounts, stable: RequestCounts, *, fuse: float, chance: float
) -> str:
    """Say that the canary fails more often than *fuse*, by itself."""
    limit = f"the fuse of {format_digits(100 * fuse)} %"
    seen = f"canary fails {format_rate(canary)}, stable served nothing"
    if stable.total:
        seen = describe_rates(canary, stable)
    return (
        f"{_after(CanaryVerdict.ABORT, canary.total)}: more errors than {limit} "
        f"({seen}), chance of a false alarm {format_chance(chance)}"
    )


def explain_promote(
    requests: int,
    acceptable: Sequence[tuple[MetricAssessment, Rules]],
    *,
    chance: float,
    below: float | None = None,
) -> str:
    """Say why the canary is promoted.

    Args:
        requests: that the canary has served.
        acceptable: the required metrics, at least one.
        chance: bound of the chance to promote an unacceptable canary.
        below: the ratio to stable's rate that the first of them surely does not reach,
            without a slack; None if unknown.
    """
    (first, rules), *others = acceptable
    parts = [describe_acceptable(first, rules, below=below)]
    parts += [describe_acceptable(*each) for each in others[: _NAMED - 1]]
    hidden = len(acceptable) - len(parts)
    metrics = "metric" if hidden == 1 else "metrics"
    more = f", and {hidden} more {metrics}" if hidden else ""
    return (
        f"{_after(CanaryVerdict.PROMOTE, requests)}: {'; '.join(parts)}{more}, "
        f"chance to be wrong {format_chance(chance)}"
    )


def describe_standing(verdict: CanaryVerdict, why: str) -> str:
    """Say where a canary stands that nothing was done about yet.

    *why* is the judge's sentence for *verdict*. What may be promoted by its evidence
    may still have steps before it.
    """
    if verdict is not CanaryVerdict.PROMOTE:
        return why
    what = why.partition(": ")[2]
    return f"acceptable by evidence, with more traffic to come first: {what}"


def explain_deadline(
    verdict: CanaryVerdict,
    seconds: float,
    requests: int,
    missing: str,
    *,
    below: float | None = None,
) -> str:
    """Say what the deadline's policy made of a rollout without a verdict.

    Args:
        verdict: the policy's.
        seconds: from the start to the deadline, without pauses.
        requests: that the canary has served.
        missing: what is missing for a verdict by evidence.
        below: the ratio to stable's error rate that is surely not reached; None if
            none is excluded.
    """
    excluded = ""
    if below is not None:
        ratio = format_digits(round_up(below))
        excluded = f"; {ratio} {TIMES} stable's error rate and more is excluded"
    return (
        f"{RESULTS[verdict]} at the deadline of {format_seconds(seconds)}, without a "
        f"verdict by evidence after {format_count(requests)} canary requests: "
        f"{missing}{excluded}"
    )


def explain_directed(verdict: CanaryVerdict, people: Sequence[str], why: str) -> str:
    """Say that people have decided, who, and why in their words."""
    by = f" by {join(people)}" if people else " by hand"
    return f"{RESULTS[verdict]}{by}: {why}"


def explain_superseded(why: str) -> str:
    """Say that a newer release takes the canary's place."""
    return f"{RESULTS[CanaryVerdict.ABORT]} for a newer release: {why}"


def explain_no_canary_traffic(missing: int, *, rate: float) -> str:
    """Say that nothing can be judged, and how much traffic it would take at *rate*."""
    return (
        f"no traffic reached the canary; about {format_about(missing)} canary requests "
        f"are needed to decide, at an error rate of {format_digits(100 * rate)} %"
    )


def explain_no_stable_traffic(canary: RequestCounts, missing: int) -> str:
    """Say that there is nothing to compare the canary with."""
    return (
        "no traffic reached stable, so there is nothing to compare with; canary fails "
        f"{format_rate(canary)}, and about {format_about(missing)} more canary requests"
        " are needed beside stable's"
    )


def explain_too_few(
    canary: RequestCounts, stable: RequestCounts, *, missing: int, least: int
) -> str:
    """Say that the evidence would do, but not the number of requests."""
    return (
        f"{describe_rates(canary, stable)}: acceptable so far, but "
        f"{format_count(missing)} more canary requests are needed for min_requests "
        f"({format_count(least)})"
    )


def explain_too_soon(seconds: float, *, least: float) -> str:
    """Say that the evidence would do, but not the time. Unit: seconds."""
    return (
        f"acceptable so far, but promoted only after {format_seconds(least)} "
        f"(min_duration), of which {format_seconds(seconds)} have passed"
    )


def explain_hold(canary: RequestCounts, stable: RequestCounts, missing: int) -> str:
    """Say how many requests are missing at the rates seen so far."""
    return (
        f"{describe_rates(canary, stable)}: undecided; about {format_about(missing)} "
        "more canary requests are needed to promote it"
    )


def explain_doubt(canary: RequestCounts, stable: RequestCounts, missing: int) -> str:
    """Say that it will not be promoted at these rates, and what it takes otherwise."""
    return (
        f"{describe_rates(canary, stable)}: undecided, and not to be promoted at these "
        f"rates; about {format_about(missing)} more canary requests are needed if it "
        "is in truth as good as stable"
    )


def explain_outage(canary: RequestCounts, stable: RequestCounts) -> str:
    """Say that stable is no measure while it fails this often."""
    does = format_rate(canary) if canary.total else "no traffic"
    return (
        f"stable itself fails {format_rate(stable)}, which leaves no room to be worse: "
        f"nothing is promoted, however the canary does ({does})"
    )


def explain_metric_hold(found: MetricAssessment) -> str:
    """Say that another metric than failed requests is undecided, and why."""
    name, seen = found.metric.name, describe_numbers(found)
    if found.total is None:
        return f"undecided: {name} could not be read yet, and promotion requires it"
    if not found.total.canary.n or not found.total.stable.n:
        return f"undecided: there is nothing to compare yet by {name} ({seen})"
    if found.is_void:
        return f"undecided: stable's own {name} leave no room to be worse ({seen})"
    if found.is_worse:
        return f"not to be promoted: {describe_worse(found)}"
    if found.metric.kind is MetricKind.CATEGORIES and found.promote_needed is None:
        return f"undecided by {name} ({seen})"
    needed = found.promote_needed or 1
    percent = int(100 * max(0.0, found.promote_peak / needed))
    return (
        f"undecided by {name} ({seen}): {percent} % of the evidence that a promotion "
        "takes"
    )


def describe_rates(canary: RequestCounts, stable: RequestCounts) -> str:
    """Say how often each arm fails."""
    return (
        f"canary fails {format_rate(canary)} where stable fails {format_rate(stable)}"
    )


def join(names: Sequence[str]) -> str:
    """Write a list: ``a``, ``a and b``, ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _after(verdict: CanaryVerdict, requests: int) -> str:
    return f"{RESULTS[verdict]} after {format_count(requests)} canary requests"
