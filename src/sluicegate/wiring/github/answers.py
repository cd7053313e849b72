"""Taking into the log what people have answered on the code host.

What is in the log already is passed over, so that an event that comes twice, or two
jobs at once, do nothing twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sluicegate.audit.attested.taking import Attested, Taken, take_in
from sluicegate.audit.attested.words import (
    WORKFLOWS,
    place_of_comment,
    place_of_run,
)
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.errors import ExternalError
from sluicegate.model.code_host import Dispatched, WorkflowRun
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.hold import MAX_REASON
from sluicegate.ports.code_host import CodeHost
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.github.attesting import Attesting, Own, attempt
from sluicegate.wiring.github.facts import Facts
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.request_judging import Judging
from sluicegate.wiring.requests import Requests

ROLLOUT = "rollout.yml"
"""The workflow that goes on with whatever may go on; it needs no inputs."""


@dataclass(frozen=True, slots=True)
class Stands:
    """How a request stands with all that was taken in.

    ``missing`` are who or what it lacks, a line each; None of ``verdict``: that cannot
    be told here, and ``missing`` says why. ``started`` is the run that goes on with it.
    """

    request: Digest
    environment: str
    verdict: Verdict | None
    missing: tuple[str, ...] = ()
    started: Dispatched | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of answers, and how the requests stand that they are about.

    ``trouble`` is why what was approved could not be started; empty if it could.
    """

    answers: tuple[Taken, ...]
    requests: tuple[Stands, ...]
    trouble: str = ""


def take_in_run(
    inboxes: Inboxes,
    host: CodeHost,
    number: int,
    occasion: Occasion | None = None,
    *,
    starts: bool = True,
) -> TakenIn:
    """Take in the run *number*, an answer; it goes on still if it is *occasion*'s.

    Args:
        inboxes: of the log, whose key must be here.
        host: where the run is.
        number: its id.
        occasion: on what occasion this runs itself.
        starts: whether to start `ROLLOUT` if nothing is missing any more.

    Raises:
        UsageError: there is no log, or its key is not here.
        IntegrityError: the log is not what it was.
        ExternalError: the host cannot be asked; or whether the answer is in the log is
            unknown. Doing it again does no harm.
    """
    taking = _Taking.of(inboxes, host, occasion)
    return taking.take(taking.one(number), starts=starts)


def take_in_comment(
    inboxes: Inboxes, host: CodeHost, number: int, *, starts: bool = True
) -> TakenIn:
    """Take in the comment *number*, as the host has it now; else as `take_in_run`."""
    taking = _Taking.of(inboxes, host, None)
    return taking.take(taking.comment(number), starts=starts)


def take_in_all(
    inboxes: Inboxes,
    host: CodeHost,
    occasion: Occasion | None = None,
    *,
    starts: bool = True,
) -> TakenIn:
    """Take in all runs that answer open requests, and reviews of *occasion*'s run.

    One that cannot be taken in keeps out no other, and is said to be broken.
    Else as `take_in_run`.
    """
    taking = _Taking.of(inboxes, host, occasion)
    return taking.take(taking.all(occasion), starts=starts, shows_open=True)


