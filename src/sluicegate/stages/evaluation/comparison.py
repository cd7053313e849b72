"""One metric of two models on the same examples, and what can be said of it. Pure.

Differences are turned so that more is better. *Non-inferior* is: worse by less than the
margin; *superior*: better by more than the margin. Both are claims about all examples
there could be; where the data show neither a claim nor that it is false, nobody knows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sluicegate.stats.bootstrap import bca_greater, bca_interval, resampled_means
from sluicegate.stats.distributions import normal_tail
from sluicegate.stats.holm import holm
from sluicegate.stats.interval import Interval
from sluicegate.stats.mean import mean_of, t_greater, t_interval
from sluicegate.stats.paired import mcnemar_greater, score_interval, score_statistic
from sluicegate.stats.sample_size import examples_needed

RESAMPLES = 2000

Test = Literal["noninferior", "superior"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a metric.

    Attributes:
        test: the claim.
        margin: in units of the metric.
        is_share: whether the numbers are 0 and 1.
        bootstrap: the seed of a bootstrap; None for Student's t.
    """

    test: Test
    margin: float
    is_share: bool
    bootstrap: bytes | None = None

    @property
    def limit(self) -> float:
        """What the gain must be above."""
        return -self.margin if self.test == "noninferior" else self.margin


@dataclass(frozen=True, slots=True)
class Answer:
    """What the examples say of a question.

    Attributes:
        n: examples.
        gain: how much better the candidate was on them.
        bounds: what it may be elsewhere, each end at the confidence asked for.
        p: p-value of "the gain is at most the limit".
        p_below: p-value of "the gain is at least the limit".
        deviation: of the gains of single examples.
        holds: whether the claim is shown, or shown to be false; None if neither.
        needed: examples with which it would be shown; None if none would, as it seems.
    """

    n: int
    gain: float
    bounds: Interval
    p: float
    p_below: float
    deviation: float
    holds: bool | None = None
    needed: int | None = None


def look(question: Question, gains: Sequence[float], confidence: float) -> Answer:
    """Estimate the mean of *gains*, at least two, and hold it against the limit."""
    if question.is_share:
        return _look_at_share(question, gains, confidence)
    found, limit = mean_of(gains), question.limit
    if question.bootstrap is None:
        bounds = t_interval(found, confidence)
        p = t_greater(found, limit)
        below = t_greater(replace(found, mean=-found.mean), -limit)
    else:
        means = resampled_means(gains, RESAMPLES, question.bootstrap)
        bounds = bca_interval(gains, means, confidence)
        p = bca_greater(gains, means, limit)
        turned = [-each for each in reversed(means)]
        below = bca_greater([-each for each in gains], turned, -limit)
    return Answer(found.n, found.mean, bounds, p, below, found.deviation)


def _look_at_share(
    question: Question, gains: Sequence[float], confidence: float
) -> Answer:
    n, limit = len(gains), question.limit
    gained, lost = sum(each > 0 for each in gains), sum(each < 0 for each in gains)
    bounds = score_interval(gained, lost, n, confidence)
    if limit == 0:
        p, below = mcnemar_greater(gained, lost), mcnemar_greater(lost, gained)
    else:
        z = score_statistic(gained, lost, n, limit)
        p, below = normal_tail(z), normal_tail(-z)
    gain = (gained - lost) / n
    # One more than were seen: that none is discordant does not mean that none can be.
    spread = (gained + lost + 1) / (n + 1) - gain * gain
    return Answer(n, gain, bounds, p, below, math.sqrt(max(spread, 0.0)))


def conclude(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    confidence: float,
    *,
    power: float,
    corrects: bool,
    least: int,
) -> tuple[Answer, ...]:
    """Say of each of *answers* whether its claim holds, and what it would take.

    Args:
        questions: of the answers, in their order.
        answers: as `look` gives them.
        confidence: with which a claim has to be shown.
        power: how often as many examples as needed are to show it.
        corrects: whether all claims together are held to *confidence* (Holm).
        least: examples below which nothing is concluded.
    """
    miss = 1 - confidence
    above, below = [each.p for each in answers], [each.p_below for each in answers]
    if corrects:
        above, below = list(holm(above)), list(holm(below))
    level = 1 - miss / (len(answers) if corrects else 1)
    concluded = []
    for question, answer, p, p_below in zip(
        questions, answers, above, below, strict=True
    ):
        holds = True if p < miss else False if p_below < miss else None
        if answer.n < least:
            holds = None
        needed = _needed(question, answer, level, power) if holds is None else None
        if needed is not None:
            needed = max(needed, least, answer.n + 1)
        concluded.append(
            replace(answer, p=p, p_below=p_below, holds=holds, needed=needed)
        )
    return tuple(concluded)


def _needed(
    question: Question, answer: Answer, confidence: float, power: float
) -> int | None:
    """Examples that would show the claim, if what was seen is about what is true.

    A model that is to be no worse is taken to be as good where it seems better, which
    may be luck, and where it seems too bad, which may be luck, too.
    """
    true = answer.gain
    if question.test == "noninferior" and not question.limit < true < 0:
        true = 0.0
    distance = true - question.limit
    if distance <= 0:
        return None
    return examples_needed(
        answer.deviation, distance, confidence=confidence, power=power
    )
