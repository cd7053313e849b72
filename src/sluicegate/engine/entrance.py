"""The entry gate of an environment: ask for a release, and judge whether it may begin.

Nothing waits here. A release that may not begin yet leaves a request in the log, and
the run ends pending; whoever resumes it has everything judged again, on what is so
then. A request whose artifact, evidence, pipeline, rules or starting point is not what
it was is worth nothing any more: a new one is made, and people answer that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sluicegate.engine.authority import Standing
from sluicegate.engine.judging import Attempt, unjudged
from sluicegate.engine.request import Wanted, differences, evidence_of
from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError, UsageError
from sluicegate.gates.entry import EntryDecision, EntryFacts, judge_entry
from sluicegate.gates.facts import values_of
from sluicegate.gates.known import introduce
from sluicegate.gates.rules import Policy
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    EntryEvent,
    EnvironmentEntered,
    GateRecord,
    ReleaseRequested,
    StageFinished,
)
from sluicegate.model.evidence import Value
from sluicegate.model.release_request import Change, ReleaseRequest

NEVER_ASKED = timedelta(days=3)
"""How long a request is good for where no rule says so: it can only be overridden."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What the entry gate says, and what it was judged on."""

    environment: str
    policy: Policy
    decision: EntryDecision
    size: int
    request: Digest | None = None

    @property
    def is_open(self) -> bool:
        """Whether the release may begin."""
        return self.decision.verdict is Verdict.OPEN

    def entered(self, stage: str) -> EnvironmentEntered | None:
        """The event that uses it, by *stage*; None where there was nothing to ask."""
        if not self.policy.asks_for_something:
            return None
        return EnvironmentEntered(
            stage=stage,
            environment=self.environment,
            policy=self.policy.digest,
            branch=self.policy.branch,
            commit=self.policy.commit,
            conditions=self.decision.conditions,
            approvals=self.decision.counted,
            override=self.decision.override,
            size=self.size,
            request=self.request,
        )


