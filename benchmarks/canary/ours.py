"""The judge of Sluicegate as a contestant: it reads counters and takes differences."""

from dataclasses import dataclass

from canary.contestant import HELD, MINUTES, SCRAPE, Arm, Outcome, Verdict, View
from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    JudgeState,
    Observation,
    decide,
    observe,
    stands,
)
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

_VERDICTS = {
    CanaryVerdict.ABORT: Verdict.ABORT,
    CanaryVerdict.PROMOTE: Verdict.PROMOTE,
}


@dataclass(frozen=True)
class Sluicegate:
    """Looks every *block* seconds; what it cannot read makes a longer block."""

    name: str
    settings: JudgeSettings
    block: int = 60

    def decide(self, view: View) -> Outcome:
        state, mark, since = START, _read(view, 0), 0
        for second in range(self.block, MINUTES * 60 + 1, self.block):
            scrape = second // SCRAPE
            if scrape in view.missing:
                continue
            now = _read(view, scrape)
            stable, canary = map(_difference, mark, now)
            block = Observation(
                Block(stable, canary),
                seconds=float(second - since),
                percent=_percent(view, since // SCRAPE, scrape),
            )
            state = observe(self.settings, state, block)
            verdict = self._conclude(state)
            if verdict is not CanaryVerdict.HOLD:
                return Outcome(_VERDICTS[verdict], second / 60)
            mark, since = now, second
        return HELD

    def _conclude(self, state: JudgeState) -> CanaryVerdict:
        """The verdict; a promotion by the evidence as it is now, as in the product."""
        verdict = decide(self.settings, state)
        if verdict is CanaryVerdict.PROMOTE and not stands(self.settings, state):
            return CanaryVerdict.HOLD
        return verdict


def _percent(view: View, begin: int, end: int) -> int | None:
    """The weight during a block, None if it changed or is not known."""
    weights = set(view.percents[begin:end])
    return weights.pop() if len(weights) == 1 else None


def _read(view: View, scrape: int) -> tuple[RequestCounts, RequestCounts]:
    """The counters of stable and canary, as they stand."""
    stable, canary = view.arms[Arm.STABLE], view.arms[Arm.CANARY]
    return (
        RequestCounts(stable.total[scrape], stable.failed[scrape]),
        RequestCounts(canary.total[scrape], canary.failed[scrape]),
    )


def _difference(before: RequestCounts, now: RequestCounts) -> RequestCounts:
    """As the rollout controller does: a counter that fell began again at 0."""
    total, failed = now.total - before.total, now.failed - before.failed
    if not 0 <= failed <= total:
        return now
    return RequestCounts(total, failed)
