"""Unit tests of `sluicegate.report.locks`."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sluicegate.model.state_item import Lock
from sluicegate.report.locks import Locking, Waiting, locking_document, locking_lines

SINCE = datetime(2026, 11, 22, 10, tzinfo=UTC)
NOW = SINCE + timedelta(hours=3)
LOCK = Lock("01K" + "0" * 23, "production", "moving\nthe data", "user:1000", SINCE, 7)


def test_a_new_lock_says_what_it_does_and_how_it_ends() -> None:
    done = Locking("production", locked=True, changed=True, lock=LOCK)

    assert locking_lines(done, SINCE) == [
        "production is locked",
        "    locked by user:1000, 2026-11-22 10:00:00Z, just now",
        "    moving the data",
        f"    lock {LOCK.lock}, entry 7",
        (
            "Nothing is released there until `sluice unlock production --reason TEXT`;"
            " a rollout under way goes on."
        ),
    ]


def test_a_lock_that_was_there_names_its_owner() -> None:
    done = Locking("production", locked=True, changed=False, lock=LOCK, names=("ann",))

    assert locking_lines(done, NOW)[:2] == [
        "production is locked; nothing was changed",
        "    locked by ann (user:1000), 2026-11-22 10:00:00Z, 3 h ago",
    ]


def test_what_was_unlocked_names_who_had_locked_it() -> None:
    done = Locking("production", locked=False, changed=True, lock=LOCK)

    first, second, *_ = locking_lines(done, NOW)

    assert first == "production is unlocked"
    assert second.startswith("    locked by user:1000, ")


def test_what_was_not_locked_is_said_to_be_so() -> None:
    assert locking_lines(Locking("production", locked=False, changed=False), NOW) == [
        "production is not locked; nothing was changed"
    ]


def test_nothing_that_was_logged_reaches_the_terminal_as_it_is() -> None:
    evil = replace(LOCK, reason="\x1b[2J", by="user:\x07")
    done = Locking("\x1b", locked=True, changed=True, lock=evil, names=("\x9b",))

    assert all(line.isprintable() for line in locking_lines(done, NOW))


def test_the_document_has_the_lock_or_the_statement_that_waits() -> None:
    done = Locking("production", locked=True, changed=False, lock=LOCK, names=("ann",))
    waiting = Waiting("sha256:00", "inbox/lock-00.json", "SHA256:key")
    stated = Locking("staging", locked=None, changed=False, waiting=waiting)

    assert json.loads(locking_document(done)) == {
        "environment": "production",
        "locked": True,
        "changed": False,
        "lock": {
            "lock": LOCK.lock,
            "reason": "moving\nthe data",
            "by": "user:1000",
            "names": ["ann"],
            "since": "2026-11-22T10:00:00.000Z",
            "entry": 7,
        },
        "statement": None,
    }
    assert json.loads(locking_document(stated)) == {
        "environment": "staging",
        "locked": None,
        "changed": False,
        "lock": None,
        "statement": {
            "digest": "sha256:00",
            "where": "inbox/lock-00.json",
            "key": "SHA256:key",
        },
    }