class Entrance:
    """The entry gate that one attempt at a stage has to pass.

    *wanted* is what is to be released, *upstream* how the stages before it ended,
    *requested* the newest request that the stage has made, if any; *entered* is how the
    gate opened for a rollout that never began: that opens nothing by itself, for since
    then somebody may have locked the environment. *emit* has committed an event to the
    log when it returns; *say* takes lines for people.
    """

    def __init__(
        self,
        ports: Ports,
        wanted: Wanted,
        upstream: Sequence[StageFinished],
        requested: ReleaseRequested | None,
        entered: EnvironmentEntered | None,
        emit: Callable[[EntryEvent], None],
        say: Callable[[str], None],
    ) -> None:
        self._ports, self._authority = ports, ports.authority
        self._wanted, self._upstream = wanted, upstream
        self._requested, self._entered = requested, entered
        self._emit, self._say = emit, say

    def ask(self) -> Admission:
        """Judge, on what is so now, whether the release may begin.

        Raises:
            PermanentError: the rules cannot be told, or not all that they ask for.
            IntegrityError: the log or a file of evidence is not what it was.
        """
        policy = self._policy()
        if policy.asks_for_something:
            self._authority.check_own(self._wanted.environment)
        self._check_evidence()
        standing = self._standing()
        request = self._known(policy, standing)
        is_made = request is not None
        request = request or self._draft(policy, standing)
        decision = self._judge(policy, standing, request)
        if not is_made and not self._must_be_made(policy, decision):
            return self._admission(policy, decision, standing)
        if not is_made:
            self._make(request)
        request_id = self._authority.identify(request)
        break_glass = self._ports.break_glass
        if decision.verdict is not Verdict.OPEN and break_glass is not None:
            break_glass(request_id, request)
            standing = self._standing()
            decision = self._judge(policy, standing, request)
        return self._admission(policy, decision, standing, request_id, request)

    def enter(self, admission: Admission) -> None:
        """Use an open *admission*: its approvals count for nothing else from now on."""
        event = admission.entered(self._wanted.stage)
        mine = self._entered
        if event is None or (mine is not None and mine.request == event.request):
            return  # what was used is used
        self._emit(event)

    def _standing(self) -> Standing:
        entered = None if self._entered is None else self._entered.request
        return self._authority.standing(self._wanted.environment, entered)

    def _must_be_made(self, policy: Policy, decision: EntryDecision) -> bool:
        """Whether anybody has to answer it, or goes on with it later or elsewhere.

        What waits for a window, a lock or its turn is found by its request, too. Nor
        can the glass be broken without one.
        """
        if decision.verdict is Verdict.PENDING:
            return True
        is_left = self._ports.elsewhere(self._wanted.environment) is not None
        if decision.verdict is not Verdict.CLOSED and (policy.needs_people or is_left):
            return True
        is_open = decision.verdict is Verdict.OPEN
        return not is_open and self._ports.break_glass is not None

    def _admission(
        self,
        policy: Policy,
        decision: EntryDecision,
        standing: Standing,
        request: Digest | None = None,
        asked: ReleaseRequest | None = None,
    ) -> Admission:
        if asked is not None and decision.verdict is not Verdict.OPEN:
            for line in introduce(policy, asked):
                self._say(line)  # the log keeps no address of mail
        for line in decision.ignored:
            self._say(line)
        place = self._wanted.environment
        return Admission(place, policy, decision, standing.size, request)

    def _values(self, policy: Policy, standing: Standing) -> Mapping[str, Value]:
        """What conditions read; the stable release's run is read only for one."""
        place = self._wanted.environment
        found = self._ports.stable.of(place) if policy.compares else None
        return values_of(
            evidence_of(self._upstream),
            environment=place,
            now=self._ports.clock.now(),
            stable=standing.stable.get(place),
            stable_evidence={} if found is None else found.fields,
            rollback=self._wanted.rollback,
        )

    def _policy(self) -> Policy:
        try:
            return self._authority.policy(self._wanted.environment)
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error

    def _check_evidence(self) -> None:
        """See to it that what people look at is what the stages found.

        Raises:
            IntegrityError: a file of evidence is gone, or another one.
        """
        for finished in self._upstream:
            for file in finished.evidence.files:
                self._ports.evidence.load(file.digest)

    def _known(self, policy: Policy, standing: Standing) -> ReleaseRequest | None:
        """The stage's request, if it still asks for this; else say what changed."""
        if self._requested is None:
            return None
        request = self._authority.load(self._requested.request)
        live = standing.stable.get(self._wanted.environment)
        changed = differences(request, self._wanted, policy, live)
        short = self._requested.request.hex[:12]
        if changed:
            self._say(
                f"{' and '.join(changed)} changed since request {short} was made:"
                " its answers do not count any more"
            )
            return None
        if request.expires <= self._ports.clock.now():
            self._say(f"request {short} has expired: its answers do not count any more")
            return None
        return request

    def _draft(self, policy: Policy, standing: Standing) -> ReleaseRequest:
        """A new request, which asks for what is so now.

        One that takes the place of another is asked for by whoever asked for that one,
        not by who, or what schedule, has found that it must be made anew.
        """
        now, commit = self._ports.clock.now(), self._wanted.commit
        live = standing.stable.get(self._wanted.environment)
        asks = policy.asks_for_something
        asker = self._authority.asker()
        pusher = self._authority.pusher(commit) if asks else ()
        if self._requested is not None:
            before = self._authority.load(self._requested.request)
            asker = replace(asker, requester=before.requester or asker.requester)
            pusher = before.pusher or pusher
        since = policy.baseline if live is None else live.release.commit
        return self._wanted.request(
            asker,
            policy,
            live,
            changes=self._changes(since, commit) if asks else (),
            pusher=pusher,
            created=now,
            expires=now + _lasts(policy),
            nonce=self._authority.new_nonce(),
        )

    def _changes(self, since: str | None, commit: str) -> Sequence[Change]:
        """Who made what is new; of what is not new, who made the commit itself.

        Going back is nobody's change.
        """
        is_change = not self._wanted.rollback
        return self._authority.changes(since, commit, or_tip=is_change)

    def _make(self, request: ReleaseRequest) -> None:
        """Record *request*; what it says is kept before anybody can ask for it."""
        self._requested = ReleaseRequested(
            stage=self._wanted.stage,
            environment=request.environment,
            request=self._authority.keep(request),
            policy=request.policy,
            created=request.created,
            expires=request.expires,
        )
        self._emit(self._requested)
        self._entered = None

    def _judge(
        self, policy: Policy, standing: Standing, request: ReleaseRequest
    ) -> EntryDecision:
        request_id = self._authority.identify(request)
        facts = EntryFacts(
            now=self._ports.clock.now(),
            request_id=request_id,
            request=request,
            answers=standing.answers,
            values=self._values(policy, standing),
            lock=standing.lock,
            stable=standing.stable,
            used=request_id in standing.used,
            definitions=standing.definitions,
        )
        return judge_entry(policy, facts)


def refused(attempt: Attempt, admission: Admission) -> StageFinished:
    """End *attempt* at the entry gate: pending, or closed."""
    decision = admission.decision
    record = GateRecord(admission.policy.digest, decision.verdict, decision.conditions)
    place, request = admission.environment, admission.request
    reason = f"entry to {place}: {decision.reason}"
    if request is not None and decision.verdict is Verdict.PENDING:
        short = request.hex[:12]
        reason = f"{reason} (request {short}: `sluice approve {short}`)"
    return unjudged(attempt, record, reason)


def _lasts(policy: Policy) -> timedelta:
    """How long a request is good for: as long as the strictest layer says."""
    return min(
        (each.approvals.request_lasts for each in policy.layers if each.approvals),
        default=NEVER_ASKED,
    )
