"""Unit tests of `sluicegate.audit.attested`: what a log says, and what attests it."""

import json
from dataclasses import dataclass, replace

import pytest
from fakes import FakeEvidence
from fakes_code_host import BOB, FACTS
from hosted_runs import APPROVE, EVE, said_run
from log_world import START, World, fold, started
from release_requests import REQUEST

from sluicegate.audit.attested.entries import AttestedRules
from sluicegate.audit.attested.form import format_attestation
from sluicegate.audit.attested.judging import Expected, judge
from sluicegate.audit.attested.reading import AttestedReader, Workflows
from sluicegate.audit.attested.taking import Attested, Taken, take_in
from sluicegate.audit.attested.words import Word
from sluicegate.audit.envelope import Actor
from sluicegate.audit.record import decode_entry
from sluicegate.audit.request_form import format_request
from sluicegate.audit.snapshot import read_state, write_snapshot
from sluicegate.errors import IntegrityError
from sluicegate.model.attestation import Attestation
from sluicegate.model.code_host import Account
from sluicegate.model.digest import Digest
from sluicegate.model.event import ReleaseRequested
from sluicegate.model.log_event import AnswerAttested, LogEvent
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer, Approval

WORKFLOW = Digest.of(b"on: workflow_dispatch")


@dataclass
class Hosted:
    """A log with a request that people answer on a code host."""

    world: World
    evidence: FakeEvidence
    request: Digest

    @classmethod
    def begin(cls) -> "Hosted":
        world, evidence = World.begin(), FakeEvidence()
        asked = replace(
            REQUEST,
            log=world.log.head().origin,
            repository="https://github.com/acme/app",
            created=START,
            expires=START.replace(year=2030),
        )
        request = evidence.keep(format_request(asked))
        world.append(
            "R",
            started(),
            ReleaseRequested(
                *("canary", "production", request, asked.policy),
                asked.created,
                asked.expires,
            ),
        )
        return cls(world, evidence, request)

    def attest(
        self, by: Account = BOB, number: int = 31, decision: str = "approve"
    ) -> Attested:
        title = f"sluice {decision} {self.request.hex}"
        at = self.world.clock.now()
        kept = Attestation(
            log=self.world.log.head().origin,
            way=Way.DISPATCH,
            request=self.request,
            environment="production",
            repository=FACTS.name,
            number=FACTS.number,
            url=FACTS.url,
            observed=at,
            said=json.dumps(said_run(number, title, by, at)),
            role="write",
            branch="main",
            is_in_branch=True,
            workflow=WORKFLOW,
        )
        word = judge(kept, self.expected)
        assert isinstance(word, Word), word
        return Attested(kept, word)

    @property
    def expected(self) -> Expected:
        from sluicegate.audit.request_form import parse_request  # noqa: PLC0415

        request = parse_request(self.evidence.load(self.request))
        return Expected(request.log, request, "main", {APPROVE: WORKFLOW}.get)

    def take(self, *answers: Attested) -> list[Taken]:
        return take_in(self.world.recorder, self.evidence, answers)

    def read(self) -> list[Approval]:
        now = Workflows("main", "f" * 40, {APPROVE: WORKFLOW}.get)
        reader = AttestedReader(self.world.log, self.evidence, lambda: now)
        return list(reader.read(read_state(self.world.log), "production"))

    def check(self, *, evidence: bool = True) -> list[str]:
        """What is wrong with the log."""
        head = self.world.log.head()
        rules = AttestedRules(head.origin, self.evidence if evidence else None)
        return [
            problem
            for _, data in self.world.log.entries(0, head.size)
            for problem in rules.check(decode_entry(data))
        ]

    def write(self, event: LogEvent, number: int = 102) -> None:
        """What whoever holds the log's key may write."""
        actor = Actor("user", str(number), FACTS.url, number)
        self.world.recorder.record(event, actor=actor)


@pytest.fixture
def hosted() -> Hosted:
    return Hosted.begin()


def test_an_answer_that_is_too_long_keeps_out_no_other(hosted: Hosted) -> None:
    long = hosted.attest(number=31)
    whole = json.dumps({**json.loads(long.kept.said), "padding": "x" * (1 << 20)})
    long = replace(long, kept=replace(long.kept, said=whole))

    broken, taken = hosted.take(long, hosted.attest(EVE, 32, "reject"))

    assert (broken.event, broken.is_broken) == (None, True)
    assert broken.reason.startswith("it cannot be taken in: what the code host says")
    assert taken.event is not None
    assert [each.answer for each in hosted.read()] == [Answer.REJECT]
    assert hosted.check() == []


