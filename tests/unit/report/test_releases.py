"""Unit tests of `sluicegate.report.releases`: releases for a person, made harmless."""

import json
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from fakes import START
from fakes_target import release
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.deployment import Deployment, Standing
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    GateRecord,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.release_notes import Change, NoNotes, ReleaseNotes
from sluicegate.report.releases import (
    key_figures,
    release_document,
    release_table,
    release_text,
    releases_document,
)

RUN = RunStarted(
    pipeline="churn_release_v1.0",
    definition=Digest.of(b""),
    commit="c" * 40,
    branch="main",
    dirty=False,
    stages=(),
    start_ts=START,
)
ROW = Deployment(
    environment="production",
    release=replace(release("v2"), commit="c" * 40),
    before=replace(release("v1"), commit="b" * 40),
    standing=Standing.PROMOTED,
    reason="no worse",
    run_id="01JDA2Z9M3Q4T5V6W7X8Y9Z0AA",
    run=RUN,
    stages=(),
    start_ts=START,
    end_ts=START,
    live=True,
)
NOTHING = ReleaseNotes((), 0, (), 0)


def row(**changes: Any) -> Deployment:  # noqa: ANN401 - of any field
    return replace(ROW, **changes)


def stage(
    conditions: tuple[str, ...], fields: dict[str, Value], *, cached: str | None = None
) -> StageFinished:
    results = tuple(ConditionResult(text, Verdict.OPEN, "") for text in conditions)
    return StageFinished(
        stage="test",
        attempt=1,
        outcome=Outcome.OPEN,
        reason="12 passed",
        gate=GateRecord(Digest.of(b""), Verdict.OPEN, results) if conditions else None,
        evidence=Evidence(fields),
        tools=(),
        subjects=(),
        usage=ResourceUsage(1),
        start_ts=START,
        end_ts=START,
        cached=cached,
    )


def test_an_empty_list_is_a_heading() -> None:
    assert release_table([]).split() == [
        *("RELEASE", "ENVIRONMENT", "SINCE", "(UTC)", "RESULT", "COMMIT"),
        *("IMAGE", "RUN"),
    ]


def test_the_figures_are_those_that_the_gate_judged() -> None:
    end = stage(
        ("test.failed == 0 && other.failed < 9", "test.coverage >= 0.8", "test.gone"),
        {"failed": 0, "coverage": 0.875, "passed": 12},
    )

    assert key_figures(end) == [("failed", "0"), ("coverage", "0.875")]
    assert key_figures(stage((), {"failed": 0})) == []


def test_the_figures_are_also_those_that_further_conditions_read() -> None:
    fields: dict[str, Value] = {"failed": 0, "passed": 12, "critical": 0}
    read = ("test.passed", "test.failed", "stable.test.critical", "other.critical")

    assert key_figures(stage(("test.failed == 0",), fields), read) == [
        ("failed", "0"),
        ("passed", "12"),
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "yes"), (False, "no"), (0.1, "0.1"), (12, "12"), ("a b", "a b")],
)
def test_a_figure_is_written_as_people_read_it(value: Value, written: str) -> None:
    assert key_figures(stage(("test.x == 1",), {"x": value})) == [("x", written)]


def test_a_result_of_an_earlier_run_says_so() -> None:
    end = stage(("test.failed == 0",), {"failed": 0}, cached="R/test/1")

    assert "  ✓ test  12 passed  (from an earlier run)\n" in release_text(
        row(stages=(end,)), NOTHING, []
    )


def test_uncommitted_changes_are_said() -> None:
    text = release_text(row(run=replace(RUN, dirty=True)), NOTHING, [])

    assert f"  commit     {'c' * 40} (main), with uncommitted changes\n" in text


def test_a_release_older_than_the_log_says_that_the_rest_was_pruned() -> None:
    pruned = row(standing=Standing.FOUND, before=None, run=None, stages=())

    text = release_text(pruned, None, [])

    assert "What changed: not known any more, the log was pruned\n" in text
    assert "Evidence: none in this log any more" in text
    assert json.loads(release_document(pruned, None))["pipeline"] is None


