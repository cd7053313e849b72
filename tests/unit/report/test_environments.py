"""Unit tests of `sluicegate.report.environments`: how environments stand."""

import json
from dataclasses import replace
from datetime import timedelta

from fakes_target import release
from hypothesis import given
from hypothesis import strategies as st
from run_events import NOW, RUN_ID, started

from sluicegate.model.decision import Verdict
from sluicegate.model.deployment import Deployment, Standing
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult
from sluicegate.model.state_item import Lock, OpenRequest, Override, RolloutTerm
from sluicegate.report.environments import (
    EnvironmentView,
    Outlook,
    Overview,
    Soak,
    environments_document,
    environments_text,
)
from sluicegate.report.escape import escape

HOUR = timedelta(hours=1)
ROW = Deployment(
    environment="production",
    release=release("v2"),
    before=release("v1"),
    standing=Standing.PROMOTED,
    reason="no worse",
    run_id=RUN_ID,
    run=started(),
    stages=(),
    start_ts=NOW - HOUR,
    end_ts=NOW - HOUR,
    live=True,
)
FROZEN = ConditionResult("no freeze: fair", Verdict.PENDING, "frozen until Monday")


def text(view: EnvironmentView) -> str:
    return environments_text(Overview((view,), NOW))


def test_the_rules_say_when_the_next_release_may_come_and_what_it_waits_for() -> None:
    soaks = (
        Soak("staging", release("v3"), 3 * 3600, 86400),
        Soak("canary", release("v3"), 7200, 0),
        Soak("lab", release("v3"), 90_000, 86400),
        Soak("none", None, 0, 60),
    )
    view = EnvironmentView(
        "production", ROW, outlook=Outlook(NOW + 30 * HOUR, (FROZEN,), soaks)
    )

    assert text(view).splitlines()[-6:] == [
        "  soak      v3 is stable in staging for 3 h of 1 d",
        "  soak      v3 is stable in canary for 2 h",
        "  soak      v3 is stable in lab for 1 d 1 h of 1 d, long enough",
        "  soak      none runs nothing yet, and comes first",
        "  window    opens 2026-11-23 06:00:00Z",
        "            frozen until Monday",
    ]
    (found,) = json.loads(environments_document(Overview((view,), NOW)))["environments"]
    assert found["next"]["opening"] == "2026-11-23T06:00:00.000Z"
    assert [each["is_over"] for each in found["next"]["soaks"]] == [
        *(False, True, True, False)
    ]


def test_a_window_that_is_open_and_one_that_never_comes_say_so() -> None:
    now = EnvironmentView("production", ROW, outlook=Outlook(NOW, (FROZEN,)))
    never = EnvironmentView("production", ROW, outlook=Outlook(None, (FROZEN,)))
    always = EnvironmentView("production", ROW, outlook=Outlook(NOW))

    assert "  window    open now\n" in text(now)
    assert "  window    none is in sight\n" in text(never)
    assert "window" not in text(always)


def test_what_was_live_before_a_pruned_log_is_told_with_what_is_left() -> None:
    old = replace(ROW, standing=Standing.FOUND, before=None, run=None)

    lines = text(EnvironmentView("production", old)).splitlines()

    assert lines[1] == "  now       v2, there since before the log was pruned"
    assert lines[-2:] == [
        "  approved  not known any more: the entries that said it were pruned",
        "  before    not known any more: the log was pruned",
    ]


def test_the_release_before_is_told_though_its_rollout_was_pruned() -> None:
    commit = release("v1").commit[:12]

    assert f"  before    v1, commit {commit}" in text(
        EnvironmentView("production", ROW)
    )


def test_an_environment_without_a_release_says_so() -> None:
    assert text(EnvironmentView("lab")) == (
        "lab\n  now       nothing that the log knows of"
    )


anything = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\n\r\t\x1b\x07\u202e\u2028"),
    max_size=30,
)


@given(anything, anything)
def test_nothing_that_somebody_wrote_reaches_the_terminal(name: str, why: str) -> None:
    row = replace(
        ROW,
        release=replace(ROW.release, name=name, commit=why),
        run=started(rollback=name, reason=why),
    )
    view = EnvironmentView(
        name,
        row,
        before=row,
        canary=row,
        lock=Lock(name, name, why, name, NOW, 3),
        requests=(OpenRequest(Digest.of(b""), name, name, name, NOW, NOW, 3),),
        overrides=(Override(name, name, name, (why, name), NOW, 3),),
        outlook=why,
    )
    overview = Overview((view, view), NOW)

    lines = environments_text(overview).split("\n")

    assert all(escape(line) == line for line in lines)
    assert len(lines) < 40
    assert environments_document(overview).isascii()


def test_a_rollout_that_should_have_ended_is_reported() -> None:
    late = RolloutTerm("production", "01M82N1NVE7N7VN3DT1J85Y074", NOW - 3 * HOUR)
    due = replace(late, deadline=NOW + HOUR)

    lines = text(EnvironmentView("production", ROW, term=late)).splitlines()

    assert "  OVERDUE   the deadline of its rollout was 3 h ago:" in lines
    assert "OVERDUE" not in text(EnvironmentView("production", ROW, term=due))
    paused = text(EnvironmentView("production", ROW, term=replace(late, paused=NOW)))
    assert "PAUSED    just now" in paused
    assert "OVERDUE" not in paused
