"""The verdict rules of Argo Rollouts' analysis, for one metric.

Source: argoproj/argo-rollouts at 9f8d111d, ``utils/evaluate/evaluate.go`` (a
measurement's phase), ``analysis/analysis.go`` (counters, a metric's phase) and
``utils/defaults/defaults.go``. A run that ends Failed or in Error aborts the rollout
(``rollout/analysis.go``); an inconclusive one pauses it; promotion is the end of the
steps, for which no evidence is asked.
"""

import enum
from dataclasses import dataclass, replace

from canary.contestant import HELD, MINUTES, SCRAPE, Arm, Outcome, Verdict, View

ERROR_RETRY = 10.0
"""Seconds from a measurement that could not be made to the next one."""


class Phase(enum.Enum):
    """Of a measurement or of a metric."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"
    FAILED = "Failed"


@dataclass(frozen=True)
class Limits:
    """Of one metric. ``failure`` below 0 is none at all; ``count`` None runs on."""

    failure: int = 0
    inconclusive: int = 0
    consecutive_error: int = 4
    consecutive_success: int = 0
    count: int | None = None


@dataclass(frozen=True)
class Tally:
    """What a metric's measurements were so far."""

    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0
    count: int = 0
    consecutive_error: int = 0
    consecutive_success: int = 0

    def add(self, phase: Phase) -> "Tally":
        """One more measurement. One in error does not count towards ``count``."""
        if phase is Phase.ERROR:
            return replace(
                self,
                error=self.error + 1,
                consecutive_error=self.consecutive_error + 1,
                consecutive_success=0,
            )
        return replace(
            self,
            successful=self.successful + (phase is Phase.SUCCESSFUL),
            failed=self.failed + (phase is Phase.FAILED),
            inconclusive=self.inconclusive + (phase is Phase.INCONCLUSIVE),
            count=self.count + 1,
            consecutive_error=0,
            consecutive_success=(
                self.consecutive_success + 1 if phase is Phase.SUCCESSFUL else 0
            ),
        )


def evaluate(success: bool | None, failure: bool | None) -> Phase:  # noqa: FBT001 - the two conditions as they came out
    """The phase of a measurement by its two conditions; None where one is not set."""
    if success is None and failure is None:
        return Phase.SUCCESSFUL
    if failure is None:
        failure = not success
    if success is None:
        success = not failure
    if failure:
        return Phase.FAILED
    return Phase.SUCCESSFUL if success else Phase.INCONCLUSIVE


def assess(
    limits: Limits, tally: Tally, *, measured: bool = True, terminating: bool = False
) -> Phase:
    """The phase of a metric after a completed measurement.

    The order matters: of the first three the *last* that holds is the phase.
    """
    if not measured:
        return Phase.SUCCESSFUL if terminating else Phase.PENDING
    bad = _assess_limits(limits, tally)
    if bad is not None:
        return bad
    wanted = limits.consecutive_success
    if 0 < wanted <= tally.consecutive_success:
        return Phase.SUCCESSFUL
    if limits.count is not None and tally.count >= limits.count:
        if wanted <= 0:
            return Phase.SUCCESSFUL
        return Phase.INCONCLUSIVE if limits.failure >= 0 else Phase.FAILED
    return Phase.SUCCESSFUL if terminating else Phase.RUNNING


def _assess_limits(limits: Limits, tally: Tally) -> Phase | None:
    phase = None
    if 0 <= limits.failure < tally.failed:
        phase = Phase.FAILED
    if tally.inconclusive > limits.inconclusive:
        phase = Phase.INCONCLUSIVE
    if tally.consecutive_error > limits.consecutive_error:
        phase = Phase.ERROR
    return phase


@dataclass(frozen=True)
class Argo:
    """A success rate of the canary, measured on and on: ``result[0] >= threshold``.

    Attributes:
        name: of the contestant.
        threshold: least fraction of requests that succeed.
        limits: with the number of measurements as ``count``.
        interval: seconds between two measurements.
        window: seconds that a query looks back.
    """

    name: str
    threshold: float
    limits: Limits
    interval: float = 60.0
    window: float = 300.0

    def decide(self, view: View) -> Outcome:
        tally, second = Tally(), self.interval
        while second <= MINUTES * 60:
            phase = self._measure(view, second)
            tally = tally.add(phase)
            status = assess(self.limits, tally)
            if status in {Phase.FAILED, Phase.ERROR}:
                return Outcome(Verdict.ABORT, second / 60)
            if status is Phase.SUCCESSFUL:
                return Outcome(Verdict.PROMOTE, second / 60)
            second += ERROR_RETRY if phase is Phase.ERROR else self.interval
        return HELD

    def _measure(self, view: View, second: float) -> Phase:
        if not view.answers(second):
            return Phase.ERROR
        total, failed = view.window(Arm.CANARY, second, self.window)
        if total > 0:
            return evaluate((total - failed) / total >= self.threshold, None)
        # A canary without any series yields an empty vector, and `result[0]` an error;
        # one whose series stand still yields 0/0, which is not at least anything.
        known = view.arms[Arm.CANARY].seen_total[int(second // SCRAPE)] > 0
        return Phase.FAILED if known else Phase.ERROR
