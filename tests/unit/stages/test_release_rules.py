"""Unit tests of `sluicegate.stages.release_rules`: times and names as written."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import pipeline, problems
from pydantic import ValidationError

from sluicegate.stages.release_rules import Freeze, ReleaseRules, Window

NEEDS = "freeze.0: needs either from and to, or cron and lasts"
WRITE = "write a time with its zone, like 2026-12-20T00:00:00+01:00"
END = "to: 2027-01-04T00:00:00Z, reason: x"


def test_a_moment_is_kept_in_utc() -> None:
    freeze = Freeze.model_validate_json(
        '{"from": "2026-12-20T00:00+01:00", "to": "2027-01-04T00:00:30Z",'
        ' "reason": "x"}'
    )

    assert freeze.from_ == datetime(2026, 12, 19, 23, tzinfo=UTC)
    assert freeze.to == datetime(2027, 1, 4, 0, 0, 30, tzinfo=UTC)


def test_one_time_stands_for_both() -> None:
    rules = ReleaseRules.model_validate_json(
        '{"approvals": {"from": ["ann"], "expires": "8h"}, "after": "staging"}'
    )

    assert rules.approvals is not None
    assert rules.approvals.expires.request == timedelta(hours=8)
    assert rules.approvals.expires.approval == timedelta(hours=8)
    assert rules.after == {"staging": timedelta(0)}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (f"freeze: [{{from: 2026-12-20T00:00:00, {END}}}]", f"freeze.0.from: {WRITE}"),
        (f"freeze: [{{from: 2026-12-20, {END}}}]", f"freeze.0.from: {WRITE}"),
        (f"freeze: [{{from: 20261220, {END}}}]", f"freeze.0.from: {WRITE}"),
        (f"freeze: [{{from: 0001-01-01T00:00:00+14:00, {END}}}]", "freeze.0.from: "),
        (f"freeze: [{{from: 2026-13-20T00:00:00Z, {END}}}]", "freeze.0.from: month"),
        (f"freeze: [{{from: 2027-01-04T00:00:00Z, {END}}}]", "freeze.0: ends before"),
        (f"freeze: [{{{END}}}]", NEEDS),
        ("freeze: [{reason: x}]", NEEDS),
        ("freeze: [{cron: '0 0 * * *', reason: x}]", NEEDS),
        (f"freeze: [{{cron: '0 0 * * *', lasts: 1d, {END}}}]", NEEDS),
        (
            f"freeze: [{{from: 2026-12-20T00:00:00Z, timezone: Asia/Tokyo, {END}}}]",
            NEEDS,
        ),
        ("freeze: [{cron: '0 0 * * *', lasts: 1d}]", "freeze.0: 'reason' is missing"),
        ("windows: [{cron: '0 9 * * *'}]", "windows.0: 'lasts' is missing"),
        ("windows: [{cron: 0 9 * *, lasts: 1h}]", "windows.0.cron: not a cron"),
        ("windows: [{cron: 0 25 * * *, lasts: 1h}]", "windows.0.cron: not a cron"),
        (
            "windows: [{cron: '0 9 * * *', lasts: 1h, timezone: Europe/Berln}]",
            "windows.0.timezone: no time zone is known as 'Europe/Berln'",
        ),
        ("approvals: {from: ['']}", "approvals.from.0: must not be empty"),
        ('approvals: {from: ["a\\nb"]}', "approvals.from.0: must neither"),
        ("approvals: {from: [ann], count: 0}", "approvals.count: must be at least 1"),
        ("approvals: {from: [ann], count: 21}", "approvals.count: must be at most 20"),
        (
            "approvals: {from: [ann], exclude: [autor]}",
            "approvals.exclude.0: must be 'author', 'requester' or 'last_pusher'",
        ),
        (
            "approvals: {from: [ann], expires: {requst: 1d}}",
            "approvals.expires: unknown key 'requst' (did you mean 'request'?)",
        ),
        ("approvals: {from: [ann], expires: 0s}", "approvals.expires: must be more"),
        ("baseline: v1.2.0", "baseline: must be the whole id of a commit"),
        ("approval: {from: [ann]}", " unknown key 'approval' (did you mean"),
    ],
)
def test_what_could_be_taken_for_another_time_or_name_is_refused(
    rules: str, expected: str
) -> None:
    (found,) = problems(pipeline(rules))

    assert found.startswith(f"environments.production.{expected}".replace(". ", ": "))


def test_a_freeze_may_come_again_and_again() -> None:
    rules = "freeze: [{cron: '0 12 * * fri', lasts: 3d, timezone: UTC, reason: x}]"

    assert problems(pipeline(rules)) == ()


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_raises_anything_but_a_problem(text: str, other: str) -> None:
    with suppress(ValidationError):
        Freeze(**{"from": text, "to": other, "reason": "x"})
    with suppress(ValidationError):
        Window(cron=text, lasts=timedelta(hours=1), timezone=other)
