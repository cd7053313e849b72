"""What a judge keeps of the blocks it has seen. Pure."""

from dataclasses import dataclass

from sluicegate.canary.bernoulli import counts_of
from sluicegate.canary.fuse import INTACT, FuseEvidence
from sluicegate.canary.metric import Evidence
from sluicegate.canary.micronats import to_micronats
from sluicegate.canary.share import NO_SHARE, ShareEvidence
from sluicegate.model.metric import Pair
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts


@dataclass(frozen=True, slots=True)
class MetricState:
    """Everything seen so far of one metric that matters.

    Attributes:
        name: of the metric.
        evidence: after the last block.
        abort_peak: the highest `abort_micronats` after any block, at least 0.
        promote_peak: the highest `promote_micronats` after any block, at least 0.
    """

    name: str
    evidence: Evidence
    abort_peak: int = 0
    promote_peak: int = 0

    @property
    def abort_micronats(self) -> int:
        """Log-evidence that the canary is worse, now, in micronats."""
        return to_micronats(self.evidence.abort_nats)

    @property
    def promote_micronats(self) -> int:
        """Log-evidence that the canary is acceptable, now, in micronats."""
        return to_micronats(self.evidence.promote_nats)

    def after(self, block: Pair, *, promotes: bool = True) -> "MetricState":
        """The state after one more block, which may speak for it if it *promotes*."""
        evidence = self.evidence.add(block)
        if not promotes:
            evidence = evidence.no_better(self.evidence)
        later = MetricState(self.name, evidence)
        return MetricState(
            self.name,
            later.evidence,
            abort_peak=max(self.abort_peak, later.abort_micronats),
            promote_peak=max(self.promote_peak, later.promote_micronats),
        )


@dataclass(frozen=True, slots=True)
class JudgeState:
    """Everything seen so far that matters.

    Attributes:
        metrics: those seen in any block; failed requests first.
        seconds: how long was observed, without blocks that were disturbed.
        disturbed: the canary's requests in those.
        share: whether requests went where the weights sent them.
        fuse: whether the canary fails too often, by itself.
    """

    metrics: tuple[MetricState, ...] = ()
    seconds: float = 0.0
    disturbed: int = 0
    share: ShareEvidence = NO_SHARE
    fuse: FuseEvidence = INTACT

    def of(self, name: str) -> MetricState | None:
        """The state of one metric; None if it was never seen."""
        return next((each for each in self.metrics if each.name == name), None)

    @property
    def stable(self) -> RequestCounts:
        """All requests of stable so far."""
        if not self.metrics:
            return NO_REQUESTS
        return counts_of(self.metrics[0].evidence.total.stable)

    @property
    def canary(self) -> RequestCounts:
        """All requests of the canary so far."""
        if not self.metrics:
            return NO_REQUESTS
        return counts_of(self.metrics[0].evidence.total.canary)


START = JudgeState()
"""Before the first block."""
