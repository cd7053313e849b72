"""Unit tests of `sluicegate.report.audit`."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from sluicegate.model.retention import Keeping, Promise
from sluicegate.report.audit import (
    Cosigner,
    Unfinished,
    Verification,
    Witnessed,
    verification_document,
    verification_text,
)

SOUND = Verification(
    origin="log.example/churn",
    size=3,
    root="j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=",
    vkey="log.example/churn+00000000+AQ==",
    key_source="the key given with --key",
    key_outside=True,
    evidence_files=2,
    seen=None,
    held=False,
    problems=(),
    store=Promise(Keeping.KEPT, "nothing deletes it"),
)
HOSTILE = "\x1b[2J\rok \u202eevil\n\u2028\x00"
WITNESSED = Witnessed(
    quorum="2 of w1, w2",
    reached=True,
    size=3,
    signed=(
        Cosigner("witness.example/w1", 3, 1795305600),
        Cosigner("witness.example/w2", 3, 1795305601),
    ),
    missing=(),
)


def lines(**changes: object) -> list[str]:
    text = verification_text(dataclasses.replace(SOUND, **changes))  # type: ignore[arg-type] # test values
    return text.splitlines()


def test_a_sound_log_says_what_that_rests_on() -> None:
    assert verification_text(SOUND) == (
        "✓ the log of log.example/churn is what was written\n"
        "  entries    3\n"
        "  root       j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=\n"
        "  key        log.example/churn+00000000+AQ==\n"
        "             from the key given with --key\n"
        "  seen       never before on this machine: a rollback would not be noticed\n"
        "  store      kept: nothing deletes it\n"
        "  evidence   2 files agree"
    )


def test_all_there_is_to_say_is_said_in_a_few_lines() -> None:
    at = datetime(2026, 11, 22, 10, 3, tzinfo=UTC)

    assert lines(
        seen=2,
        held=True,
        witnessed=dataclasses.replace(
            WITNESSED, size=2, missing=("witness.example/w3",)
        ),
        min_index=256,
        unfinished=[Unfinished("01JDA2Z9M3Q4T5V6W7X8Y9Z0AA", 1, at)],
        unknown={"moon.full": 1},
    )[1:] == [
        "  entries    3; those before 256 were pruned, their hashes were not",
        "  root       j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=",
        "  key        log.example/churn+00000000+AQ==",
        "             from the key given with --key",
        "  seen       before on this machine, with 2 entries",
        "  witnesses  2 of w1, w2 vouch for 2 entries, 1 newer one is pending",
        "             witness.example/w1: 3 entries on 2026-11-22 00:00:00Z",
        "             witness.example/w2: 3 entries on 2026-11-22 00:00:01Z",
        "             witness.example/w3: nothing",
        "  store      kept: nothing deletes it",
        "  evidence   2 files agree",
        "  open runs  1 has not finished: X8Y9Z0AA since 2026-11-22 10:03:00Z",
        "  unknown    1 entry of a newer version: moon.full (1)",
    ]


def test_signatures_that_hold_or_were_not_checked_are_counted() -> None:
    assert "  statements 1 signature holds" in lines(signatures=1)
    assert lines(unchecked={"keys of a new type": 2, "evidence": 1})[-3:] == [
        "  statements 0 signatures hold",
        "             1 signature not checked: evidence",
        "             2 signatures not checked: keys of a new type",
    ]


def test_answers_that_nobody_has_signed_are_counted_apart() -> None:
    one = "  attested   1 answer is as a code host gave it; not signed"
    two = "  attested   2 answers are as a code host gave them; not signed"

    assert one in lines(attested=1)
    assert two in lines(attested=2)


def test_problems_come_first_and_are_counted() -> None:
    found = lines(
        problems=("tile/0/000: missing", HOSTILE), seen=5, evidence_files=None
    )

    assert found[0] == "✗ tile/0/000: missing"
    assert found[2] == "2 problems found"
    assert (
        "  seen       before on this machine, with 5 entries, which this log does not "
        "extend"
    ) in found
    assert "  evidence   not checked" in found
    assert all(line.isprintable() for line in found)


@pytest.mark.parametrize(
    ("files", "text"), [(0, "0 files agree"), (1, "1 file agrees")]
)
def test_evidence_is_counted(files: int, text: str) -> None:
    assert lines(evidence_files=files)[-1] == f"  evidence   {text}"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "2 of w1, w2 vouch for all of it"),
        ({"size": 1}, "2 of w1, w2 vouch for 1 entries, 2 newer ones are pending"),
        ({"reached": False, "size": 0}, "2 of w1, w2: no quorum"),
    ],
)
def test_what_witnesses_vouch_for_is_said(changes: dict[str, int], text: str) -> None:
    found = lines(witnessed=dataclasses.replace(WITNESSED, **changes))  # type: ignore[arg-type] # test values

    assert f"  witnesses  {text}" in found


def test_a_witness_with_an_impossible_clock_breaks_nothing() -> None:
    late = Cosigner("w", 3, 2**63 - 1)

    found = lines(witnessed=dataclasses.replace(WITNESSED, signed=(late,)))

    assert "             w: 3 entries at an impossible time" in found


def test_of_many_open_runs_the_newest_are_named() -> None:
    runs = [
        Unfinished(f"R{number}", number, datetime(2026, 1, number, tzinfo=UTC))
        for number in range(1, 9)
    ]

    assert lines(unfinished=runs)[-1] == (
        "  open runs  8 have not finished: the newest R8 since 2026-01-08 00:00:00Z, "
        "R7 since 2026-01-07 00:00:00Z, R6 since 2026-01-06 00:00:00Z"
    )


def test_of_many_doubtful_times_the_first_are_told() -> None:
    doubts = [f"entry {number} says noon" for number in range(1, 6)]

    assert lines(doubts=doubts)[-4:] == [
        "  times      entry 1 says noon",
        "             entry 2 says noon",
        "             entry 3 says noon",
        "             2 more; --json names 100",
    ]


def test_what_comes_out_of_a_log_is_harmless_everywhere() -> None:
    hostile = dataclasses.replace(
        SOUND,
        origin=HOSTILE,
        vkey=HOSTILE,
        key_source=HOSTILE,
        witnessed=dataclasses.replace(
            WITNESSED,
            quorum=HOSTILE,
            missing=(HOSTILE,),
            signed=(Cosigner(HOSTILE, 1, 1),),
        ),
        store=Promise(Keeping.KEPT, HOSTILE),
        unfinished=[Unfinished(HOSTILE, 1, datetime(2026, 1, 1, tzinfo=UTC))],
        unknown={HOSTILE: 1},
        unchecked={HOSTILE: 1},
        doubts=(HOSTILE,),
    )

    assert all(line.isprintable() for line in verification_text(hostile).split("\n"))
    assert verification_document(hostile).isascii()


def test_a_verification_is_one_document() -> None:
    found = dataclasses.replace(
        SOUND,
        problems=("tile/0/000: missing",),
        seen=2,
        held=True,
        witnessed=WITNESSED,
        unfinished=[Unfinished("R1", 1, datetime(2026, 1, 1, tzinfo=UTC))],
        unknown={"moon.full": 2},
        signatures=2,
        unchecked={"the moon": 1},
        doubts=("entry 2 says noon",),
    )

    assert json.loads(verification_document(found)) == {
        "ok": False,
        "origin": "log.example/churn",
        "size": 3,
        "root": "j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=",
        "problems": ["tile/0/000: missing"],
        "key": "log.example/churn+00000000+AQ==",
        "key_source": "the key given with --key",
        "key_from_outside": True,
        "seen": 2,
        "seen_held": True,
        "witnesses": {
            "quorum": "2 of w1, w2",
            "reached": True,
            "size": 3,
            "signed": [
                {"name": "witness.example/w1", "size": 3, "time": 1795305600},
                {"name": "witness.example/w2", "size": 3, "time": 1795305601},
            ],
            "missing": [],
        },
        "anchor": None,
        "store": {"keeping": "kept", "statement": "nothing deletes it"},
        "evidence_files": 2,
        "attested": 0,
        "signatures": {"hold": 2, "not_checked": {"the moon": 1}},
        "doubtful_times": {"count": 1, "first": ["entry 2 says noon"]},
        "pruned_before": 0,
        "open_runs": [
            {"run_id": "R1", "index": 1, "since": "2026-01-01T00:00:00+00:00"}
        ],
        "unknown_types": {"moon.full": 2},
    }


UNREAD = Verification(
    origin="",
    size=0,
    root="",
    vkey="",
    key_source="the key given with --key",
    key_outside=True,
    evidence_files=None,
    seen=None,
    held=False,
    problems=("there is no log here",),
)


def test_without_a_checkpoint_nothing_is_said_of_what_was_not_read() -> None:
    assert verification_text(UNREAD) == "✗ there is no log here\n1 problem found"
    assert verification_text(dataclasses.replace(UNREAD, seen=49)).endswith(
        "\n  seen       before on this machine, with 49 entries"
    )


def test_without_a_checkpoint_what_is_unknown_is_null() -> None:
    document = json.loads(verification_document(UNREAD))

    known = {key for key, value in document.items() if value is not None}
    assert known == {"ok", "problems"}
    assert document["problems"] == ["there is no log here"]