def test_an_answer_that_was_taken_in_is_read_as_it_was_given(hosted: Hosted) -> None:
    (taken,) = hosted.take(hosted.attest())

    assert taken.event is not None
    (read,) = hosted.read()
    assert read.identities == ("github:bob",)
    assert read.key == "account:102"
    assert read.statement == taken.event.attestation
    assert (read.way, read.workflow) == (Way.DISPATCH, "approve.yml")
    assert read.flaw == ""
    assert hosted.check() == []
    assert hosted.check(evidence=False) == []


def test_two_recorders_at_once_record_an_answer_once(hosted: Hosted) -> None:
    answer = hosted.attest()

    first, second = hosted.take(answer), hosted.take(answer)
    both = hosted.take(hosted.attest(EVE, 32), hosted.attest(EVE, 32))

    assert [each.event is not None for each in (*first, *second)] == [True, False]
    assert [each.event is not None for each in both] == [True, False]
    assert len(hosted.read()) == 2


def test_an_answer_to_no_request_of_the_log_is_not_recorded(hosted: Hosted) -> None:
    answer = hosted.attest()
    other = replace(answer.word, request=Digest.of(b"other"))

    (taken,) = hosted.take(Attested(answer.kept, other))

    assert taken.event is None
    assert taken.reason.startswith("no release request ")


def test_a_snapshot_keeps_the_answers(hosted: Hosted) -> None:
    hosted.take(hosted.attest(), hosted.attest(EVE, 32, "reject"))
    write_snapshot(hosted.world.recorder, always=True)

    state = read_state(hosted.world.log)
    assert state.snapshot > 0
    assert state == fold(hosted.world.log)
    assert [each.place for each in state.attested.values()] == ["run/31", "run/32"]
    heard = [(each.key, each.answer) for each in state.heard.values()]
    assert heard == [("account:102", Answer.APPROVE), ("account:103", Answer.REJECT)]


def event_of(answer: Attested, kept: Digest) -> AnswerAttested:
    return AnswerAttested(
        *(answer.word.request, "production", answer.word.answer, ""),
        *(Way.DISPATCH, answer.word.place, kept),
    )


def test_an_entry_that_says_more_than_its_evidence_is_noticed(hosted: Hosted) -> None:
    answer = hosted.attest(decision="reject")
    event = event_of(answer, hosted.evidence.keep(format_attestation(answer.kept)))
    hosted.write(replace(event, answer=Answer.APPROVE))

    assert hosted.check() == [
        "what attests it: its entry says otherwise than the code host said"
    ]
    with pytest.raises(IntegrityError, match="says otherwise"):
        hosted.read()


@pytest.mark.parametrize(
    "changes",
    [
        {"place": "run/32"},
        {"environment": "staging"},
        {"reason": "it is fine"},
        {"way": Way.COMMENT},
        {"answer": Answer.REJECT},
    ],
)
def test_nothing_in_an_entry_can_differ(
    hosted: Hosted, changes: dict[str, object]
) -> None:
    answer = hosted.attest()
    event = event_of(answer, hosted.evidence.keep(format_attestation(answer.kept)))
    hosted.write(replace(event, **changes))  # type: ignore[arg-type] # by the table

    assert len(hosted.check()) == 1


def test_an_entry_in_somebody_elses_name_is_noticed(hosted: Hosted) -> None:
    answer = hosted.attest()
    event = event_of(answer, hosted.evidence.keep(format_attestation(answer.kept)))
    hosted.write(event, number=103)

    assert hosted.check() == ["what attests it: its actor is user 103, not 102"]


def test_evidence_that_attests_nothing_is_noticed(hosted: Hosted) -> None:
    answer = hosted.attest()
    bot = json.loads(answer.kept.said)
    bot["triggering_actor"] = bot["actor"] = {
        "login": "ci[bot]",
        "id": 102,
        "type": "Bot",
    }
    kept = replace(answer.kept, said=json.dumps(bot))
    hosted.write(event_of(answer, hosted.evidence.keep(format_attestation(kept))))

    assert hosted.check() == [
        "what attests it: ci[bot] is a bot or an app, and no person"
    ]
    (read,) = hosted.read()
    assert read.flaw == "ci[bot] is a bot or an app, and no person"
    assert read.identities == ()


def test_evidence_that_is_gone_is_noticed(hosted: Hosted) -> None:
    hosted.write(event_of(hosted.attest(), Digest.of(b"nothing")))

    (problem,) = hosted.check()
    assert problem.startswith("what attests it: ")
    with pytest.raises(IntegrityError):
        hosted.read()


def test_one_place_that_answers_twice_is_noticed_and_counts_once(
    hosted: Hosted,
) -> None:
    answer = hosted.attest()
    hosted.take(answer)
    event = event_of(answer, hosted.evidence.keep(format_attestation(answer.kept)))
    hosted.write(event)

    assert hosted.check() == ["run/31 answers a second time"]
    assert len(hosted.read()) == 1
