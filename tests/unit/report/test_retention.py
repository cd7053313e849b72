"""Unit tests of `sluicegate.report.retention` and `sluicegate.report.pruning`."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.model.digest import Digest
from sluicegate.model.log_event import LogPruned
from sluicegate.model.retention import Keeping, Kept, Promise, Retention
from sluicegate.model.state_item import CutRun
from sluicegate.report.pruning import Pruning, pruning_document, pruning_text
from sluicegate.report.retention import (
    NO_HALF_YEAR,
    retention_document,
    retention_text,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEPT = Kept(Promise(Keeping.KEPT, "nobody deletes it"), 7, 0, None, None, 7)
FOUND = Retention(
    promised_days=400,
    size=549,
    min_index=0,
    oldest_ts=NOW - timedelta(days=500),
    newest_ts=NOW,
    now=NOW,
    silence=timedelta(hours=30),
    silent_since=NOW - timedelta(days=3),
    holds=(),
    log=KEPT,
    evidence=KEPT,
)


def test_a_log_that_keeps_its_promise_says_so_and_why() -> None:
    assert retention_text(FOUND) == (
        "✓ nothing contradicts the promise of 400 days\n"
        "  promised   400 days, written in the log\n"
        "             as long as cert-in (180), eu-ai-act (184), pci-dss (366) ask;"
        " shorter than hipaa (2192)\n"
        "  log        kept: nobody deletes it\n"
        "             7 files there, none missing\n"
        "  evidence   kept: nobody deletes it\n"
        "             7 files there, none missing\n"
        "  entries    549\n"
        "             2025-07-10 00:00:00Z to 2026-11-22 00:00:00Z\n"
        "  heartbeat  longest silence: 30 h, from 2026-11-19 on\n"
        "  holds      none"
    )


@pytest.mark.parametrize(("days", "is_short"), [(180, True), (183, True), (184, False)])
def test_what_is_less_than_six_months_says_so(days: int, is_short: bool) -> None:  # noqa: FBT001 - from a table
    found = replace(FOUND, promised_days=days)

    assert (NO_HALF_YEAR in retention_text(found)) is is_short
    assert json.loads(retention_document(found))["is_six_months"] is not is_short


def test_a_young_log_cannot_show_yet_that_it_keeps_its_promise() -> None:
    young = replace(FOUND, oldest_ts=NOW - timedelta(days=40))

    assert "the oldest is 40 days old: the log is younger than its" in (
        retention_text(young)
    )
    assert json.loads(retention_document(young))["younger_than_promised"] is True


def test_what_is_wrong_comes_first() -> None:
    locked = replace(
        KEPT,
        promise=Promise(Keeping.EXPIRES, "a rule deletes it"),
        missing=2,
        earliest=NOW,
        least_days=90,
    )

    lines = retention_text(replace(FOUND, log=locked)).splitlines()

    assert lines[:2] == [
        "✗ 2 bundles of the log are missing",
        "✗ the store of the log keeps a file for 90 days only, and 400 are promised",
    ]
    assert "  log        expires 2026-11-22: a rule deletes it" in lines


def test_text_of_a_store_draws_nothing_on_the_terminal() -> None:
    evil = replace(KEPT, promise=Promise(Keeping.KEPT, "\x1b[2J\u202e"))

    text = retention_text(replace(FOUND, log=evil, holds=("\x1b[1A on all",)))

    assert "\x1b" not in text
    assert "\u202e" not in text


PRUNED = LogPruned(512, 256, NOW, NOW, Digest.of(b""), 400, (CutRun("R1\x1b[2J", 3),))
PRUNING = Pruning(
    is_done=False,
    size=700,
    retention_days=400,
    pruned=PRUNED,
    bundles=1,
    evidence=2,
    leftover=(),
    abandoned=("R0",),
    reason="hold X covers entries from 512",
)


def test_what_may_go_is_listed_and_nothing_is_said_to_be_done() -> None:
    assert pruning_text(PRUNING) == (
        "may go: 256 of 444 entries, 256 to 511\n"
        "  recorded   2026-11-22 to 2026-11-22\n"
        "  cut        run R1\\x1b[2J keeps events from 3 on\n"
        "  abandoned  run R0, which nobody has finished\n"
        "  would go   1 bundle of entries\n"
        "             up to 2 evidence files\n"
        "  kept       all tiles and checkpoints, so that every proof still holds\n"
        "  no more    hold X covers entries from 512\n"
        "Nothing was removed: `sluice audit prune --execute` does it, for good"
    )


def test_what_went_is_said_and_what_the_store_would_not_give_up() -> None:
    done = replace(PRUNING, is_done=True, leftover=("tile/entries/001",))

    lines = pruning_text(done).splitlines()

    assert lines[0] == "✓ pruned 256 of 444 entries, 256 to 511"
    assert "  left over  1 file: the store does not give them up yet" in lines
    assert "Nothing was removed" not in lines[-1]
    assert json.loads(pruning_document(done))["left_over"] == ["tile/entries/001"]


def test_where_nothing_may_go_the_reason_is_all() -> None:
    nothing = replace(PRUNING, pruned=None, bundles=0, evidence=0, abandoned=())

    assert pruning_text(nothing) == (
        "nothing may be pruned\n  no more    hold X covers entries from 512"
    )
    assert json.loads(pruning_document(nothing))["pruned"] is None
