"""Unit tests of `sluicegate.report.request`: what somebody sees who decides."""

import json
import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes import START
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.difference import Difference, FileDifference
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult, GateRecord, StageFinished
from sluicegate.model.evidence import Evidence
from sluicegate.model.release_notes import NoNotes
from sluicegate.model.release_request import (
    Answer,
    Artifact,
    ArtifactKind,
    Change,
    LiveRelease,
    ReleaseRequest,
    StageEvidence,
)
from sluicegate.report.request import (
    Given,
    RequestView,
    Standing,
    Tone,
    list_lines,
    request_lines,
    request_text,
)
from sluicegate.report.request_document import (
    request_document,
    request_markdown,
    requests_document,
)

RUN_ID = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"
REQUEST = ReleaseRequest(
    log="example.org/churn",
    repository="https://example.org/churn",
    environment="production",
    run_id=RUN_ID,
    stage="canary",
    pipeline="churn_release_v1.0",
    definition=Digest.of(b"definition"),
    commit="c" * 40,
    release="v2",
    artifacts=(
        Artifact("ghcr.io/acme/churn", ArtifactKind.MANIFEST, Digest.of(b"manifest")),
        Artifact("ghcr.io/acme/churn", ArtifactKind.CONFIG, Digest.of(b"config")),
    ),
    evidence=(StageEvidence("test", f"{RUN_ID}/test/1", Digest.of(b"evidence")),),
    policy=Digest.of(b"policy"),
    policy_branch="refs/heads/main",
    policy_commit="d" * 40,
    live=LiveRelease("v1", "b" * 40, Digest.of(b"live")),
    changes=(Change("c" * 40, ("ann@example.org",), "Speed up"),),
    requester=("user:1000",),
    pusher=("ann@example.org",),
    created=START,
    expires=START + timedelta(days=3),
    nonce="0" * 32,
)
VIEW = RequestView(Digest.of(b"request"), REQUEST, resume=f"sluice resume {RUN_ID}")
NOW = START + timedelta(hours=2)


def view(**changes: Any) -> RequestView:  # noqa: ANN401 - of any field
    return replace(VIEW, **changes)


def asked(**changes: Any) -> RequestView:  # noqa: ANN401 - of any field
    return view(request=replace(REQUEST, **changes))


def ended(stage: str = "test", **fields: int) -> StageFinished:
    judged = tuple(
        ConditionResult(f"{stage}.{name} == {value}", Verdict.OPEN, "so it is")
        for name, value in fields.items()
    )
    return StageFinished(
        stage=stage,
        attempt=1,
        outcome=Outcome.OPEN,
        reason="all hold",
        gate=GateRecord(Digest.of(b""), Verdict.OPEN, judged),
        evidence=Evidence(fields),
        tools=(),
        subjects=(),
        usage=ResourceUsage(wall_ms=1200),
        start_ts=START,
        end_ts=START,
    )


def test_the_digests_of_what_is_released_are_whole() -> None:
    text = request_text(VIEW, NOW)

    assert VIEW.id.hex in text
    assert str(Digest.of(b"manifest")) in text
    assert str(Digest.of(b"config")) in text
    assert "c" * 40 in text


def test_everything_but_free_text_fits_in_80_columns() -> None:
    shown = request_lines(view(stages=(ended(failed=0),), missing=("bob",)), NOW)

    assert [line.text for line in shown if len(line.text) > 80] == []


def test_what_replaces_what_from_whom_and_for_how_long_is_said() -> None:
    text = request_text(VIEW, NOW)

    assert "release v2 into production" in text
    assert "replaces  v1, commit bbbbbbbbbbbb" in text
    assert "asked by  user:1000" in text
    assert "in 2 days" in text
    assert "What changed since v1: 1 commit" in text
    assert "ann@example.org" in text


def test_a_first_release_says_that_nothing_is_replaced() -> None:
    text = request_text(asked(live=None), NOW)

    assert "replaces" not in text
    assert "1 commit, all of them new there" in text


def test_a_rollback_says_so_at_once() -> None:
    assert request_text(asked(rollback=True), NOW).startswith("ROLLBACK to v2")


def test_evidence_shows_the_figures_that_gates_have_judged() -> None:
    text = request_text(view(stages=(ended(failed=0, passed=120),)), NOW)

    assert "✓ test  all hold" in text
    assert "failed 0 · passed 120" in text


