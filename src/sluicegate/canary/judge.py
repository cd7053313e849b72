"""Judge a canary block by block: promote it, abort it, or wait for more requests.

Pure: `observe` folds a block into the state, `assess` reads a verdict off it. Both may
be called after every block and at any number of blocks; neither looks at a clock. The
state holds all there is, so a judge that resumes from recorded blocks goes on as if it
had never stopped, and replaying the blocks gives the same micronats.

- A canary that is no worse than stable is ever aborted with probability at most
  ``alpha`` (`sluicegate.canary.abort`).
- A canary that is unacceptably worse is ever promoted with probability at most ``beta``
  (`sluicegate.canary.promote`).
- What lies between may end either way, or not at all: the caller sets a deadline.
- While stable fails so often that nothing would be unacceptable, nothing is promoted.

A threshold once crossed stays crossed, and abort goes before promote. Blocks must not
be left out by what is in them; evidence carries over changes of weight.

Verdicts are reached on the rounded micronats that are recorded, so a last digit in
which two C libraries differ does not turn one.
"""

from dataclasses import dataclass, replace
from math import ceil, log

from sluicegate.canary import abort, plan, promote, reason
from sluicegate.canary.promote import Margin
from sluicegate.errors import UsageError
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

_MICRONATS = 1_000_000
_MOST_MICRONATS = 2**53 - 1  # what the audit log can hold: RFC 8785 numbers are doubles

PLANNED_RATE = 0.005
"""Error rate that is assumed while no request has been seen."""

PLANNED_SHARE = 0.1
"""Share of the canary that is assumed while one of the arms has no traffic."""


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """The error rates of the verdict, and what counts as worse.

    Attributes:
        alpha: chance ever to abort a canary no worse than stable, in ``(0, 0.5)``.
        beta: chance ever to promote an unacceptable canary, in ``(0, 0.5)``.
        ratio: with *slack*, unacceptable is ``p_c >= ratio * p_s + slack``.
        slack: as a fraction of requests.
        sigma: noise of the log risk ratio per block, in ``(0, abort.MAX_SIGMA]``; None
            if requests fail independently.
        min_requests: least number of canary requests before promotion, ``>= 1``.

    Raises:
        UsageError: a value outside its range.
    """

    alpha: float = 0.01
    beta: float = 0.05
    ratio: float = 2.0
    slack: float = 0.001
    sigma: float | None = 0.3
    min_requests: int = 1

    def __post_init__(self) -> None:
        for name, chance in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < 2 * chance < 1:
                raise UsageError(f"{name} must be in (0, 0.5), got {chance}")
        if self.sigma is not None and not 0 < self.sigma <= abort.MAX_SIGMA:
            raise UsageError(
                f"sigma must be in (0, {abort.MAX_SIGMA}], got {self.sigma}",
                hint="arms noisier than that need longer blocks, or more machines each",
            )
        if self.min_requests < 1:
            raise UsageError(
                f"min_requests must be at least 1, got {self.min_requests}"
            )
        Margin(self.ratio, self.slack)

    @property
    def margin(self) -> Margin:
        """What is unacceptable."""
        return Margin(self.ratio, self.slack)


@dataclass(frozen=True, slots=True)
class JudgeState:
    """Everything seen so far that matters.

    Attributes:
        abort: log-evidence per risk ratio of `abort.RISK_RATIOS`, in nats.
        promote: log-evidence of the two bets of `promote.bets`, in nats.
        abort_peak: the highest `abort_micronats` after any block.
        promote_peak: the highest `promote_micronats` after any block.
        stable: all requests of stable so far.
        canary: all requests of the canary so far.
    """

    abort: tuple[float, ...] = abort.NO_EVIDENCE
    promote: tuple[float, ...] = promote.NO_EVIDENCE
    abort_peak: int = 0
    promote_peak: int = 0
    stable: RequestCounts = NO_REQUESTS
    canary: RequestCounts = NO_REQUESTS

    @property
    def abort_micronats(self) -> int:
        """Log-evidence that the canary is worse, now, in micronats."""
        return _to_micronats(abort.log_mixture(self.abort))

    @property
    def promote_micronats(self) -> int:
        """Log-evidence that the canary is acceptable, now, in micronats."""
        return _to_micronats(abort.log_mixture(self.promote))


