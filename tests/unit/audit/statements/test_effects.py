"""Unit tests of `sluicegate.audit.statements.effects`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.audit.statements.effects import Effects
from sluicegate.audit.statements.predicates import (
    Answering,
    Locking,
    OverrideClosing,
    Predicate,
    Unlocking,
)
from sluicegate.model.digest import Digest
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Answer
from sluicegate.model.state_item import Lock, OpenRequest, Override

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REQUEST = Digest.of(b"request")
OPEN = OpenRequest(
    *(REQUEST, "production", "R", "canary", NOW, NOW + timedelta(days=3), 7)
)
LOCK = Lock("L", "staging", "migration", "user:1000", NOW, 8)
OVERRIDE = Override("O", "production", "R", ("ann",), NOW, 9)
STATE = LogState(
    requests={REQUEST: OPEN}, locks={"staging": LOCK}, overrides={"O": OVERRIDE}
)
YES = Answering(REQUEST, "production", Answer.APPROVE, "")


@pytest.mark.parametrize(
    "said",
    [
        YES,
        replace(YES, answer=Answer.REJECT, reason="too late"),
        Locking("production", "migration"),
        Unlocking("L", "staging", "done"),
        OverrideClosing("O", "looked into"),
    ],
)
def test_what_changes_something_is_taken(said: Predicate) -> None:
    assert Effects(STATE, NOW).refuse(said) == ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (replace(YES, request=Digest.of(b"other")), "no release request"),
        (replace(YES, environment="staging"), "about production, not staging"),
        (replace(YES, answer=Answer.REJECT), "needs a reason"),
        (replace(YES, answer=Answer.OVERRIDE), "needs a reason"),
        (Locking("staging", "again"), "locked already"),
        (Unlocking("L", "production", "done"), "no lock L of production"),
        (Unlocking("K", "staging", "done"), "no lock K of staging"),
        (OverrideClosing("P", "looked into"), "no override P"),
    ],
)
def test_what_changes_nothing_is_refused_with_the_reason(
    said: Predicate, reason: str
) -> None:
    assert reason in Effects(STATE, NOW).refuse(said)


def test_a_request_that_was_used_takes_no_answers_any_more() -> None:
    used = LogState(requests={REQUEST: replace(OPEN, entered=12)})
    assert "used already, by entry 12" in Effects(used, NOW).refuse(YES)


def test_a_request_takes_no_answers_from_the_moment_on_when_it_expires() -> None:
    moment = timedelta(microseconds=1)
    assert Effects(STATE, OPEN.expires - moment).refuse(YES) == ""
    assert "expired" in Effects(STATE, OPEN.expires).refuse(YES)


@pytest.mark.parametrize(
    "said",
    [
        Locking("production", "migration"),
        Unlocking("L", "staging", "done"),
        OverrideClosing("O", "looked into"),
    ],
)
def test_what_one_statement_did_the_next_cannot_do_again(said: Predicate) -> None:
    effects = Effects(STATE, NOW)
    assert effects.refuse(said) == ""
    assert effects.refuse(said) != ""