def test_evidence_shows_the_figures_that_the_rules_of_the_environment_read() -> None:
    scanned = replace(ended("scan"), evidence=Evidence({"critical": 3, "low": 7}))
    seen = view(stages=(scanned,), judged=("scan.critical", "stable.scan.critical"))

    assert "critical 3" in request_text(seen, NOW)
    assert "critical 3" in request_markdown(seen)
    assert "low" not in request_text(seen, NOW)


def test_evidence_that_is_not_known_is_called_that() -> None:
    text = request_text(VIEW, NOW)

    assert "Evidence: what it says is not known here" in text
    assert f"{Digest.of(b'evidence').short}  test" in text


def test_files_are_listed_the_biggest_changes_alone_and_all_are_counted() -> None:
    files = tuple(FileDifference(f"src/{n:02d}.py", n, 0) for n in range(20))
    text = request_text(view(difference=Difference(files)), NOW)

    assert "20 files: +190 -0 lines" in text
    assert "src/19.py" in text
    assert "src/03.py" not in text
    assert "... and 8 more, changed less" in text


def test_a_file_that_is_not_text_is_among_the_biggest() -> None:
    files = (
        *(FileDifference(f"{n}.py", 9, 9) for n in range(20)),
        FileDifference("model.bin", None, None, before="old.bin"),
    )
    text = request_text(view(difference=Difference(files)), NOW)

    assert "model.bin  not text  was old.bin" in text


def test_files_that_are_not_known_say_why() -> None:
    unknown = NoNotes("this clone does not have cccccccccccc", "`git fetch --all`")
    text = request_text(view(difference=unknown), NOW)

    assert (
        "not known, this clone does not have cccccccccccc (`git fetch --all`)" in text
    )


def test_answers_say_whether_they_count() -> None:
    said = request_text(
        view(
            answers=(
                Given("bob", Answer.APPROVE, "looks good", START),
                Given("ann", Answer.APPROVE, "", START, flaw="an author of cccc"),
                Given("eve", Answer.REJECT, "no", NOW, waits=True),
            )
        ),
        NOW,
    )

    assert "bob said yes 2 h ago: looks good" in said
    assert "ann said yes 2 h ago  (does not count: an author of cccc)" in said
    assert "eve said NO just now: no  (waits in the inbox, not taken in yet)" in said


def test_a_request_without_a_log_does_not_seem_open() -> None:
    text = request_text(view(standing=Standing.UNKNOWN, because="no log is here"), NOW)

    assert "How it stands is not known: no log is here" in text
    assert "Nothing is missing" not in text


@pytest.mark.parametrize(
    "standing", [each for each in Standing if each.value not in {"open", "unknown"}]
)
def test_a_request_that_cannot_be_answered_says_why(standing: Standing) -> None:
    text = request_text(view(standing=standing, because="of this"), NOW)

    assert f"This request is {standing.value}: of this" in text
    assert "Nothing is missing" not in text


def test_what_is_unusual_comes_last_where_it_stays_in_sight() -> None:
    lines = request_lines(view(unusual=("a rollback", "a stranger")), NOW)

    assert [line.text for line in lines[-3:]] == [
        "UNUSUAL",
        "  ! a rollback",
        "  ! a stranger",
    ]
    assert {line.tone for line in lines[-3:]} == {Tone.WARNING}


def test_characters_that_do_not_show_are_written_out() -> None:
    hidden = Change("c" * 40, ("a\u202e@example.org",), "fix \u200b\x1b[2Jlogin\n$ yes")
    text = request_text(asked(changes=(hidden,), release="v\u20662"), NOW)

    assert "fix \\u200b\\x1b[2Jlogin $ yes" in text
    assert "a\\u202e@example.org" in text
    assert "release v\\u20662 into" in text


def test_blanks_in_a_row_draw_no_second_line() -> None:
    subject = f"fix{' ' * 70}Nothing is missing."
    text = request_text(asked(changes=(Change("c" * 40, (), subject),)), NOW)

    assert "  cccccccccccc  fix Nothing is missing." in text.splitlines()