START = JudgeState()
"""Before the first block."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the judge concludes, and why, in one sentence.

    Attributes:
        verdict: promote, abort or hold.
        reason: a sentence with the numbers behind the verdict.
        abort_micronats: log-evidence that the canary is worse, after the last block.
        promote_micronats: log-evidence that it is acceptable, after the last block.
        canary_requests_missing: about how many more canary requests promotion takes;
            None unless the verdict is hold, and where no number of requests would help.
    """

    verdict: CanaryVerdict
    reason: str
    abort_micronats: int
    promote_micronats: int
    canary_requests_missing: int | None


def observe(settings: JudgeSettings, state: JudgeState, block: Block) -> JudgeState:
    """Fold one block into the state. Blocks without requests change nothing."""
    after = replace(
        state,
        abort=abort.add_block(state.abort, block, sigma=settings.sigma),
        promote=promote.add_block(
            state.promote,
            block,
            past=state.stable + state.canary,
            margin=settings.margin,
            beta=settings.beta,
        ),
        stable=state.stable + block.stable,
        canary=state.canary + block.canary,
    )
    return replace(
        after,
        abort_peak=max(state.abort_peak, after.abort_micronats),
        promote_peak=max(state.promote_peak, after.promote_micronats),
    )


def assess(settings: JudgeSettings, state: JudgeState) -> Assessment:
    """Read the verdict off the state."""
    verdict, why, missing = _conclude(settings, state)
    return Assessment(
        verdict, why, state.abort_micronats, state.promote_micronats, missing
    )


def _conclude(
    settings: JudgeSettings, state: JudgeState
) -> tuple[CanaryVerdict, str, int | None]:
    canary, stable = state.canary, state.stable
    if state.abort_peak >= _threshold(settings.alpha):
        why = reason.explain_abort(
            canary,
            stable,
            evidence=state.abort_peak / _MICRONATS,
            needed=1 / settings.alpha,
        )
        return CanaryVerdict.ABORT, why, None
    if stable.total > 0 and settings.margin.is_void(stable):
        return CanaryVerdict.HOLD, reason.explain_outage(canary, stable), None
    if state.promote_peak < _threshold(settings.beta):
        why, missing = _explain_wait(settings, state)
        return CanaryVerdict.HOLD, why, missing
    if canary.total < settings.min_requests:
        least = settings.min_requests
        missing = least - canary.total
        why = reason.explain_too_few(canary, stable, missing=missing, least=least)
        return CanaryVerdict.HOLD, why, missing
    why = reason.explain_promote(
        canary,
        stable,
        evidence=state.promote_peak / _MICRONATS,
        needed=1 / settings.beta,
    )
    return CanaryVerdict.PROMOTE, why, None


def _explain_wait(settings: JudgeSettings, state: JudgeState) -> tuple[str, int]:
    """Say what is missing for promotion, and how many canary requests that is."""
    canary, stable = state.canary, state.stable
    least = settings.min_requests - canary.total
    if canary.total == 0 or stable.total == 0:
        seen = canary + stable
        rate = PLANNED_RATE if seen.total == 0 else promote.past_rate(seen)
        missing = max(least, _if_alike(settings, state, rate, PLANNED_SHARE))
        if canary.total == 0:
            return reason.explain_no_canary_traffic(missing, rate=rate), missing
        return reason.explain_no_stable_traffic(canary, missing), missing
    share = canary.total / (canary.total + stable.total)
    pooled = promote.past_rate(canary + stable)
    estimate = plan.requests_to_promote(
        (canary.failed / canary.total, stable.failed / stable.total),
        share=share,
        beta=settings.beta,
        margin=settings.margin,
        evidence=state.promote_micronats / _MICRONATS,
        pooled=pooled,
    )
    if estimate is None:
        missing = max(least, _if_alike(settings, state, pooled, share))
        return reason.explain_doubt(canary, stable, missing), missing
    missing = max(least, estimate)
    return reason.explain_hold(canary, stable, missing), missing


def _if_alike(
    settings: JudgeSettings, state: JudgeState, rate: float, share: float
) -> int:
    """Canary requests missing if both arms fail at *rate*."""
    estimate = plan.requests_to_promote(
        (rate, rate),
        share=share,
        beta=settings.beta,
        margin=settings.margin,
        evidence=state.promote_micronats / _MICRONATS,
    )
    return _MOST_MICRONATS if estimate is None else estimate


def _threshold(chance: float) -> int:
    """The log of ``1 / chance`` in micronats, rounded up."""
    return ceil(-log(chance) * _MICRONATS)


def _to_micronats(nats: float) -> int:
    """Round to micronats, within what the audit log can hold."""
    bounded = max(-_MOST_MICRONATS, min(_MOST_MICRONATS, nats * _MICRONATS))
    return round(bounded)
