"""The verdict rules of Flagger, for one metric with a least value.

Source: fluxcd/flagger at 15bd6ad5, ``pkg/controller/scheduler.go`` (`advanceCanary`,
`runCanary`), ``pkg/controller/scheduler_metrics.go`` and
``pkg/apis/flagger/v1beta1/canary.go``.
"""

from dataclasses import dataclass

from canary.contestant import HELD, MINUTES, Arm, Outcome, Verdict, View


@dataclass(frozen=True)
class Progress:
    """Of a canary under analysis. Both counts run over the whole revision."""

    failed_checks: int = 0
    passed_checks: int = 0


def advance(
    progress: Progress, *, passed: bool, threshold: int, checks: int
) -> tuple[Progress, Verdict]:
    """One tick of the scheduler.

    Failed checks are never forgotten, and whether they are too many is asked *before*
    the analysis of the tick, so a rollback comes one interval after the last of them.

    Args:
        progress: before the tick.
        passed: whether all metrics of this tick were in range; no value is not.
        threshold: failed checks that roll back; below 1 it is 1.
        checks: passed checks that promote: the steps of weight, or the iterations.
    """
    if progress.failed_checks >= (threshold if threshold > 0 else 1):
        return progress, Verdict.ABORT
    if not passed:
        return (
            Progress(progress.failed_checks + 1, progress.passed_checks),
            Verdict.HOLD,
        )
    after = Progress(progress.failed_checks, progress.passed_checks + 1)
    return after, Verdict.PROMOTE if after.passed_checks >= checks else Verdict.HOLD


@dataclass(frozen=True)
class Flagger:
    """``request-success-rate`` of the canary, in range from *least* percent on."""

    name: str
    threshold: int
    checks: int
    least: float = 99.0
    interval: float = 60.0

    def decide(self, view: View) -> Outcome:
        progress, second = Progress(), self.interval
        while second <= MINUTES * 60:
            progress, verdict = advance(
                progress,
                passed=self._passes(view, second),
                threshold=self.threshold,
                checks=self.checks,
            )
            if verdict is not Verdict.HOLD:
                return Outcome(verdict, second / 60)
            second += self.interval
        return HELD

    def _passes(self, view: View, second: float) -> bool:
        if not view.answers(second):
            return False
        total, failed = view.window(Arm.CANARY, second, self.interval)
        return total > 0 and 100 * (total - failed) / total >= self.least