HOSTILE = st.text(max_size=30)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_text_from_outside_obeys_on_a_terminal(
    subject: str, person: str, reason: str, path: str
) -> None:
    hostile = replace(
        asked(
            changes=(Change(subject, (person,), subject),),
            requester=(person,),
            release=reason,
        ),
        answers=(Given(person, Answer.APPROVE, reason, START, reason),),
        unusual=(reason,),
        missing=(person,),
        difference=Difference((FileDifference(path, 1, 1, path),)),
    )
    for line in request_lines(hostile, NOW):
        assert all(unicodedata.category(char)[0] != "C" for char in line.text)
        assert not {"\u2028", "\u2029"} & set(line.text)


@given(HOSTILE)
def test_no_text_from_outside_is_markup_in_markdown(subject: str) -> None:
    plain = request_markdown(asked(changes=(Change("c" * 40, (), "plain"),)))
    hostile = request_markdown(asked(changes=(Change("c" * 40, (), subject),)))

    assert len(hostile.splitlines()) == len(plain.splitlines())
    line = next(each for each in hostile.splitlines() if each.startswith("- <code>ccc"))
    written = line.removeprefix("- <code>cccccccccccc</code> ")
    written = written.replace("<span>&#64;</span>", "")
    assert not set("`*[]@|_~\\") & set(written)
    assert written.count("<") in {0, 2}


def test_the_document_holds_every_digest_whole() -> None:
    found = json.loads(request_document(VIEW))

    assert found["request"] == str(VIEW.id)
    assert found["artifacts"][0] == {
        "name": "ghcr.io/acme/churn",
        "kind": "manifest",
        "digest": str(Digest.of(b"manifest")),
    }
    assert found["expires"] == "2026-11-25T00:00:00.000Z"
    assert found["approve"] == f"sluice approve {VIEW.id.hex}"


def test_a_document_that_is_looked_at_obeys_nobody() -> None:
    subject = "fix \u202e\u200b\x1b[2J"
    text = request_document(asked(changes=(Change("c" * 40, (), subject),)))

    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["changes"][0]["subject"] == subject


def test_a_list_of_requests_is_in_the_order_given() -> None:
    others = [VIEW, view(id=Digest.of(b"other"))]
    found = json.loads(requests_document(others))

    assert [one["request"] for one in found["requests"]] == [str(o.id) for o in others]


def test_markdown_shows_what_counts() -> None:
    text = request_markdown(
        view(
            stages=(ended(failed=0),), unusual=("a rollback",), missing=("one of @ml",)
        )
    )

    assert "### Release <code>v2</code> into <code>production</code>" in text
    assert "#### Unusual\n\n- <code>a rollback</code>" in text
    assert "one of <span>&#64;</span>ml" in text
    assert f"`sluice approve {VIEW.id.short}`" in text


def test_a_service_among_several_is_named_in_what_is_typed() -> None:
    waiting = view(missing=("bob",), workflow="approve.yml", service="api")
    assert "-f decision=approve -f service=api`" in listed(waiting)


def listed(*views: RequestView) -> str:
    return "\n".join(line.text for line in list_lines(views, NOW))


def test_a_list_says_of_an_open_request_who_is_missing_and_what_to_type() -> None:
    text = listed(view(missing=("1 more (bob may)",)))

    assert f"{VIEW.id.short}  production  release v2, asked 2 h ago" in text
    assert "missing: 1 more (bob may)" in text
    assert text.endswith(f"`sluice approve {VIEW.id.short}`")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, f"`sluice resume {RUN_ID}` goes on"),
        (
            {"is_stale": True, "missing": ("the rules have changed",)},
            f"`sluice resume {RUN_ID}` asks anew",
        ),
        (
            {"standing": Standing.USED, "because": "entry 9 used it"},
            "    entry 9 used it",
        ),
    ],
    ids=["nothing missing", "other rules", "used"],
)
def test_a_list_names_no_command_that_would_do_nothing(
    changes: dict[str, Any], said: str
) -> None:
    text = listed(view(**changes))

    assert text.endswith(said)
    assert "sluice approve" not in text


def test_a_list_says_of_an_answer_that_waits_what_takes_it_in() -> None:
    waiting = Given("ann", Answer.APPROVE, "", NOW, waits=True)
    text = listed(view(answers=(waiting,), missing=("2 more",)))

    assert "ann said yes just now  (waits in the inbox, not taken in yet)" in text
    assert f"`sluice resume {RUN_ID}` goes on" in text
    assert f"`sluice approve {VIEW.id.short}`" in text
