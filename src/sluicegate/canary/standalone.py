"""The judge alone, for any rollout tool: numbers in, a verdict out. Pure.

`Judge` puts the numbers of each metric together into batches, gives every batch to
`sluicegate.canary.judge`, and remembers when the verdict was reached. Metrics are
independent of one another: in which order their numbers come does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sluicegate.canary.assessment import Assessment, stand
from sluicegate.canary.batches import Batch, Batches
from sluicegate.canary.bernoulli import counts_of
from sluicegate.canary.course import Course
from sluicegate.canary.effect import Effect
from sluicegate.canary.judge import START, Observation, assess, decide, observe
from sluicegate.canary.line_values import MOST
from sluicegate.canary.lines import parse_line
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.micronats import MICRONATS
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind, Pair, Tally, check_tally
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import NO_REQUESTS, Block

_NOTHING = Block(NO_REQUESTS, NO_REQUESTS)
_NO_ERRORS = Metric("", MetricKind.BERNOULLI, weight=0, required=False)


@dataclass(frozen=True, slots=True)
class MetricEvidence:
    """Where one metric stands.

    Attributes:
        metric: what is judged.
        log_e_abort: log-evidence that the canary is worse, in nats.
        log_e_promote: log-evidence that it is acceptable, in nats; may be ``-inf``.
        total: the numbers of all batches.
        abort_needed: what `log_e_abort` must once have reached for an abort, in nats;
            None if the metric never aborts.
        promote_needed: likewise `log_e_promote` for a promotion; None if the metric is
            not required.
    """

    metric: Metric
    log_e_abort: float
    log_e_promote: float
    total: Pair
    abort_needed: float | None
    promote_needed: float | None


class Judge:
    """Judge a canary by its numbers, as they come.

    Example::

        judge = Judge(alpha=0.01, beta=0.05)
        for t, canary, stable in scrapes():  # each (requests, failed) of one interval
            judge.add(t, canary=canary, stable=stable)
            if judge.verdict is not CanaryVerdict.HOLD:
                break

    Only complete batches count, until `finish` ends the last one as it stands. The
    object can be pickled and gone on with.
    """

    def __init__(  # noqa: PLR0913 - names with defaults, as on the command line
        self,
        *,
        alpha: float = 0.01,
        beta: float = 0.05,
        sigma: float | None = 0.3,
        margin_ratio: float = 2.0,
        margin_abs: float = 0.001,
        batch_seconds: float = 60.0,
        min_requests: int = 1,
        min_seconds: float = 0.0,
        fuse: float | None = None,
        restarts: bool = False,
        metrics: Iterable[Metric] = (ERRORS,),
    ) -> None:
        """Begin without any numbers.

        Args:
            alpha: chance ever to abort a canary no worse than stable, in ``(0, 0.5)``.
            beta: chance ever to promote an unacceptable canary, in ``(0, 0.5)``.
            sigma: noise of the log ratio per batch; None (or 0) if requests are
                independent, which makes every interval a batch.
            margin_ratio: with *margin_abs*, unacceptable is
                ``p_c >= margin_ratio * p_s + margin_abs``.
            margin_abs: as a fraction of requests.
            batch_seconds: least length of a batch, ``> 0``.
            min_requests: least number of canary requests before a promotion.
            min_seconds: least time between the first and the last interval before one.
            fuse: error rate that aborts without a comparison, in ``(0, 1)``.
            restarts: whether evidence of a regression may begin late.
            metrics: all that is judged, with their weights; by default ``errors``.

        Raises:
            UsageError: a value outside its range, or metrics of one name.
        """
        if not 0 < batch_seconds < float("inf"):
            raise UsageError(f"batch_seconds must be above 0, got {batch_seconds}")
        judged = sorted(metrics, key=lambda metric: metric.name)
        errors = _choose_errors(judged)
        others = list(judged)
        if errors in others:
            others.remove(errors)
        self.settings = JudgeSettings(
            alpha=alpha,
            beta=beta,
            ratio=margin_ratio,
            slack=margin_abs,
            sigma=sigma or None,
            min_requests=min_requests,
            min_seconds=min_seconds,
            errors=errors,
            metrics=tuple(others),
            fuse=fuse,
            restarts=restarts,
        )
        self.state = START
        self._decided = START
        self._verdict = CanaryVerdict.HOLD
        self._effect = Effect(Rules.of(self.settings, errors))
        self._course = Course()
        length = batch_seconds if sigma else None
        self._batches = {metric.name: Batches(length) for metric in judged}

    def add_line(self, line: bytes | str) -> None:
        """Add the numbers of a line, as `sluice canary judge` takes it.

        Raises:
            UsageError: it is no such line, or not about a metric of this judge.
        """
        read = parse_line(line)
        known = self._metric(read.metric.name)
        if not _is_alike(read.metric, known):
            raise UsageError(f"metric {known.name!a} was declared otherwise before")
        self.add_pair(read.at, read.metric.name, read.pair)

    def add(
        self,
        t: float,
        *,
        canary: tuple[int, int],
        stable: tuple[int, int],
        metric: str = "errors",
    ) -> None:
        """Add ``(requests, failed)`` of both releases over an interval ending at *t*.

        Args:
            t: in seconds, from any origin; must not go back for one metric.
            canary: what the canary served.
            stable: what stable served meanwhile.
            metric: of kind bernoulli or rate; the latter's pairs are
                ``(exposure, events)``.

        Raises:
            UsageError: the metric is none of this judge, or the numbers none of it.
        """
        arms = [Tally(n, (x,)) for n, x in (stable, canary)]
        self.add_pair(t, metric, Pair(*arms))

    def add_pair(self, t: float, metric: str, pair: Pair) -> None:
        """Add the numbers of any metric over an interval that ends at *t*.

        Raises:
            UsageError: as with `add`.
        """
        if not -MOST <= t <= MOST:
            raise UsageError(f"t must be at most {MOST}, got {t}")
        known = self._metric(metric)
        for tally in (pair.stable, pair.canary):
            check_tally(known.kind, tally, width=known.width)
        self._course.see(t)
        self._batches[metric], batch = self._batches[metric].add(t, pair)
        self._take(metric, batch)

    def finish(self) -> None:
        """End the open batches as they stand: there are no more numbers."""
        for name, batches in self._batches.items():
            self._batches[name], batch = batches.close()
            self._take(name, batch)

    @property
    def verdict(self) -> CanaryVerdict:
        """Promote, abort or hold, by the batches that are complete.

        An abort goes before a promotion, whichever came first.
        """
        return self._verdict

    @property
    def decided_at(self) -> float | None:
        """The end of the batch that decided, as it was given; None on hold."""
        return self._course.decided_at(self.settings, self.verdict)

    @property
    def assessment(self) -> Assessment:
        """The verdict with its reason in one sentence, as of when it was reached."""
        is_decided = self._verdict is not CanaryVerdict.HOLD
        state = self._decided if is_decided else self.state
        return assess(self.settings, state, self._effect)

    @property
    def metrics(self) -> dict[str, MetricEvidence]:
        """The evidence on every metric, by name."""
        return {
            each.name: self._evidence(each)
            for each in self.settings.judged
            if each is not _NO_ERRORS
        }

    def _metric(self, name: str) -> Metric:
        if name not in self._batches:
            known = ", ".join(ascii(each) for each in self._batches) or "none"
            raise UsageError(
                f"metric {name!a} is not judged; these are: {known}",
                hint="give it to the judge from the start: metrics share alpha",
            )
        return next(each for each in self.settings.judged if each.name == name)

    def _take(self, name: str, batch: Batch | None) -> None:
        if batch is None:
            return
        observation = Observation(_NOTHING, {name: batch.pair})
        if name == self.settings.errors.name:
            observation = Observation(_block(batch.pair))
            if self._verdict is CanaryVerdict.HOLD:  # how it is told, and costly
                self._effect = self._effect.add(batch.pair)
        state = observe(self.settings, self.state, observation)
        self.state = replace(state, seconds=self._course.passed(batch.at))
        verdict = decide(self.settings, self.state)
        if verdict is not self._verdict:
            self._verdict, self._decided = verdict, self.state
        self._course.note(self.settings, self.state, name, batch.at)

    def _evidence(self, metric: Metric) -> MetricEvidence:
        seen = self.state.of(metric.name)
        found = stand(self.settings, metric, seen)
        width = Tally.nothing(metric.width)
        return MetricEvidence(
            metric=metric,
            log_e_abort=0.0 if seen is None else seen.evidence.abort_nats,
            log_e_promote=0.0 if seen is None else seen.evidence.promote_nats,
            total=Pair(width, width) if seen is None else seen.evidence.total,
            abort_needed=found.abort_needed / MICRONATS if found.aborts else None,
            promote_needed=(
                None
                if found.promote_needed is None or not metric.required
                else found.promote_needed / MICRONATS
            ),
        )


def _choose_errors(judged: list[Metric]) -> Metric:
    """What stands for failed requests: ``errors``, or else what is most like it."""
    alike = [each for each in judged if each.kind is MetricKind.BERNOULLI]
    named = [each for each in alike if each.name == ERRORS.name]
    return next(iter(named + alike), _NO_ERRORS)


def _block(pair: Pair) -> Block:
    return Block(stable=counts_of(pair.stable), canary=counts_of(pair.canary))


def _is_alike(read: Metric, known: Metric) -> bool:
    """Whether a line is about *known*; it may leave out how that is judged."""
    return (
        (read.kind, read.edges, read.categories)
        == (known.kind, known.edges, known.categories)
        and read.slo in {None, known.slo}
        and read.tolerance in {None, known.tolerance}
    )