@dataclass
class _Taking:
    inboxes: Inboxes
    host: CodeHost
    recorder: LogRecorder
    facts: Facts
    attesting: Attesting

    @classmethod
    def of(
        cls, inboxes: Inboxes, host: CodeHost, occasion: Occasion | None
    ) -> "_Taking":
        recorder = open_recorder(inboxes.place)
        facts = Facts(host, Requests(inboxes))
        own = _find_own(occasion, recorder)
        return cls(inboxes, host, recorder, facts, Attesting(facts, own))

    def one(self, number: int) -> Iterator[Attested | Taken]:
        place = place_of_run(number)
        if self._is_known(place):
            yield self.attesting.recall(place)
            return
        run = self.host.run(number)
        if run is None:
            yield Taken(place, reason=f"there is no run {number}, or not any more")
        else:
            yield self.attesting.run(run)

    def comment(self, number: int) -> Iterator[Attested | Taken]:
        place = place_of_comment(number)
        if self._is_known(place):
            yield self.attesting.recall(place)
            return
        found = self.host.comment(number)
        if found is None:
            yield Taken(place, reason=f"there is no comment {number}, or not any more")
        else:
            yield self.attesting.comment(found)

    def all(self, occasion: Occasion | None) -> Iterator[Attested | Taken]:
        asked = [self.facts.asked(each.request) for each in self.facts.requests.open]
        if not asked:
            return
        since = min(each.found.request.created for each in asked)
        branch = self.attesting.workflows.branch
        paths = frozenset[str]().union(*(each.workflows() for each in asked))
        for path in sorted(paths):
            for run in self._runs(path, branch, since):
                place, make = place_of_run(run.number), self.attesting.run
                if not self._is_known(place):
                    yield attempt(place, run.url, partial(make, run))
        reviewed = any(rule.reviews for each in asked for rule in each.rules)
        if reviewed and occasion is not None and occasion.run is not None:
            own = self.host.run(occasion.run)
            for found in () if own is None else self.attesting.reviews(own):
                place = found.place if isinstance(found, Taken) else found.word.place
                if not self._is_known(place):
                    yield found

    def take(
        self,
        found: Iterator[Attested | Taken],
        *,
        starts: bool,
        shows_open: bool = False,
    ) -> TakenIn:
        """Record what was *found*, and say how the requests stand by then."""
        heard = list(found)
        attested = sorted(
            (each for each in heard if isinstance(each, Attested)),
            key=lambda each: (each.word.created, each.word.place),
        )
        recorded = take_in(self.recorder, self.inboxes.place.evidence, attested)
        refused = [each for each in heard if isinstance(each, Taken)]
        answers = (*recorded, *refused)
        requests = Requests(self.inboxes)  # of the log as it is by now
        meant = [*self._requests_of(answers, requests)]
        if shows_open:
            meant += (each.request for each in requests.open)
        new = {each.event.request for each in recorded if each.event is not None}
        stands, trouble = [], ""
        for request in dict.fromkeys(meant):
            stand = _look_at(requests, request)
            if starts and request in new and stand.verdict is Verdict.OPEN:
                try:
                    stand = self._start(stand)
                except ExternalError as error:
                    trouble = f"{error}; {error.hint}" if error.hint else str(error)
            stands.append(stand)
        return TakenIn(answers, tuple(stands), trouble)

    def _start(self, stand: Stands) -> Stands:
        branch = self.attesting.workflows.branch
        started = self.host.dispatch(ROLLOUT, branch=branch, inputs={})
        return replace(stand, started=started)

    def _runs(self, path: str, branch: str, since: datetime) -> Iterator[WorkflowRun]:
        return self.host.runs(
            path.removeprefix(WORKFLOWS),
            event="workflow_dispatch",
            branch=branch,
            since=since.replace(microsecond=0),  # the host's clock has whole seconds
        )

    def _is_known(self, place: str) -> bool:
        return place in self.facts.requests.state.attested

    @staticmethod
    def _requests_of(answers: Sequence[Taken], requests: Requests) -> Iterator[Digest]:
        """The requests of the log that *answers* are about."""
        for each in answers:
            known = requests.state.attested.get(each.place)
            if known is not None and known.request in requests.state.requests:
                yield known.request


def _find_own(occasion: Occasion | None, recorder: LogRecorder) -> Own | None:
    """The run that this is, where it may be an answer itself."""
    if occasion is None or occasion.run is None or occasion.attempt != 1:
        return None
    if occasion.event != "workflow_dispatch":
        return None
    reason = occasion.inputs.get("reason", "").strip()[:MAX_REASON]
    return Own(occasion.run, recorder.redactor.text(reason)[:MAX_REASON])


def _look_at(requests: Requests, request: Digest) -> Stands:
    entry = requests.state.requests[request]
    judging = Judging(requests, requests.load(entry))
    decision = judging.decision
    if decision is None:
        return Stands(request, entry.environment, None, tuple(judging.trouble))
    missing = decision.missing
    if not missing and decision.verdict is not Verdict.OPEN:
        missing = (decision.reason,)
    return Stands(request, entry.environment, decision.verdict, missing)
