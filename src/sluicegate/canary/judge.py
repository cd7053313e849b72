"""Judge a canary block by block: promote it, abort it, or wait for more requests.

Pure: `observe` folds a block into the state, `assess` reads a verdict off it. Both may
be called after every block and at any number of blocks; neither looks at a clock. The
state holds all there is, so a judge that resumes from recorded blocks goes on as if it
had never stopped, and replaying the blocks gives the same micronats.

- A canary that is no worse than stable by any metric is ever aborted with probability
  at most ``alpha``: each metric has its share of it (`sluicegate.canary.rules`).
- A canary that is unacceptably worse by a required metric is ever promoted with
  probability at most ``beta``, since promotion takes evidence by every one of them.
- What lies between may end either way, or not at all: the caller sets a deadline.
- While stable fails so often that nothing would be unacceptable, nothing is promoted.
- While the canary's share of the requests is evidently not its weight, nothing is
  promoted (`sluicegate.canary.share`).
- A metric that could not be read is absent from its block: it neither aborts nor
  promotes, and nothing is promoted without it if it is required.

A threshold once crossed stays crossed, and abort goes before promote. Blocks must not
be left out by what is in them; evidence carries over changes of weight.

Verdicts are reached on the rounded micronats that are recorded, so a last digit in
which two C libraries differ does not turn one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sluicegate.canary.assessment import Assessment, MetricAssessment, served, stand
from sluicegate.canary.bernoulli import pair_of
from sluicegate.canary.effect import Effect
from sluicegate.canary.evidence import begin
from sluicegate.canary.explaining import explain
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.state import START, JudgeState, MetricState
from sluicegate.errors import UsageError
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block

__all__ = [
    "START",
    "Assessment",
    "JudgeSettings",
    "JudgeState",
    "MetricAssessment",
    "Observation",
    "assess",
    "decide",
    "observe",
]


@dataclass(frozen=True, slots=True)
class Observation:
    """One block of a rollout.

    Attributes:
        errors: the requests of both releases, and how many of them failed.
        metrics: the other metrics by name; one that could not be read is absent.
        seconds: how long the block lasted.
        percent: the canary's weight meanwhile; None if unknown, or if it changed.
        disturbed: others changed what serves meanwhile: it may speak against the canary
            only (`observe`).
    """

    errors: Block
    metrics: Mapping[str, Pair] = field(default_factory=dict)
    seconds: float = 0.0
    percent: int | None = None
    disturbed: bool = False


def observe(
    settings: JudgeSettings, state: JudgeState, observation: Observation
) -> JudgeState:
    """Fold one block into the state. Of one without requests only its time counts.

    A block that was *disturbed* is evidence against the canary as any other: that a
    failure hits one release rather than the other is judged given how many requests
    each of them had, so it holds under any weights, as long as nobody chooses them by
    what the requests of that same block show. It is no evidence for a promotion:
    nobody knows that it was this release that served. It takes away, but never adds;
    a process that can only lose by some blocks keeps ``beta``. What is expected of the
    weights is not asked of it, and neither its time nor its requests count towards the
    least that a promotion takes.

    Raises:
        UsageError: the block has a metric that *settings* do not have.
    """
    blocks = {settings.errors.name: pair_of(observation.errors), **observation.metrics}
    known = {metric.name: metric for metric in settings.judged}
    for name in blocks:
        if name not in known:
            raise UsageError(f"a block has the metric {name}, which is not judged")
    metrics = []
    for name, metric in known.items():
        seen = state.of(name)
        if name in blocks:
            before = seen or MetricState(
                name, begin(metric, Rules.of(settings, metric))
            )
            seen = before.after(blocks[name], promotes=not observation.disturbed)
        if seen is not None:
            metrics.append(seen)
    fuse = state.fuse.add(settings, observation.errors)
    if observation.disturbed:
        served = blocks[settings.errors.name].canary.n
        if served == 0 and not settings.errors.required:
            served = max(each.canary.n for each in blocks.values())
        return replace(
            state,
            metrics=tuple(metrics),
            disturbed=state.disturbed + served,
            share=state.share.interrupt(),
            fuse=fuse,
        )
    return replace(
        state,
        metrics=tuple(metrics),
        seconds=state.seconds + observation.seconds,
        share=state.share.add(observation.errors, observation.percent),
        fuse=fuse,
    )


def decide(settings: JudgeSettings, state: JudgeState) -> CanaryVerdict:
    """The verdict alone, without what `assess` has to say about it."""
    return _decide(settings, state, _stand(settings, state))


def stands(settings: JudgeSettings, state: JudgeState) -> bool:
    """Whether the evidence for a promotion is enough now, and not just was once.

    A verdict that has to wait, for time or for weights still to come, is worth what the
    numbers say by then: a canary that turned bad meanwhile is not promoted on the
    evidence of its good days. Any rule for when to stop keeps ``beta``.
    """
    return all(
        each.promote_needed is None or each.promote_micronats >= each.promote_needed
        for each in _stand(settings, state)
        if each.metric.required
    )


def assess(
    settings: JudgeSettings, state: JudgeState, effect: Effect | None = None
) -> Assessment:
    """Read the verdict off the state, and say why.

    *effect* is how much more often the canary fails, by the same blocks; None where
    nobody has measured that.
    """
    found = _stand(settings, state)
    verdict = _decide(settings, state, found)
    why, missing = explain(settings, state, found, verdict, effect)
    errors = found[0]
    return Assessment(
        verdict=verdict,
        reason=why,
        abort_micronats=errors.abort_micronats,
        promote_micronats=errors.promote_micronats,
        canary_requests_missing=missing,
        metrics={each.metric.name: each for each in found},
    )


def _stand(settings: JudgeSettings, state: JudgeState) -> list[MetricAssessment]:
    return [stand(settings, each, state.of(each.name)) for each in settings.judged]


def _decide(
    settings: JudgeSettings, state: JudgeState, found: list[MetricAssessment]
) -> CanaryVerdict:
    worse = any(each.aborts and each.is_worse for each in found)
    if worse or state.fuse.has_blown(settings):
        return CanaryVerdict.ABORT
    if (
        not all(each.is_acceptable for each in found if each.metric.required)
        or served(settings, state) < settings.min_requests
        or state.seconds < settings.min_seconds
        or (settings.share_check and state.share.has_failed)
    ):
        return CanaryVerdict.HOLD
    return CanaryVerdict.PROMOTE
