"""Judging a release request as its recorder would now, without the log's key.

What is judged here decides nothing: the recorder judges again. It tells somebody who
has to answer how things stand, and whether their yes would count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sluicegate.audit.history import read_run
from sluicegate.audit.stable import read_stable
from sluicegate.engine.machine import fold
from sluicegate.engine.request import digest_evidence, evidence_of
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.gates.approvals import Hearing, judge_approvals, judge_override
from sluicegate.gates.entry import EntryDecision, EntryFacts, judge_entry
from sluicegate.gates.facts import values_of
from sluicegate.gates.human import Humans
from sluicegate.gates.rules import Policy
from sluicegate.model.digest import Digest
from sluicegate.model.event import CanaryJudged, RunStarted, StageFinished
from sluicegate.model.evidence import Value
from sluicegate.model.release_request import Answer, Approval
from sluicegate.model.run import Run
from sluicegate.wiring.answers import Answers
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.requests import Found, Requests

_UNSIGNED = Digest.of(b"an answer that nobody has given yet")
_LAST = 1 << 62  # the index of an entry that comes after all others


@dataclass(frozen=True, slots=True)
class Signer:
    """Who looks, and would answer with the key *fingerprint*, with what *reason*.

    ``names`` are those that ``allowed_signers`` has for the key.
    """

    names: tuple[str, ...]
    fingerprint: str
    reason: str = ""


@dataclass(frozen=True)
class Judging:
    """Judges the request *found*. ``trouble`` is why something could not be told."""

    requests: Requests
    found: Found
    trouble: list[str] = field(default_factory=list, init=False)
    _canaries: dict[str, tuple[CanaryJudged, ...]] = field(
        default_factory=dict, init=False, repr=False
    )

    @property
    def source(self) -> PolicySource:
        """Where the rules are read."""
        machine = self.requests.place.machine
        return PolicySource(Project(machine, self.requests.inboxes.file))

    @cached_property
    def policy(self) -> Policy | None:
        """The rules as they are now; None where they cannot be told."""
        inboxes = self.requests.inboxes
        if inboxes.repository is None:
            self.trouble.append("no clone of the repository is here")
            return None
        try:
            return self.source.policy(self.found.request.environment)
        except (UsageError, ExternalError) as error:
            self.trouble.append(str(error))
            return None

    @cached_property
    def answers(self) -> tuple[Approval, ...] | None:
        """What people have said about the environment; None where that is not known.

        Raises:
            IntegrityError: an answer in the log is not what was signed.
        """
        log = self.requests.log
        if log is None:
            self.trouble.append("no log is here")
            return None
        reader = Answers(self.requests.inboxes, log)
        environment = self.found.request.environment
        try:
            return tuple(
                reader.read(self.requests.state, environment, self.requests.now)
            )
        except (UsageError, ExternalError) as error:
            self.trouble.append(str(error))
            return None

    @cached_property
    def decision(self) -> EntryDecision | None:
        """How the entry gate judges now; None where that cannot be told."""
        return self.judge_with(None)

    def judge_with(self, signer: Signer | None) -> EntryDecision | None:
        """How the entry gate would judge with the yes of *signer* added."""
        if self.policy is None or self.answers is None:
            return None
        request, state = self.found.request, self.requests.state
        entry = self.found.entry
        more = () if signer is None else (self._yes_of(signer),)
        return judge_entry(
            self.policy,
            EntryFacts(
                now=self.requests.now,
                request_id=self.found.id,
                request=request,
                answers=(*self.answers, *more),
                values=self._values(self.policy),
                lock=state.locks.get(request.environment),
                stable=state.stable,
                used=entry is not None and entry.entered is not None,
                definitions=self._definitions,
            ),
        )

    @cached_property
    def _definitions(self) -> frozenset[Digest]:
        """The pipeline that is asked for, if the protected branch has or has had it."""
        asked = self.found.request.definition
        try:
            return frozenset({asked} if self.source.has_had(asked) else ())
        except (UsageError, ExternalError) as error:
            self.trouble.append(str(error))
            return frozenset()

    @cached_property
    def ignored(self) -> Mapping[Digest, str]:
        """Why answers to the request do not count, by what was signed."""
        if self.policy is None:
            return {}
        found: dict[Digest, str] = {}
        hearing = self._hearing(self.answers or ())
        for layer in self.policy.layers:
            if layer.approvals is not None:
                tally = judge_approvals(layer.approvals, layer.people, hearing)
                found |= tally.ignored
            if layer.override is not None:
                tally = judge_override(layer.override, layer.people, hearing)
                found |= tally.ignored
        return found

    def _hearing(self, answers: tuple[Approval, ...]) -> Hearing:
        layers = () if self.policy is None else self.policy.layers
        return Hearing(
            self.requests.now,
            self.found.id,
            self.found.request,
            answers,
            Humans.known_to(layer.people for layer in layers),
        )

    def objections(self, signer: Signer) -> Iterator[str]:
        """Why the yes of *signer* would not count, a line for every layer of rules."""
        if self.policy is None:
            return
        who = self.name(signer.names) or signer.fingerprint
        if not signer.names:
            yield f"{who} is the key of nobody here"
            return
        hearing = self._hearing((self._yes_of(signer),))
        for layer in self.policy.layers:
            if layer.approvals is not None:
                tally = judge_approvals(layer.approvals, layer.people, hearing)
                if why := tally.ignored.get(_UNSIGNED):
                    yield f"{who}: {why} ({layer.source})"

    def name(self, identities: Sequence[str]) -> str:
        """What the rules call them, else their own names."""
        layers = () if self.policy is None else self.policy.layers
        named = [sorted(layer.people.named(identities)) for layer in layers]
        return ", ".join(next(filter(None, named), identities))

    @cached_property
    def run(self) -> tuple[RunStarted | None, tuple[StageFinished, ...]]:
        """How the run began, and how the stages ended that the request names.

        Those of a rollback are of the run that it goes back to.

        Raises:
            IntegrityError: one of them found something else than the request says.
        """
        request = self.found.request
        run = source = self._fold(request.run_id)
        if run is None:
            return None, ()
        if run.started.rollback is not None:
            source = self._fold(run.started.rollback)
        named = {each.stage: each.digest for each in request.evidence}
        stages = tuple(
            stage.finished
            for stage in (() if source is None else source.stages)
            if stage.name in named and stage.finished is not None
        )
        for end in stages:
            if digest_evidence(end.evidence) != named[end.stage]:
                raise IntegrityError(
                    f"what {end.stage} found for run {request.run_id} is not what"
                    f" request {self.found.id.short} says",
                    hint="approve nothing; `sluice audit verify` looks for damage",
                )
        return run.started, stages

    @property
    def canaries(self) -> tuple[CanaryJudged, ...]:
        """How canaries were judged in the run whose stages `run` names, in order.

        Raises:
            IntegrityError: as for `run`.
        """
        started, _ = self.run
        rollback = None if started is None else started.rollback
        return self._canaries.get(rollback or self.found.request.run_id, ())

    def _fold(self, run_id: str) -> Run | None:
        """The run, None where it is not known here."""
        log = self.requests.log
        if log is None:
            return None
        events = read_run(log, self.requests.place.journal(run_id), run_id).events
        self._canaries[run_id] = tuple(
            each for each in events if isinstance(each, CanaryJudged)
        )
        return fold(run_id, events) if events else None

    def _values(self, policy: Policy) -> dict[str, Value]:
        request, log = self.found.request, self.requests.log
        stable = self.requests.state.stable.get(request.environment)
        found = None
        if log is not None and policy.compares:
            found = read_stable(log, request.environment)
        return values_of(
            evidence_of(self.run[1]),
            environment=request.environment,
            now=self.requests.now,
            stable=stable,
            stable_evidence={} if found is None else found.fields,
            rollback=request.rollback,
        )

    def _yes_of(self, signer: Signer) -> Approval:
        now = self.requests.now
        return Approval(
            request=self.found.id,
            environment=self.found.request.environment,
            answer=Answer.APPROVE,
            identities=signer.names,
            key=signer.fingerprint,
            reason=signer.reason,
            created=now,
            recorded=now,
            statement=_UNSIGNED,
            index=_LAST,
        )