def test_a_release_that_was_found_says_that_nothing_is_known_of_it() -> None:
    found = row(
        standing=Standing.FOUND,
        before=None,
        release=release("x"),
        stages=(stage((), {}),),
    )

    text = release_text(found, None, [])

    assert "What changed: not known, it came there without this log" in text
    assert "Evidence: none in this log; run X8Y9Z0AA found it live" in text
    assert "12 passed" not in text
    assert "(main)" not in text  # the branch of the run that found it is not its own


def test_a_rollout_that_has_just_begun_has_no_end_and_no_evidence() -> None:
    text = release_text(row(standing=Standing.UNDER_WAY, end_ts=None), NOTHING, [])

    assert text.startswith("v2 in production: under way, live\n")
    assert f"  when       {START:%Y-%m-%d %H:%M} UTC\n" in text
    assert "  no stage of this run has ended\n" in text


def test_what_cannot_be_told_says_why_and_what_to_do() -> None:
    text = release_text(ROW, NoNotes("this clone is young", "wait a little"), [])

    assert (
        "What changed: cannot be told, this clone is young\n  wait a little\n" in text
    )
    document = json.loads(release_document(ROW, NoNotes("young", "wait")))
    assert document["notes"] == {"unknown": "young", "hint": "wait"}


def test_a_long_list_is_cut_and_says_how_much_is_left_out() -> None:
    changes = tuple(Change("d" * 40, "Ann", "x" * 200) for _ in range(3))
    notes = ReleaseNotes(changes, 7, changes[:1], 1, shallow=True)

    lines = release_text(ROW, notes, []).splitlines()

    place = lines.index("What changed since v1: 7 commits touch this service")
    commit = f"  dddddddddddd  {'x' * 99}… (Ann)"
    assert lines[place + 1 : place + 9] == [
        *([commit] * 3),
        "  ... and 4 more",
        "Taken back from v1: 1 commit touches this service",
        commit,
        "  this clone is shallow, so commits may be missing here:",
        "  `git fetch --unshallow` gets them",
    ]


def test_a_command_to_copy_holds_nothing_that_a_shell_obeys() -> None:
    evil = replace(ROW.release, reference="x; rm -rf $HOME", commit="`id`")

    text = release_text(row(release=evil), NOTHING, [])

    assert "docker pull 'x; rm -rf $HOME'\n" in f"{text}\n"
    assert "git show --no-patch '`id`'\n" in text


def is_harmless(line: str) -> bool:
    """No control, format, surrogate or unassigned character, no end of a line."""
    categories = {unicodedata.category(char) for char in line}
    return not any(each[0] == "C" or each in {"Zl", "Zp"} for each in categories)


anything = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\n\r\t\x1b\x07\u202e\u2028"),
    max_size=40,
)


@given(anything, anything, anything, anything)
def test_nothing_that_somebody_wrote_reaches_the_terminal(
    subject: str, author: str, name: str, reason: str
) -> None:
    evil = row(
        release=replace(ROW.release, name=name, commit=author, reference=subject),
        before=replace(ROW.release, name=reason),
        environment=name,
        reason=reason,
        run=replace(RUN, branch=subject, commit=author),
        stages=(stage(("test.x == 1",), {"x": subject}),),
    )
    changes = (Change(author, author, subject),)
    notes = ReleaseNotes(changes, 1, changes, 1)

    text = release_text(evil, notes, [name])
    table = release_table([evil, evil])

    assert all(map(is_harmless, text.split("\n")))
    assert len(text.split("\n")) < 30
    assert len(table.split("\n")) == 3
    assert all(map(is_harmless, table.split("\n")))
    assert release_document(evil, notes).isascii()
    assert releases_document([evil]).isascii()
