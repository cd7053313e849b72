"""Unit tests of `sluicegate.audit.attested.judging`: every way to forge an answer."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes_code_host import BOB, BOT, FACTS
from hearings import HOUR, NOW, REQUEST, REQUEST_ID
from hosted_runs import (
    APPROVE,
    EVE,
    said_comment,
    said_review,
    said_run,
    write_account,
    write_time,
)

from sluicegate.audit.attested.judging import Expected, judge
from sluicegate.audit.attested.words import Refusal, Word
from sluicegate.model.attestation import Attestation
from sluicegate.model.digest import Digest
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer

WORKFLOW = Digest.of(b"on: workflow_dispatch")
ASKED = replace(REQUEST, repository="git@github.com:acme/app.git")
EXPECTED = Expected(ASKED.log, ASKED, "main", {APPROVE: WORKFLOW}.get)
TITLE = f"sluice approve {REQUEST_ID.hex}"
RUN = said_run(31, TITLE, BOB, NOW - HOUR)
KEPT = Attestation(
    log=ASKED.log,
    way=Way.DISPATCH,
    request=REQUEST_ID,
    environment="production",
    repository=FACTS.name,
    number=FACTS.number,
    url=FACTS.url,
    observed=NOW,
    said=json.dumps(RUN),
    role="write",
    branch="main",
    is_in_branch=True,
    workflow=WORKFLOW,
)
COMMENT = said_comment(55, f"/{TITLE}", BOB, NOW - HOUR)
COMMENTED = replace(KEPT, way=Way.COMMENT, said=json.dumps(COMMENT))
REVIEW = said_review(f"fine by me: {REQUEST_ID.hex}.", EVE)
REVIEWED = replace(
    KEPT, way=Way.REVIEW, said=json.dumps(REVIEW), about=json.dumps(RUN), role=""
)


def said(**changes: Any) -> Attestation:  # noqa: ANN401 - whatever a host may say
    """What the host says of a run, with *changes*."""
    return replace(KEPT, said=json.dumps({**RUN, **changes}))


def refuse(
    kept: Attestation, expected: Expected = EXPECTED, *, is_recorded: bool = False
) -> str:
    """Why *kept* is no answer; it must be none."""
    found = judge(kept, expected, is_recorded=is_recorded)
    assert isinstance(found, Refusal)
    return found.reason


def hear(kept: Attestation, *, is_recorded: bool = False) -> Word:
    """The answer that *kept* is."""
    found = judge(kept, EXPECTED, is_recorded=is_recorded)
    assert isinstance(found, Word), found
    return found


def test_a_run_that_is_all_it_should_be_is_an_answer() -> None:
    assert hear(KEPT) == Word(
        place="run/31",
        request=REQUEST_ID,
        answer=Answer.APPROVE,
        account=BOB,
        created=NOW - HOUR,
        url="https://github.com/acme/app/actions/runs/31",
        workflow="approve.yml",
    )
    no = said(display_title=f"sluice reject {REQUEST_ID.hex}")
    assert hear(no).answer is Answer.REJECT


def test_the_path_of_a_workflow_may_come_with_its_branch() -> None:
    assert hear(said(path=f"{APPROVE}@refs/heads/main")).workflow == "approve.yml"


FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "another repository": (
        {"repository": {"id": 7002, "full_name": FACTS.name}},
        "it is a run of another repository, number 7002",
    ),
    "a push": (
        {"event": "push"},
        "it was started by push, and not by hand (workflow_dispatch)",
    ),
    "an app's event": (
        {"event": "repository_dispatch"},
        "it was started by repository_dispatch, and not by hand (workflow_dispatch)",
    ),
    "another branch": ({"head_branch": "evil"}, "it ran on evil, not on main"),
    "no branch": ({"head_branch": None}, "it ran on no branch, not on main"),
    "another workflow": (
        {"path": ".github/workflows/ci.yml"},
        ".github/workflows/ci.yml is not on main",
    ),
    "a file elsewhere": (
        {"path": "evil/approve.yml"},
        "its workflow evil/approve.yml is no file in .github/workflows/",
    ),
    "run again": (
        {"run_attempt": 2},
        (
            "it was run again (attempt 2), which anybody may do in whose name it runs:"
            " start a new one"
        ),
    ),
    "run again by somebody else": (
        {"triggering_actor": write_account(EVE)},
        "bob started it, and eve ran it again",
    ),
    "a bot": (
        {"actor": write_account(BOT), "triggering_actor": write_account(BOT)},
        "github-actions[bot] is a bot or an app, and no person",
    ),
    "a bot that is called a user": (
        {
            "actor": {"login": "ci[bot]", "id": 9, "type": "User"},
            "triggering_actor": {"login": "ci[bot]", "id": 9, "type": "User"},
        },
        "ci[bot] is a bot or an app, and no person",
    ),
    "an account that is gone": (
        {"actor": None},
        "nobody is known to have said it: the account is gone",
    ),
    "a failure": (
        {"conclusion": "failure"},
        "it ended with failure, not with success",
    ),
    "cancelled": (
        {"conclusion": "cancelled"},
        "it ended with cancelled, not with success",
    ),
    "not over": (
        {"status": "in_progress", "conclusion": None},
        "it has not ended yet: it is in_progress",
    ),
    "not begun": (
        {"status": "waiting", "conclusion": None},
        "it has not ended yet: it is waiting",
    ),
    "another title": (
        {"display_title": "Retrain"},
        (
            "its title is not `sluice approve` or `sluice reject` and the whole id of a"
            " request"
        ),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_run_that_is_not_what_it_should_be_is_no_answer(name: str) -> None:
    changes, reason = FORGED[name]
    assert refuse(said(**changes)) == reason


@pytest.mark.parametrize(
    "title",
    [
        "sluice approve {id:.63}",
        "sluice approve {id:.12}",
        "sluice approve {id}0",
        "sluice approve {id} ",
        " sluice approve {id}",
        "sluice approve  {id}",
        "Sluice approve {id}",
        "sluice approve sha256:{id}",
        "sluice approve {upper}",
        "sluice approve {id}\n",
        "sluice override {id}",
        "sluice promote {id}",
        "sluice approve {id} sluice reject {id}",
        "sluice  {id}",
        "",
    ],
)
def test_a_title_that_is_not_the_exact_words_says_nothing(title: str) -> None:
    digits = REQUEST_ID.hex
    words = title.format(id=digits, upper=digits.upper())

    assert refuse(said(display_title=words)) == FORGED["another title"][1]


def test_an_answer_about_another_request_is_none_of_this_one() -> None:
    other = Digest.of(b"another")

    assert refuse(said(display_title=f"sluice approve {other.hex}")) == (
        f"about another request, {other.short}"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"role": "read"},
            "bob had the role read in acme/app; it takes write, maintain or admin",
        ),
        (
            {"role": ""},
            "bob had the role none in acme/app; it takes write, maintain or admin",
        ),
        (
            {"role": "Write"},
            "bob had the role Write in acme/app; it takes write, maintain or admin",
        ),
        (
            {"is_in_branch": False},
            "its commit a1a1a1a is not in the history of main, as fetched last",
        ),
        ({"workflow": None}, f"{APPROVE} was not there at its commit a1a1a1a"),
        (
            {"workflow": Digest.of(b"else")},
            (
                f"{APPROVE} at its commit a1a1a1a is not what main has now: fetch,"
                " or start a new one"
            ),
        ),
        (
            {"branch": "trunk"},
            "trunk was the protected branch then, and is not any more",
        ),
        (
            {"log": "log.example/other"},
            "it was taken into another log, log.example/other",
        ),
        ({"environment": "staging"}, "about staging, not production"),
        (
            {"repository": "acme/other"},
            (
                "it was given in acme/other, and the request is about another"
                " repository, git@github.com:acme/app.git"
            ),
        ),
        ({"number": 7002}, "it is a run of another repository, number 7001"),
        ({"way": Way.SIGNATURE}, "no code host attests a signature"),
    ],
)
def test_what_was_found_out_besides_must_be_right_too(
    changes: dict[str, Any], reason: str
) -> None:
    assert refuse(replace(KEPT, **changes)) == reason


@pytest.mark.parametrize("role", ["write", "maintain", "admin"])
def test_whoever_may_write_may_answer(role: str) -> None:
    assert hear(replace(KEPT, role=role)).account == BOB


def test_an_answer_is_given_while_the_request_is_open() -> None:
    def at(moment: timedelta) -> Attestation:
        return said(created_at=write_time(NOW + moment))

    assert refuse(at(-2 * HOUR - timedelta(seconds=1))) == (
        "it was given before the request was made, 2026-11-23 09:59:59 UTC"
    )
    assert hear(at(-2 * HOUR)).created == NOW - 2 * HOUR
    assert refuse(at(70 * HOUR)) == (
        "it was given after the request had expired, 2026-11-26 10:00:00 UTC"
    )
    assert refuse(at(timedelta(minutes=6))) == (
        "it is of the future: 2026-11-23 12:06:00 UTC"
    )
    assert hear(at(timedelta(minutes=5))).answer is Answer.APPROVE


def test_a_host_with_whole_seconds_is_not_before_a_request_with_more() -> None:
    made = replace(ASKED, created=NOW - HOUR + timedelta(milliseconds=900))
    expected = replace(EXPECTED, request=made)

    assert isinstance(judge(KEPT, expected), Word)


def test_a_run_that_records_itself_goes_on_still() -> None:
    going = said(status="in_progress", conclusion=None)

    assert refuse(going) == "it has not ended yet: it is in_progress"
    assert hear(replace(going, is_own=True)).account == BOB
    # Having ended badly is no excuse.
    failed = replace(said(conclusion="failure"), is_own=True)
    assert refuse(failed) == "it ended with failure, not with success"


@pytest.mark.parametrize("end", ["cancelled", "failure", "timed_out", "skipped"])
def test_a_no_is_one_however_its_run_has_ended(end: str) -> None:
    no = said(display_title=f"sluice reject {REQUEST_ID.hex}", conclusion=end)

    assert hear(no).answer is Answer.REJECT
    assert refuse(said(conclusion=end)) == f"it ended with {end}, not with success"


def test_a_no_that_goes_on_still_has_not_been_given() -> None:
    title = f"sluice reject {REQUEST_ID.hex}"
    going = said(display_title=title, status="queued", conclusion=None)

    assert refuse(going) == "it has not ended yet: it is queued"


def test_a_no_that_is_recorded_stays_one_whatever_the_branch_becomes() -> None:
    no = said(display_title=f"sluice reject {REQUEST_ID.hex}")
    changed = replace(EXPECTED, branch="trunk", workflow=lambda _: None)

    assert isinstance(judge(no, changed), Refusal)
    assert isinstance(judge(no, changed, is_recorded=True), Word)
    assert isinstance(judge(KEPT, changed, is_recorded=True), Refusal)


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"run_attempt": None}, "run_attempt"),
        ({"run_attempt": "1"}, "run_attempt"),
        ({"run_attempt": True}, "run_attempt"),
        ({"id": -1}, "id"),
        ({"display_title": 5}, "display_title"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"created_at": "2026-11-23T08:00:00"}, "created_at"),
        ({"repository": {}}, "repository.id"),
        ({"actor": {"login": "bob", "id": 102}}, "actor.type"),
    ],
)
def test_a_host_that_leaves_something_out_says_nothing(
    changes: dict[str, Any], lacks: str
) -> None:
    assert refuse(said(**changes)) == f"the code host's answer has no usable {lacks}"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id":1,"id":2}', "[" * 100_000])
def test_what_cannot_be_read_says_nothing(text: str) -> None:
    assert refuse(replace(KEPT, said=text)).startswith("the code host's answer")


def test_a_comment_that_nobody_has_edited_is_an_answer() -> None:
    assert hear(COMMENTED).place == "comment/55"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"body": f"/{TITLE} "}, "it is not `/sluice approve` or"),
        ({"body": f"/{TITLE}\n"}, "it is not `/sluice approve` or"),
        ({"body": f"/{TITLE[:-1]}"}, "it is not `/sluice approve` or"),
        ({"body": f"> /{TITLE}"}, "it is not `/sluice approve` or"),
        ({"body": TITLE}, "it is not `/sluice approve` or"),
        ({"updated_at": write_time(NOW)}, "it was edited: anybody who may write"),
        ({"performed_via_github_app": {"id": 1}}, "an app wrote it in somebody's name"),
        ({"user": write_account(BOT)}, "github-actions[bot] is a bot or an app"),
        ({"user": None}, "nobody is known to have said it"),
        ({"html_url": "https://github.com/acme/apps/issues/7"}, "it is in another"),
        ({"body": None}, "the code host's answer has no usable body"),
    ],
)
def test_a_comment_that_is_not_what_it_should_be_is_no_answer(
    changes: dict[str, Any], reason: str
) -> None:
    kept = replace(COMMENTED, said=json.dumps({**COMMENT, **changes}))

    assert refuse(kept).startswith(reason)


def test_a_review_that_names_the_request_is_one_of_it() -> None:
    word = hear(REVIEWED)

    assert word.place == f"review/31/103/{REQUEST_ID.hex[:16]}"
    assert word.created == NOW - HOUR  # the run's: the host does not say when


@pytest.mark.parametrize(
    ("review", "about", "reason"),
    [
        ({"state": "pending"}, {}, "it is pending: nobody has answered"),
        ({"comment": "ok"}, {}, "its comment does not hold the whole id"),
        ({"comment": REQUEST_ID.hex[:-1]}, {}, "its comment does not hold"),
        ({"comment": f"{REQUEST_ID.hex}0"}, {}, "its comment does not hold"),
        ({"environments": [{"name": "staging"}]}, {}, "it is about staging, not"),
        ({"environments": []}, {}, "it is about , not production"),
        ({"user": write_account(BOT)}, {}, "github-actions[bot] is a bot"),
        ({"user": None}, {}, "nobody is known to have said it"),
        ({}, {"repository": {"id": 7002}}, "it is of a run of another repository"),
        ({}, {"head_branch": "evil"}, "the run is on evil, not on main"),
    ],
)
def test_a_review_of_something_else_is_none_of_the_request(
    review: dict[str, Any], about: dict[str, Any], reason: str
) -> None:
    kept = replace(
        REVIEWED,
        said=json.dumps({**REVIEW, **review}),
        about=json.dumps({**RUN, **about}),
    )

    assert refuse(kept).startswith(reason)
