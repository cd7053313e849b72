"""The spans of one stage of a run: its attempts, its rollouts, and its waiting."""

from collections.abc import Iterator
from datetime import datetime

from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    EnvironmentEntered,
    PlannedStage,
    ReleaseRequested,
    RolloutEvent,
    RolloutFinished,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.rollout import RolloutResult
from sluicegate.model.run import StageState
from sluicegate.model.task import task_id
from sluicegate.report.telemetry import names, rollout_span, stage_span
from sluicegate.report.telemetry.records import Happening, Kind, Span, Subject, Value
from sluicegate.report.telemetry.results import PENDING, SKIP, Result, result_of
from sluicegate.report.telemetry.run_span import RunShare


class Staging:
    """One stage, while a process works on its run.

    *environment* is where it releases, None if nowhere. *known* is how far the stage
    was when the process took the run over.
    """

    def __init__(
        self,
        planned: PlannedStage,
        share: RunShare,
        environment: str | None,
        url: str | None,
        known: StageState | None,
    ) -> None:
        self._planned, self._share = planned, share
        self._environment, self._url = environment, url
        self.attempt = 0 if known is None else known.attempt
        self.waits = False
        self._start: datetime | None = None
        self._held = False
        self._happenings: list[Happening] = []
        self._requested: ReleaseRequested | None = None
        self._rollout: list[tuple[RolloutEvent, datetime]] = []
        if known is not None and known.entered is None:
            self._requested = known.requested
        for event in () if known is None else known.rollout:
            if isinstance(event, RolloutFinished):
                self._rollout.clear()
            else:
                self.roll(event, share.started.start_ts)

    @property
    def is_open(self) -> bool:
        """Whether an attempt is under way."""
        return self._start is not None

    @property
    def span_id(self) -> str:
        """Of the attempt under way, else of the run."""
        if not self.attempt:
            return self._share.span_id
        return self._share.ids.of("stage", self._planned.name, self.attempt)

    def begin(self, event: StageStarted) -> None:
        """An attempt begins."""
        self.attempt, self._start = event.attempt, event.start_ts
        self.waits = self._held = False
        self._happenings.clear()

    def result(self, finished: StageFinished, *, timed_out: bool) -> Result:
        """How the attempt has ended, in the words of the conventions."""
        self.waits = (
            finished.outcome is Outcome.PENDING
            and self._environment is not None
            and not self._held
        )
        return result_of(finished.outcome, waits=self.waits, timed_out=timed_out)

    def finish(
        self, finished: StageFinished, result: Result, at: datetime
    ) -> Iterator[Span]:
        """The spans that end with an attempt."""
        if finished.outcome is Outcome.CLOSED:
            yield from self._end_wait("closed", at)
        # What another job has measured is in that job's own trace.
        elsewhere = finished.handed_over is not None
        start = self._start or finished.start_ts
        end = at if elsewhere else finished.end_ts
        self._happenings += stage_span.conditions_of(finished.gate, end)
        attributes = stage_span.attributes_of(finished)
        yield from self._attempt(start, end, result, attributes, finished.reason)

    def leave(self, result: Result, at: datetime) -> Iterator[Span]:
        """The span of an attempt that did not come to its end."""
        if self._start is not None:
            attributes: dict[str, Value] = {"sluice.stage.attempt": self.attempt}
            yield from self._attempt(self._start, at, result, attributes, "")

    def _attempt(
        self,
        start: datetime,
        end: datetime,
        result: Result,
        attributes: dict[str, Value],
        reason: str,
    ) -> Iterator[Span]:
        self._start = None
        span_id, parent_id = self.span_id, self._share.span_id
        said = {**self._task(result, self.attempt), **attributes}
        yield self._span(
            Subject.STAGE,
            self._planned.name,
            (span_id, parent_id),
            (start, end),
            said,
            reason,
            self._happenings,
        )

    def skip(self, event: StageSkipped, at: datetime) -> Span:
        """The span of a stage that will not run; it takes no time."""
        name = self._planned.name
        said = {**self._task(SKIP, 0), "sluice.stage.reason": event.reason}
        span_id = self._share.ids.of("skip", name, self._share.number)
        where = span_id, self._share.span_id
        return self._span(Subject.STAGE, name, where, (at, at), said)

    def request(self, event: ReleaseRequested, at: datetime) -> Iterator[Span]:
        """People are asked; whatever was asked before counts no more."""
        yield from self._end_wait("replaced", at)
        self._requested = event

    def enter(self, event: EnvironmentEntered, at: datetime) -> Iterator[Span]:
        """The entry gate has opened."""
        how = "overridden" if event.override else "entered"
        said: dict[str, Value] = {
            names.ENVIRONMENT: event.environment,
            "sluice.entry.override": event.override,
            "sluice.entry.approvals": len(event.approvals),
        }
        self._happenings.append(Happening("sluice.environment.entered", at, said))
        yield from self._end_wait(how, at)

    def _end_wait(self, how: str, at: datetime) -> Iterator[Span]:
        """The time for which a release waited, whichever process saw its beginning."""
        requested, self._requested = self._requested, None
        if requested is None:
            return
        name, share = self._planned.name, self._share
        said: dict[str, Value] = {
            names.RUN_STATE: PENDING.word,
            names.TASK: name,
            names.ENVIRONMENT: requested.environment,
            "sluice.request": str(requested.request),
            "sluice.wait.end": how,
        }
        where = share.ids.of("wait", name, str(requested.request)), share.span_id
        when = requested.created, at
        title = f"wait for {requested.environment}"
        yield self._span(Subject.WAIT, title, where, when, said)

    def roll(self, event: RolloutEvent, at: datetime) -> None:
        """Something happened in a rollout."""
        last = self._rollout[-1][1] if self._rollout else at
        self._rollout.append((event, rollout_span.moment_of(event) or max(last, at)))

    def end_rollout(self, ended: RolloutFinished, at: datetime) -> Iterator[Span]:
        """The span of a rollout, with what earlier processes saw of it."""
        seen, self._rollout = self._rollout, []
        self._held = ended.result is RolloutResult.HELD
        events = [event for event, _ in seen]
        start = rollout_span.start_of(events) or self._start or at
        made = (rollout_span.happening_of(*each) for each in seen)
        said = rollout_span.attributes_of(events, ended)
        name = self._planned.name
        span_id = self._share.ids.of("rollout", name, start.isoformat())
        yield self._span(
            Subject.ROLLOUT,
            f"rollout {said.get(names.ENVIRONMENT, self._environment or name)}",
            (span_id, self.span_id),
            (start, ended.end_ts),
            said,
            ended.reason,
            [each for each in made if each is not None],
        )

    def _task(self, result: Result, attempt: int) -> dict[str, Value]:
        planned, share = self._planned, self._share
        task = task_id(share.run_id, share.started.labels, planned.name, attempt)
        found = stage_span.task_attributes(
            planned.name, planned.uses, task, self._url, result
        )
        if self._environment is not None:
            found[names.ENVIRONMENT] = self._environment
        return found

    def _span(
        self,
        subject: Subject,
        name: str,
        where: tuple[str, str],
        when: tuple[datetime, datetime],
        attributes: dict[str, Value],
        reason: str = "",
        happenings: list[Happening] | None = None,
    ) -> Span:
        kept = (happenings or [])[-rollout_span.MAX_HAPPENINGS :]
        start, end = when
        return Span(
            subject,
            name,
            Kind.INTERNAL,
            self._share.trace_id,
            *where,
            start,
            max(start, end),
            attributes,
            tuple(kept),
            len(happenings or ()) - len(kept),
            reason if names.ERROR in attributes else None,
        )
