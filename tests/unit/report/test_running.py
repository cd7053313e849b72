"""Unit tests of `sluicegate.report.running`: what served, and what is not known."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fakes_target import release
from hypothesis import given
from hypothesis import strategies as st
from run_events import NOW, RUN_ID, started

from sluicegate.model.decision import Verdict
from sluicegate.model.deployment import Deployment, Entrance, Presence, Standing
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    CountedApproval,
    EnvironmentEntered,
)
from sluicegate.model.release_request import Answer
from sluicegate.model.state_item import GivenAnswer
from sluicegate.report.escape import escape
from sluicegate.report.running import Ran, ran_document, ran_text

DAY = timedelta(days=1)
SIGNED = Digest.of(b"what ann signed")
ENTERED = EnvironmentEntered(
    stage="canary",
    environment="production",
    policy=Digest.of(b"rules"),
    branch="refs/heads/main",
    commit="f" * 40,
    conditions=(ConditionResult("approvals", Verdict.OPEN, "1 of 1"),),
    approvals=(CountedApproval(SIGNED, "ann", "SHA256:k"),),
    override=False,
    size=7,
    request=Digest.of(b"request"),
)
ROW = Deployment(
    environment="production",
    release=release("v2"),
    before=release("v1"),
    standing=Standing.PROMOTED,
    reason="no worse",
    run_id=RUN_ID,
    run=started(),
    stages=(),
    start_ts=NOW,
    end_ts=NOW,
    live=True,
    entrance=Entrance(ENTERED, 8, "E8", NOW),
    index=9,
)
ANSWER = GivenAnswer(
    SIGNED,
    Digest.of(b"request"),
    "production",
    Answer.APPROVE,
    "fine",
    "SHA256:k",
    NOW,
    6,
)


def ran(*present: Presence, **more: Any) -> Ran:  # noqa: ANN401 - of any field
    values: dict[str, Any] = {
        "start": NOW,
        "end": NOW + DAY,
        "log": "log.example",
        "begins": NOW - DAY,
        "pruned": 0,
        "present": (("production", present),),
        "answers": {SIGNED: ANSWER},
        **more,
    }
    return Ran(**values)


def test_an_approval_whose_entry_was_pruned_is_told_with_what_is_left() -> None:
    text = ran_text(ran(Presence(ROW, is_stable=True), answers={}))

    assert "  approved   ann, key SHA256:k\n" in text
    assert f"             statement {SIGNED}\n" in text
    assert "             its entry was pruned\n" in text
    assert "what ann signed" not in text
    approval = json.loads(ran_document(ran(Presence(ROW, is_stable=True), answers={})))[
        "environments"
    ][0]["releases"][0]["entrance"]["approvals"][0]
    assert (approval["entry"], approval["answer"]) == (None, None)


def test_a_release_older_than_a_pruned_log_is_named_and_its_approvals_are_not() -> None:
    old = replace(
        ROW, standing=Standing.FOUND, before=None, run=None, entrance=None, stages=()
    )

    text = ran_text(
        ran(Presence(old, is_stable=True), pruned=512, begins=NOW + DAY / 2)
    )

    assert f"  image      {ROW.release.image}\n" in text
    assert "approved   not known any more: the entries that said it were pruned" in text
    assert "The entries before 512, recorded up to 2026-11-22 12:00:00Z, were" in text
    assert "what else served before that is not known any more" in text


def test_what_the_log_leaves_open_is_said() -> None:
    gone = replace(ROW, until_ts=NOW + DAY / 2)

    text = ran_text(
        ran(
            Presence(gone, is_stable=True, went_unseen=True),
            Presence(
                replace(ROW, standing=Standing.FOUND, entrance=None),
                is_stable=True,
                came_unseen=True,
            ),
        )
    )

    assert "it was gone by 2026-11-22 12:00:00Z; the log does not say when" in text
    assert "the log does not say since when it was there" in text
    assert "approved   nobody, by this log: it came there by other means" in text


def test_a_rule_that_asked_for_nobody_says_so() -> None:
    nobody = replace(ENTERED, approvals=(), request=None)
    row = replace(ROW, entrance=Entrance(nobody, 8, "E8", NOW))

    text = ran_text(ran(Presence(row, is_stable=True)))

    assert "  approved   nobody: the rules asked for no person\n" in text
    assert "  rules      sha256:" in text


def test_a_moment_and_a_part_of_a_day_say_what_they_are() -> None:
    one = Presence(ROW, is_stable=True)

    assert ran_text(ran(one, end=NOW)).startswith(
        "production at 2026-11-22 00:00:00Z, by the log log.example\n"
    )
    assert ran_text(ran(end=NOW + timedelta(hours=1))).startswith(
        "production from 2026-11-22 00:00:00Z to 2026-11-22 01:00:00Z, by the log"
        " log.example: nothing that the log knows of\n"
    )


anything = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\n\r\t\x1b\x07\u202e\u2028"),
    max_size=30,
)


@given(anything, anything, anything)
def test_nothing_that_somebody_wrote_reaches_the_terminal(
    name: str, person: str, reason: str
) -> None:
    entered = replace(
        ENTERED,
        approvals=(CountedApproval(SIGNED, person, name),),
        branch=name,
        commit=reason,
        override=True,
        conditions=(ConditionResult(name, Verdict.CLOSED, reason),),
    )
    row = replace(
        ROW,
        release=replace(ROW.release, name=name, commit=reason, reference=person),
        run=started(rollback=name, reason=reason),
        entrance=Entrance(entered, 8, name, NOW),
    )
    told = ran(
        Presence(row, is_stable=True),
        log=name,
        answers={SIGNED: replace(ANSWER, reason=reason)},
    )

    text = ran_text(told, name)

    assert all(escape(line) == line for line in text.split("\n"))
    assert len(text.split("\n")) < 50
    assert ran_document(told).isascii()
