"""Unit tests of `sluicegate.engine.entrance`, with every port in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from fakes import FakePorts

from sluicegate.engine.entrance import Admission, Entrance
from sluicegate.engine.request import Wanted
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    EntryEvent,
    EnvironmentEntered,
    ReleaseRequested,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.policy import ApprovalRule, OverrideRule, People
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    Change,
)
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import Lock, StableRelease

PEOPLE = People({"ann": frozenset({"ann@acme.org"}), "bob": frozenset({"user:1000"})})
LEADS = ApprovalRule(frozenset({"ann", "bob"}))
ASKS = Rules("sluicegate.yaml", PEOPLE, LEADS)
IMAGE = Artifact("v2", ArtifactKind.CONFIG, Digest.of(b"v2"))
WANTED = Wanted(
    environment="production",
    stage="canary",
    run_id="R",
    pipeline="churn_release_v1.0",
    definition=Digest.of(b"pipeline"),
    commit="a" * 40,
    release="v2",
    artifacts=(IMAGE,),
    evidence=(),
)


def rules(*layers: Rules) -> Policy:
    digest, pipeline = Digest.of(b"rules"), WANTED.definition
    return Policy("production", layers, digest, "main", "f" * 40, definition=pipeline)


@dataclass
class Gate:
    """An entry gate, what it has recorded and what it has said."""

    fakes: FakePorts = field(default_factory=FakePorts)
    wanted: Wanted = WANTED
    upstream: tuple[StageFinished, ...] = ()
    events: list[EntryEvent] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @classmethod
    def with_rules(cls, *layers: Rules) -> "Gate":
        gate = cls()
        gate.fakes.authority.rules = rules(*layers)
        return gate

    def entrance(self) -> Entrance:
        """As a process makes it that goes on with the run."""
        return Entrance(
            self.fakes.ports(),
            self.wanted,
            self.upstream,
            next(reversed(self.requests), None),
            self.entered,
            self.events.append,
            self.lines.append,
        )

    def ask(self) -> Admission:
        return self.entrance().ask()

    @property
    def entered(self) -> EnvironmentEntered | None:
        """How it opened, if no newer request has taken the place of that."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, EnvironmentEntered) else None

    def enter(self) -> None:
        """Go through, as a process does that dies before its rollout begins."""
        entrance = self.entrance()
        entrance.enter(entrance.ask())
        used = frozenset({each.request for each in self.requests})
        self.fakes.authority.said = replace(self.fakes.authority.said, used=used)

    @property
    def requests(self) -> list[ReleaseRequested]:
        return [e for e in self.events if isinstance(e, ReleaseRequested)]

    def say(
        self, answer: Answer = Answer.APPROVE, identity: str = "ann@acme.org"
    ) -> None:
        """Have somebody answer the newest request."""
        now = self.fakes.clock.now()
        said = self.fakes.authority.said
        approval = Approval(
            request=self.requests[-1].request,
            environment="production",
            answer=answer,
            identities=(identity,),
            key=f"SHA256:{identity}",
            reason="because",
            created=now,
            recorded=now,
            statement=Digest.of(f"{answer} {identity} {len(said.answers)}".encode()),
            index=said.size,
        )
        self.fakes.authority.said = replace(
            said, answers=(*said.answers, approval), size=said.size + 1
        )


def test_where_nothing_is_asked_for_nothing_is_recorded() -> None:
    gate = Gate()
    entrance = gate.entrance()

    admission = entrance.ask()
    entrance.enter(admission)

    assert admission.is_open
    assert gate.events == []


def test_what_needs_people_ends_pending_with_one_request_for_every_look() -> None:
    gate = Gate.with_rules(ASKS)

    verdicts = [gate.ask().decision.verdict for _ in range(3)]

    assert verdicts == [Verdict.PENDING] * 3
    assert len(gate.requests) == 1


def test_an_approval_opens_it_and_the_entry_names_what_it_used() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    entrance = gate.entrance()

    entrance.enter(entrance.ask())

    entered = gate.events[-1]
    assert isinstance(entered, EnvironmentEntered)
    assert entered.request == gate.requests[-1].request
    assert [each.person for each in entered.approvals] == ["ann"]
    assert not entered.override


def test_an_entry_is_judged_again_on_what_is_so_then() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    entrance = gate.entrance()
    first = entrance.ask()
    gate.say(Answer.REJECT, "ann@acme.org")

    assert first.is_open
    assert entrance.ask().decision.verdict is Verdict.CLOSED


