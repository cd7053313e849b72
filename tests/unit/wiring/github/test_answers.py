"""Unit tests of `sluicegate.wiring.github.answers`: whose run is an answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes_code_host import ANN, BOB, BOT, FACTS, FakeCodeHost
from hosted_place import MINUTE, WORKFLOW, HostedPlace
from hosted_runs import (
    APPROVE,
    EVE,
    comment_of,
    review_of,
    said_comment,
    said_review,
    write_account,
)
from typing_extensions import override

from sluicegate.errors import IntegrityError, PermanentError, TransientError
from sluicegate.model.code_host import Account, CommitAccounts
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Change
from sluicegate.wiring.github.answers import take_in_run
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.request_judging import Judging

ANYWHERE = "by: [signature, dispatch, comment], environment_reviews: required"
STRANGER = Account("zoe", 104, is_person=True)


@dataclass
class Asked:
    """A place, and the request that waits there."""

    place: HostedPlace
    request: Digest


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    place = HostedPlace.make(tmp_path_factory.mktemp("hosted"))
    return Asked(place, place.ask())


@pytest.fixture(scope="module")
def unmoved(template: Asked, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """For answers that are refused, and so leave the log as it is."""
    place = template.place.copy(tmp_path_factory.mktemp("unmoved"))
    return Asked(place, template.request)


@pytest.fixture
def asked(template: Asked, tmp_path: Path) -> Asked:
    return Asked(template.place.copy(tmp_path), template.request)


def own(number: int, **changes: Any) -> Occasion:  # noqa: ANN401 - fields of it
    return Occasion(
        **{
            "event": "workflow_dispatch",
            "repository": FACTS.name,
            "run": number,
            "inputs": {"reason": "looked at it"},
            **changes,
        }
    )


def judge(asked: Asked) -> Judging:
    requests = asked.place.requests
    return Judging(requests, requests.load(requests.state.requests[asked.request]))


def why_ignored(asked: Asked) -> list[str]:
    """Why answers do not count, as the gate says it."""
    return list(judge(asked).ignored.values())


def test_a_run_that_somebody_started_opens_what_waits(asked: Asked) -> None:
    asked.place.dispatch(asked.request)

    taken = asked.place.take()

    (answer,) = taken.answers
    assert answer.event is not None
    assert answer.reason == ""
    (stands,) = taken.requests
    assert stands.verdict is Verdict.OPEN
    assert asked.place.host.dispatches == [("rollout.yml", "main", {})]
    decision = judge(asked).decision
    assert decision is not None
    assert [(each.person, each.key) for each in decision.counted] == [
        ("bob", "account:102")
    ]


def test_the_entry_names_numbers_and_the_evidence_what_is_judged(asked: Asked) -> None:
    asked.place.dispatch(
        asked.request,
        head_commit={"author": {"email": "ann@home.example"}, "message": "Retrain"},
        head_repository={"description": "what we sell"},
    )
    asked.place.take()

    (entry,) = asked.place.entries("answer.attested")
    assert entry["place"] == "run/31"
    assert entry["actor"]["id"] == "102"
    assert "bob" not in str(entry)
    evidence = asked.place.inboxes.place.evidence
    kept = evidence.load(Digest.parse(entry["attestation"]))
    said = json.loads(json.loads(kept)["said"])
    assert said["actor"] == {"id": 102, "login": "bob", "type": "User"}
    assert said["repository"] == {"id": FACTS.number}
    for untold in (b"home.example", b"Retrain", b"what we sell"):
        assert untold not in kept


def test_the_log_verifies_with_such_an_answer(asked: Asked) -> None:
    asked.place.dispatch(asked.request)
    asked.place.take()

    log = asked.place.inboxes.place
    report = log.verify(log.evidence)

    assert report.ok, report.problems
    assert report.evidence_files == 2


def test_the_run_that_takes_itself_in_goes_on_still(asked: Asked) -> None:
    asked.place.dispatch(asked.request, status="in_progress", conclusion=None)

    (answer,) = asked.place.take(31, own(31)).answers

    assert answer.event is not None
    assert answer.event.reason == "looked at it"


def test_the_reason_is_only_that_of_the_run_itself(asked: Asked) -> None:
    asked.place.dispatch(asked.request)

    (answer,) = asked.place.take(31, own(99)).answers

    assert answer.event is not None
    assert answer.event.reason == ""


def test_what_is_no_answer_is_refused_with_its_reason(unmoved: Asked) -> None:
    place, asked = unmoved.place, unmoved.request
    place.dispatch(asked, number=101, head_branch="evil")
    place.dispatch(asked, number=102, run_attempt=2)
    place.dispatch(asked, number=103, path=".github/workflows/ci.yml")
    place.dispatch(asked, number=104, display_title=f"sluice approve {asked.hex:.63}")

    assert place.refuse(101) == "it ran on evil, not on main"
    assert place.refuse(102).startswith("it was run again (attempt 2)")
    assert place.refuse(103) == (
        "it is a run of .github/workflows/ci.yml, not of .github/workflows/approve.yml"
    )
    assert place.refuse(104).startswith("its title is not `sluice approve`")


def test_a_run_that_is_gone_is_no_answer(unmoved: Asked) -> None:
    assert unmoved.place.refuse(4242) == "there is no run 4242, or not any more"


def test_a_login_that_another_account_has_by_now_may_not_answer(
    unmoved: Asked,
) -> None:
    unmoved.place.dispatch(unmoved.request, BOB, number=203)
    unmoved.place.host.numbers["bob"] = 777
    try:
        assert unmoved.place.refuse(203).startswith("bob had the role none in acme/app")
    finally:
        unmoved.place.host.numbers.clear()


def test_who_may_not_write_may_not_answer(unmoved: Asked) -> None:
    unmoved.place.dispatch(unmoved.request, STRANGER, number=202)
    unmoved.place.host.roles["zoe"] = "triage"

    assert unmoved.place.refuse(202) == (
        "zoe had the role triage in acme/app; it takes write, maintain or admin"
    )


def test_the_workflow_must_be_the_one_of_the_protected_branch(unmoved: Asked) -> None:
    place, host = unmoved.place, unmoved.place.host
    host.workflow_runs.clear()
    other, gone, apart = "b" * 40, "d" * 40, "e" * 40
    tip = host.tips["main"]
    host.parents[tip] = (*host.parents[tip], other, gone)
    host.files[APPROVE, other] = b"on: workflow_dispatch # and more"
    host.files[APPROVE, apart] = WORKFLOW.encode()
    host.parents[apart] = ()
    for number, commit in enumerate((other, gone, apart), 300):
        place.dispatch(unmoved.request, number=number, head_sha=commit)

    assert place.refuse(300) == (
        f"{APPROVE} at its commit bbbbbbb is not what main has now: fetch, or start a"
        " new one"
    )
    assert place.refuse(301) == f"{APPROVE} was not there at its commit ddddddd"
    assert (
        place.refuse(302)
        == "its commit eeeeeee is not in the history of main, as fetched last"
    )


def test_a_request_that_nobody_made_cannot_be_answered(unmoved: Asked) -> None:
    other = Digest.of(b"another request")
    unmoved.place.dispatch(other, number=313)

    reason = f"no release request {other.hex} is in this log"
    assert unmoved.place.refuse(313) == reason


def test_a_request_of_another_repository_is_not_answered_here(asked: Asked) -> None:
    elsewhere = asked.place.ask(repository="https://github.com/acme/other.git")
    asked.place.dispatch(elsewhere)

    assert asked.place.refuse() == (
        "it was given in acme/app, and the request is about another repository,"
        " https://github.com/acme/other.git"
    )


def test_an_author_does_not_approve_what_they_wrote(asked: Asked) -> None:
    asked.place.dispatch(asked.request, ANN)

    (stands,) = asked.place.take().requests

    assert stands.verdict is Verdict.PENDING
    assert why_ignored(asked) == ["author of ccccccc"]
    assert asked.place.host.dispatches == []


def test_a_no_ends_the_request_whatever_else_is_said(asked: Asked) -> None:
    place = asked.place
    place.dispatch(asked.request, BOB, number=31)
    place.dispatch(asked.request, ANN, "reject", number=32)

    taken = place.take_all()

    assert [each.event is not None for each in taken.answers] == [True, True]
    assert [each.verdict for each in taken.requests] == [Verdict.CLOSED]
    assert place.host.dispatches == []
    decision = judge(asked).decision
    assert decision is not None
    assert decision.reason.startswith("rejected by ann")


def test_a_yes_is_none_any_more_when_the_workflow_has_changed(asked: Asked) -> None:
    asked.place.dispatch(asked.request)
    asked.place.take()

    (asked.place.folder / APPROVE).write_text("on: workflow_dispatch # new\n")
    asked.place.commit("change the workflow")

    assert why_ignored(asked) == [
        (
            f"{APPROVE} at its commit a1a1a1a is not what main has now: fetch, or"
            " start a new one"
        )
    ]


def test_a_run_counts_once_however_often_it_is_taken_in(asked: Asked) -> None:
    asked.place.dispatch(asked.request)
    asked.place.take()

    for again in (asked.place.take(), asked.place.take(31, own(31))):
        (answer,) = again.answers
        assert answer.event is None
        assert answer.reason == ""
        assert answer.word is not None
        assert [each.verdict for each in again.requests] == [Verdict.OPEN]
    assert asked.place.take_all().answers == ()
    assert len(asked.place.entries("answer.attested")) == 1
    assert len(asked.place.host.dispatches) == 1


def test_a_run_that_is_deleted_later_stays_counted(asked: Asked) -> None:
    asked.place.dispatch(asked.request)
    asked.place.take()
    asked.place.host.workflow_runs.clear()

    (answer,) = asked.place.take().answers

    assert answer.reason == ""
    decision = judge(asked).decision
    assert decision is not None
    assert decision.verdict is Verdict.OPEN


def test_all_runs_since_the_oldest_open_request_are_looked_at(asked: Asked) -> None:
    place = asked.place
    place.dispatch(asked.request, BOB, number=31, at=place.asked_at)
    place.dispatch(asked.request, EVE, number=32, conclusion="failure")
    place.dispatch(asked.request, EVE, number=33, head_branch="evil")
    place.dispatch(Digest.of(b"else"), EVE, number=34, at=place.asked_at - MINUTE)

    taken = place.take_all()

    found = {each.place: each.reason for each in taken.answers}
    assert found == {
        "run/31": "",
        "run/32": "it ended with failure, not with success",
    }


def test_a_no_whose_run_somebody_cancelled_ends_the_request(asked: Asked) -> None:
    place = asked.place
    place.dispatch(asked.request, EVE, "reject", number=31, conclusion="cancelled")
    place.dispatch(asked.request, BOB, number=32)

    assert [each.verdict for each in place.take_all().requests] == [Verdict.CLOSED]


class Garbled(FakeCodeHost):
    """A host that sends no file of one commit."""

    @override
    def content(self, path: str, commit: str) -> bytes | None:
        if commit == "b" * 40:
            raise PermanentError(f"{path} is too large to be read")
        return super().content(path, commit)


def test_an_answer_that_cannot_be_taken_in_stops_no_other(asked: Asked) -> None:
    place, long = asked.place, "https://github.com/" + "x" * (1 << 20)
    place.host.__class__ = Garbled
    place.dispatch(asked.request, EVE, number=31, html_url=long)
    place.dispatch(asked.request, EVE, number=32, head_sha="b" * 40)
    place.dispatch(asked.request, BOB, number=33)

    taken = place.take_all()

    found = {each.place: (each.is_broken, each.reason) for each in taken.answers}
    assert [broken for broken, _ in found.values()].count(True) == 2
    assert found["run/31"][1].startswith("it cannot be taken in: what the code host")
    assert found["run/32"][1].endswith("approve.yml is too large to be read")
    assert found["run/33"] == (False, "")
    assert [each.verdict for each in taken.requests] == [Verdict.OPEN]


def test_where_the_rules_count_signatures_alone_no_run_is_an_answer(
    tmp_path: Path,
) -> None:
    place = HostedPlace.make(tmp_path, "{count: 1, from: [ann, bob]}")
    request = place.ask()
    place.dispatch(request)

    assert place.refuse() == (
        "the rules of production count no answer by dispatch: `by` of their approvals"
        " does not name it"
    )
    assert place.take_all().answers == ()


def test_a_host_that_does_not_answer_records_nothing_and_loses_nothing(
    asked: Asked,
) -> None:
    asked.place.dispatch(asked.request)
    asked.place.host.fails = TransientError("502")
    with pytest.raises(TransientError):
        asked.place.take()
    assert asked.place.entries("answer.attested") == []

    asked.place.host.fails = None
    assert asked.place.take().requests[0].verdict is Verdict.OPEN


def test_what_cannot_be_started_is_recorded_all_the_same(asked: Asked) -> None:
    asked.place.host.lacks.add("actions: write")
    asked.place.dispatch(asked.request)

    taken = asked.place.take()

    assert taken.requests[0].verdict is Verdict.OPEN
    assert "the token lacks actions: write" in taken.trouble
    assert len(asked.place.entries("answer.attested")) == 1


def test_nothing_is_started_where_the_caller_goes_on_itself(asked: Asked) -> None:
    asked.place.dispatch(asked.request)

    taken = take_in_run(asked.place.inboxes, asked.place.host, 31, starts=False)

    assert taken.requests[0].verdict is Verdict.OPEN
    assert asked.place.host.dispatches == []


def test_only_a_first_attempt_started_by_hand_is_its_own_answer(asked: Asked) -> None:
    asked.place.dispatch(asked.request, status="in_progress", conclusion=None)

    for occasion in (own(31, attempt=2), own(31, event="push"), own(30)):
        (answer,) = asked.place.take(31, occasion).answers
        assert answer.reason == "it has not ended yet: it is in_progress"
        assert answer.may_change


def test_evidence_that_was_changed_is_noticed(asked: Asked) -> None:
    asked.place.dispatch(asked.request)
    asked.place.take()
    (entry,) = asked.place.entries("answer.attested")
    digits = entry["attestation"].removeprefix("sha256:")
    (file,) = asked.place.service.glob(f"kept/**/{digits}")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes().replace(b"bob", b"eve"))

    with pytest.raises(IntegrityError):
        _ = judge(asked).decision


# Authors, and the accounts they have


def by(*addresses: str) -> Change:
    return Change("c" * 40, addresses, "Retrain")


@pytest.fixture
def unknown(tmp_path: Path) -> HostedPlace:
    """The release has a commit by somebody whom the rules do not know."""
    place = HostedPlace.make(tmp_path)
    place.made = by("eve@home.example")
    return place


def test_the_host_knows_whose_address_it_is(unknown: HostedPlace) -> None:
    host = unknown.host
    host.accounts["c" * 40] = CommitAccounts(
        "c" * 40, EVE, EVE, "eve@home.example", "eve@home.example"
    )
    asked = Asked(unknown, unknown.ask())
    unknown.dispatch(asked.request, EVE, number=31)
    unknown.dispatch(asked.request, BOB, number=32)

    taken = unknown.take_all()

    assert why_ignored(asked) == ["author of ccccccc"]
    assert taken.requests[0].verdict is Verdict.OPEN  # by bob


def test_an_author_whom_nobody_knows_may_be_whoever_approves(
    unknown: HostedPlace,
) -> None:
    asked = Asked(unknown, unknown.ask())
    unknown.dispatch(asked.request)

    (stands,) = unknown.take().requests

    assert stands.verdict is Verdict.PENDING
    assert why_ignored(asked) == [
        (
            "it may be by the author of ccccccc, whose account nobody knows: list them"
            ' under people, with "github:LOGIN"'
        )
    ]


def test_a_co_author_is_nobody_that_the_host_knows(unknown: HostedPlace) -> None:
    unknown.made = by("dev@acme.org", "eve@home.example")
    unknown.host.accounts["c" * 40] = CommitAccounts(
        "c" * 40, STRANGER, STRANGER, "dev@acme.org", "dev@acme.org"
    )
    asked = Asked(unknown, unknown.ask())
    unknown.dispatch(asked.request)

    assert unknown.take().requests[0].verdict is Verdict.PENDING
    assert why_ignored(asked)[0].startswith("it may be by the author of ccccccc")


def test_the_host_is_not_asked_for_whom_the_rules_know(asked: Asked) -> None:
    asked.place.host.accounts["c" * 40] = CommitAccounts(
        "c" * 40, BOB, BOB, "ann@acme.org", "ann@acme.org"
    )
    asked.place.dispatch(asked.request)

    assert asked.place.take().requests[0].verdict is Verdict.OPEN


# Comments


@pytest.fixture
def anywhere(tmp_path: Path) -> Asked:
    rules = "{count: 1, from: [ann, bob, eve], by: [comment]}"
    place = HostedPlace.make(tmp_path, rules)
    return Asked(place, place.ask())


def say(asked: Asked, body: str, **changes: Any) -> str:  # noqa: ANN401 - as there
    """Let bob comment; why it is no answer, empty if it is one."""
    at = asked.place.asked_at + MINUTE
    document = said_comment(55, body, BOB, at, **changes)
    asked.place.host.threads[7] = [comment_of(document)]
    (answer,) = asked.place.take_comment(55).answers
    assert (answer.event is None) is bool(answer.reason)
    return answer.reason


def test_a_comment_is_an_answer_where_the_rules_say_so(anywhere: Asked) -> None:
    assert say(anywhere, f"/sluice approve {anywhere.request.hex}") == ""
    decision = judge(anywhere).decision
    assert decision is not None
    assert decision.verdict is Verdict.OPEN


def test_a_comment_that_is_not_exactly_an_answer_is_none(anywhere: Asked) -> None:
    words = f"/sluice approve {anywhere.request.hex}"
    for body in (f"{words}\n", f"> {words}", words[:-1], words.upper(), f"{words} ok"):
        assert say(anywhere, body).startswith("it is not `/sluice approve`")
    later = (anywhere.place.asked_at + 2 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert say(anywhere, words, updated_at=later) == (
        "it was edited: anybody who may write may put words there"
    )
    app = {"id": 1, "slug": "helper"}
    assert say(anywhere, words, performed_via_github_app=app) == (
        "an app wrote it in somebody's name"
    )
    assert say(anywhere, words, user=write_account(BOT)) == (
        "github-actions[bot] is a bot or an app, and no person"
    )
    assert say(anywhere, words, user=None) == (
        "nobody is known to have said it: the account is gone"
    )
    elsewhere = "https://github.com/acme/other/issues/7#issuecomment-55"
    assert say(anywhere, words, html_url=elsewhere) == (
        "it is in another repository than acme/app"
    )
    anywhere.place.host.roles["bob"] = "read"
    assert say(anywhere, words).startswith("bob had the role read")


def test_a_comment_that_is_gone_says_nothing(anywhere: Asked) -> None:
    (answer,) = anywhere.place.take_comment(77).answers

    assert answer.reason == "there is no comment 77, or not any more"


# Reviews


@pytest.fixture
def reviewed(tmp_path: Path) -> Asked:
    place = HostedPlace.make(
        tmp_path,
        "{count: 1, from: [bob], by: [dispatch], environment_reviews: required}",
    )
    asked = Asked(place, place.ask())
    place.dispatch(asked.request, BOB, number=31)
    place.dispatch(
        asked.request,
        ANN,
        number=40,
        path=".github/workflows/rollout.yml",
        status="in_progress",
        conclusion=None,
    )
    return asked


def review(asked: Asked, *documents: dict[str, Any]) -> Verdict | None:
    """How the request stands once people have reviewed the run 40."""
    asked.place.host.given_reviews[40] = [review_of(each) for each in documents]
    (stands,) = asked.place.take_all(own(40)).requests
    return stands.verdict


def test_a_review_is_a_lock_besides(reviewed: Asked) -> None:
    assert review(reviewed) is Verdict.PENDING
    decision = judge(reviewed).decision
    assert decision is not None
    assert reviewed.request.hex in decision.missing[0]

    assert review(reviewed, said_review(f"ok {reviewed.request.hex}", EVE)) is (
        Verdict.OPEN
    )
    decision = judge(reviewed).decision
    assert decision is not None
    assert [each.person for each in decision.counted] == ["bob"]


def test_a_review_is_nobodys_yes(tmp_path: Path) -> None:
    place = HostedPlace.make(
        tmp_path,
        "{count: 1, from: [eve], by: [dispatch], environment_reviews: recorded}",
    )
    asked = Asked(place, place.ask())
    place.dispatch(asked.request, BOB, number=40, display_title="rollout")

    assert review(asked, said_review(asked.request.hex, EVE)) is Verdict.PENDING
    (answer,) = asked.place.entries("answer.attested")
    assert answer["way"] == "review"


def test_a_review_that_is_not_one_of_this_request_opens_nothing(
    reviewed: Asked,
) -> None:
    digits = reviewed.request.hex
    others = (
        said_review(digits[:-1], EVE),
        said_review(f"{digits}0", EVE),
        said_review("", EVE),
        said_review(digits, EVE, environment="staging"),
        said_review(digits, EVE, "pending"),
        said_review(digits, BOT),
        said_review(digits, None),
        said_review(digits, ANN),  # the author
    )

    assert review(reviewed, *others) is Verdict.PENDING
    assert len(reviewed.place.entries("answer.attested")) == 2  # bob's, and ann's


def test_the_answer_is_shown_with_its_page(asked: Asked) -> None:
    from sluicegate.report.request import request_text  # noqa: PLC0415
    from sluicegate.wiring.request_view import Viewer  # noqa: PLC0415

    asked.place.dispatch(asked.request)
    asked.place.take()
    requests = asked.place.requests
    found = requests.load(requests.state.requests[asked.request])

    text = request_text(Viewer(requests, found).view(), requests.now)

    assert "bob said yes" in text
    assert "[dispatch: https://github.com/acme/app/actions/runs/31]" in text
