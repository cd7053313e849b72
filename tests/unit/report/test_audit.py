"""Unit tests of `sluicegate.report.audit`."""

import dataclasses
import json

import pytest

from sluicegate.report.audit import (
    Verification,
    verification_document,
    verification_text,
)

SOUND = Verification(
    origin="log.example/churn",
    size=3,
    root="j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=",
    vkey="log.example/churn+00000000+AQ==",
    key_source="given with --key",
    evidence_files=2,
    seen=None,
    problems=(),
)
HOSTILE = "\x1b[2J\rok \u202eevil\n\u2028\x00"


def test_a_sound_log_says_what_that_rests_on() -> None:
    assert verification_text(SOUND) == (
        "✓ the log of log.example/churn is what was written\n"
        "  entries   3\n"
        "  root      j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=\n"
        "  key       log.example/churn+00000000+AQ==\n"
        "            from given with --key\n"
        "  seen      never before on this machine: a rollback would not be noticed\n"
        "  evidence  2 files agree"
    )


def test_problems_come_first_and_are_counted() -> None:
    found = dataclasses.replace(
        SOUND, problems=("tile/0/000: missing", HOSTILE), seen=5, evidence_files=None
    )

    lines = verification_text(found).splitlines()

    assert lines[0] == "✗ tile/0/000: missing"
    assert lines[2] == "2 problems found"
    assert "  seen      before on this machine, with 5 entries" in lines
    assert "  evidence  not checked" in lines
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("files", "text"), [(0, "0 files agree"), (1, "1 file agrees")]
)
def test_evidence_is_counted(files: int, text: str) -> None:
    found = dataclasses.replace(SOUND, evidence_files=files)

    assert verification_text(found).endswith(f"  evidence  {text}")


def test_a_verification_is_one_document() -> None:
    found = dataclasses.replace(SOUND, problems=("tile/0/000: missing",))

    assert json.loads(verification_document(found)) == {
        "ok": False,
        "origin": "log.example/churn",
        "size": 3,
        "root": "j5Rs/mJeJOXTozz3dYLpLHtcNGhSoFu3UVXv17kt24w=",
        "problems": ["tile/0/000: missing"],
        "key": "log.example/churn+00000000+AQ==",
        "key_source": "given with --key",
        "evidence_files": 2,
        "seen": None,
    }


UNREAD = Verification(
    origin="",
    size=0,
    root="",
    vkey="",
    key_source="given with --key",
    evidence_files=None,
    seen=None,
    problems=("there is no log here",),
)


def test_without_a_checkpoint_nothing_is_said_of_what_was_not_read() -> None:
    assert verification_text(UNREAD) == "✗ there is no log here\n1 problem found"
    assert verification_text(dataclasses.replace(UNREAD, seen=49)).endswith(
        "\n  seen      before on this machine, with 49 entries"
    )


def test_without_a_checkpoint_what_is_unknown_is_null() -> None:
    document = json.loads(verification_document(UNREAD))

    unknown = {"origin", "size", "root", "key", "key_source", "evidence_files", "seen"}
    assert {key for key, value in document.items() if value is None} == unknown
    assert document["problems"] == ["there is no log here"]