def changed_artifact(gate: Gate) -> None:
    gate.wanted = replace(WANTED, artifacts=(replace(IMAGE, digest=Digest.of(b"v3")),))


def changed_pipeline(gate: Gate) -> None:
    another = Digest.of(b"another")
    gate.wanted = replace(WANTED, definition=another)
    said = gate.fakes.authority.said
    gate.fakes.authority.said = replace(said, definitions=frozenset({another}))


def changed_policy(gate: Gate) -> None:
    gate.fakes.authority.rules = replace(rules(ASKS), digest=Digest.of(b"another"))


def changed_live(gate: Gate) -> None:
    now = gate.fakes.clock.now()
    release = Release(Digest.of(b"v1"), "v1", "c" * 40)
    stable = StableRelease("production", release, "Q", now, 3)
    said = gate.fakes.authority.said
    gate.fakes.authority.said = replace(said, stable={"production": stable})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (changed_artifact, "the artifact"),
        (changed_pipeline, "the pipeline"),
        (changed_policy, "the policy"),
        (changed_live, "what is released there"),
    ],
)
def test_an_approval_counts_for_nothing_else_and_the_message_says_what_changed(
    change: Callable[[Gate], None], what: str
) -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    change(gate)

    admission = gate.ask()

    assert admission.decision.verdict is Verdict.PENDING
    assert len(gate.requests) == 2
    assert any(what in line for line in gate.lines)


def test_a_request_that_expired_is_made_anew() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    gate.fakes.clock.sleep(timedelta(days=3).total_seconds())

    admission = gate.ask()

    assert not admission.is_open
    assert len(gate.requests) == 2
    assert "expired" in gate.lines[-1]


def test_a_request_made_anew_is_still_asked_for_by_whoever_asked_first() -> None:
    gate = Gate.with_rules(ASKS)
    authority = gate.fakes.authority
    authority.requester, authority.pushed_by = ("github:ann",), ("github:ann",)
    gate.ask()
    authority.requester, authority.pushed_by = ("github:cron",), ("github:cron",)
    gate.fakes.clock.sleep(timedelta(days=3).total_seconds())

    gate.ask()

    made = authority.load(gate.requests[-1].request)
    assert len(gate.requests) == 2
    assert (made.requester, made.pusher) == (("github:ann",), ("github:ann",))


def test_whom_nobody_knew_when_it_was_asked_for_is_named_when_it_is_made_anew() -> None:
    gate = Gate.with_rules(ASKS)
    gate.fakes.authority.requester = ()
    gate.ask()
    gate.fakes.authority.requester = ("github:ann",)
    gate.fakes.clock.sleep(timedelta(days=3).total_seconds())

    gate.ask()

    made = gate.fakes.authority.load(gate.requests[-1].request)
    assert made.requester == ("github:ann",)


def test_an_approval_that_was_used_opens_nothing_again() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    used = frozenset({gate.requests[-1].request})
    gate.fakes.authority.said = replace(gate.fakes.authority.said, used=used)

    assert gate.ask().decision.verdict is Verdict.CLOSED


def test_a_condition_that_does_not_hold_asks_nobody() -> None:
    fields = {"scan.critical": "integer"}
    condition = compile_condition("scan.critical == 0", fields)
    gate = Gate.with_rules(replace(ASKS, conditions=(condition,)))

    admission = gate.ask()

    assert admission.decision.verdict is Verdict.CLOSED
    assert gate.events == []


def test_a_pipeline_that_the_protected_branch_never_had_is_not_believed() -> None:
    gate = Gate.with_rules(ASKS)
    another = Digest.of(b"scans for nothing")
    gate.wanted = replace(WANTED, definition=another)

    admission = gate.ask()
    gate.wanted = replace(gate.wanted, rollback=True)

    assert gate.ask().decision.verdict is Verdict.PENDING  # it came through one then
    assert admission.decision.verdict is Verdict.CLOSED
    assert "merge it first" in admission.decision.reason


def test_nothing_is_judged_by_what_another_service_has_released() -> None:
    gate = Gate.with_rules(ASKS)
    gate.fakes.authority.foreign = "fraud"

    with pytest.raises(PermanentError, match="fraud"):
        gate.ask()

    gate.fakes.authority.rules = rules()
    assert gate.ask().is_open  # nothing is asked, so nothing is compared


def test_a_lock_holds_up_even_what_nobody_needs_to_approve() -> None:
    gate = Gate()
    now = gate.fakes.clock.now()
    lock = Lock("L", "production", "migration", "user:1000", now, 3)
    gate.fakes.authority.said = replace(gate.fakes.authority.said, lock=lock)

    admission = gate.ask()

    assert admission.decision.verdict is Verdict.PENDING
    assert "migration" in admission.decision.reason


def test_what_waits_is_found_by_its_request_whoever_goes_on_with_it() -> None:
    gate = Gate()
    now = gate.fakes.clock.now()
    lock = Lock("L", "production", "migration", "user:1000", now, 3)
    gate.fakes.authority.said = replace(gate.fakes.authority.said, lock=lock)

    gate.ask()
    gate.ask()

    (asked,) = gate.events
    assert isinstance(asked, ReleaseRequested)


def test_an_entry_whose_rollout_never_began_is_gone_on_with_not_made_twice() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    gate.enter()
    recorded = list(gate.events)

    gate.enter()

    assert gate.ask().is_open
    assert gate.events == recorded


def test_an_entry_opens_nothing_that_was_locked_before_its_rollout_began() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    gate.enter()
    lock = Lock("L", "production", "stop", "user:1000", gate.fakes.clock.now(), 3)
    gate.fakes.authority.said = replace(gate.fakes.authority.said, lock=lock)

    assert gate.ask().decision.verdict is Verdict.PENDING


def test_an_entry_under_rules_that_have_changed_since_takes_a_new_request() -> None:
    gate = Gate.with_rules(ASKS)
    gate.ask()
    gate.say()
    gate.enter()
    changed_policy(gate)

    admission = gate.ask()

    assert admission.decision.verdict is Verdict.PENDING
    assert len(gate.requests) == 2


def test_who_releases_again_what_is_released_still_needs_another_person() -> None:
    gate = Gate.with_rules(ASKS)
    gate.fakes.authority.tip_by = ("ann@acme.org",)
    gate.ask()
    gate.say()

    assert gate.ask().decision.verdict is Verdict.PENDING
    gate.wanted = replace(WANTED, rollback=True)
    gate.events.clear()
    gate.ask()
    gate.say()
    assert gate.ask().is_open  # going back is nobody's change


def test_evidence_that_was_exchanged_is_no_verdict_but_tampering() -> None:
    gate = Gate.with_rules(ASKS)
    file = EvidenceFile("report.json", "application/json", 2, Digest.of(b"{}"))
    now = gate.fakes.clock.now()
    gate.upstream = (
        StageFinished(
            *("scan", 1, Outcome.OPEN, "", None, Evidence({}, (file,)), (), ()),
            *(ResourceUsage(0), now, now),
        ),
    )

    with pytest.raises(IntegrityError):
        gate.ask()


def test_a_broken_glass_opens_it_and_says_so_in_the_log() -> None:
    rule = OverrideRule(frozenset({"ann"}))
    gate = Gate.with_rules(replace(ASKS, override=rule))
    gate.fakes.break_glass = lambda _id, _request: gate.say(Answer.OVERRIDE)
    entrance = gate.entrance()

    entrance.enter(entrance.ask())

    entered = gate.events[-1]
    assert isinstance(entered, EnvironmentEntered)
    assert entered.override
    assert any(each.verdict is not Verdict.OPEN for each in entered.conditions)


def test_the_author_of_a_change_does_not_open_it_alone() -> None:
    gate = Gate.with_rules(ASKS)
    gate.fakes.authority.made_by = (Change("b" * 40, ("ann@acme.org",)),)
    gate.ask()
    gate.say()

    assert gate.ask().decision.verdict is Verdict.PENDING


def test_whom_the_rules_do_not_know_is_told_what_to_list() -> None:
    gate = Gate.with_rules(ASKS)
    gate.fakes.authority.requester = ("user:1001", "zoe@laptop.example")

    admission = gate.ask()

    assert admission.decision.verdict is Verdict.PENDING
    (line,) = gate.lines
    assert line == (
        "nobody knows who asked for this release: add to sluicegate.yaml,"
        " under people: zoe: [zoe@laptop.example] (or under services, if it is"
        " nobody's)"
    )


def test_whom_the_rules_know_is_told_nothing() -> None:
    gate = Gate.with_rules(ASKS)

    gate.ask()

    assert gate.lines == []


def test_whoever_has_no_name_at_all_is_told_to_take_one() -> None:
    gate = Gate.with_rules(ASKS)
    gate.fakes.authority.requester = ()

    gate.ask()

    (line,) = gate.lines
    assert "set `git config user.email`" in line
