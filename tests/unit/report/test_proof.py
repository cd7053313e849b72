"""Unit tests of `sluicegate.report.proof`."""

import json
from base64 import b64decode
from dataclasses import replace

import pytest

from sluicegate.report.audit import Cosigner, Witnessed
from sluicegate.report.entry import ShownEntry
from sluicegate.report.proof import (
    growth_document,
    growth_text,
    proof_document,
    proof_text,
    refusal_document,
    refusal_text,
    written_text,
)

HOSTILE = "\x1b[2J\rok \u202eevil\n\u2028\x00"
SHOWN = ShownEntry(
    index=7,
    entry=b'{"type":"run.started"}',
    leaf=bytes(32),
    origin="log.example/churn",
    size=300,
    root="cm9vdA==",
    vkey="log.example/churn+00000000+AQ==",
    key_source="the key given with --key",
)
WITNESSED = Witnessed("1 of w1", True, 300, (Cosigner("w1", 300, 1795305600),), ("w2",))  # noqa: FBT003 - a field


def test_what_was_written_can_be_checked_by_copying_a_line() -> None:
    assert written_text(SHOWN, "p.tlog-proof") == (
        "✓ p.tlog-proof proves entry 7 of log.example/churn, as of 300 entries\n"
        "  check it anywhere: sluice audit verify --proof p.tlog-proof "
        "--key 'log.example/churn+00000000+AQ=='"
    )


def test_a_proven_entry_is_shown_with_who_vouches_for_it() -> None:
    lines = proof_text(SHOWN, WITNESSED).splitlines()

    assert lines[0] == "✓ this entry is in the log of log.example/churn"
    assert "type       run.started" in lines
    assert lines[-3:] == [
        "witnesses 1 of w1 vouch for all of it",
        "witnesses w1: 300 entries on 2026-11-22 00:00:00Z",
        "witnesses w2: nothing",
    ]


@pytest.mark.parametrize("entry", [b"", b"\xff", b"[]", b"[" * 100_000, b"7"])
def test_an_entry_that_is_no_object_is_told_by_its_digest(entry: bytes) -> None:
    shown = replace(SHOWN, entry=entry)

    assert f"bytes     {len(entry)}, no JSON object; SHA-256 " in proof_text(
        shown, None
    )
    document = json.loads(proof_document(shown, None))
    assert (document["entry"], document["witnesses"]) == (None, None)
    assert b64decode(document["entry_base64"]) == entry


def test_a_proof_is_one_document() -> None:
    document = json.loads(proof_document(SHOWN, WITNESSED))

    assert (document["ok"], document["problems"], document["index"]) == (True, [], 7)
    assert document["entry"] == {"type": "run.started"}
    assert document["checkpoint"]["size"] == 300
    assert document["witnesses"]["missing"] == ["w2"]


def test_a_refusal_says_why() -> None:
    assert refusal_text("no") == "✗ the proof does not hold: no"
    assert json.loads(refusal_document("no")) == {"ok": False, "problems": ["no"]}


def test_growth_is_said_with_both_states() -> None:
    text = growth_text("log.example/churn", (7, "YQ=="), (300, "Yg=="), [bytes(32)])

    assert text == (
        "✓ the log of log.example/churn only grew: the first 7 entries are what they "
        "were\n"
        "  old      7 entries, root YQ==\n"
        "  new    300 entries, root Yg==\n"
        "  proof  1 hashes; --json shows them"
    )
    document = json.loads(growth_document("o", (7, "YQ=="), (300, "Yg=="), [bytes(32)]))
    assert document["new"] == {"size": 300, "root": "Yg=="}
    assert b64decode(document["proof"][0]) == bytes(32)


def test_whatever_is_in_a_proof_is_harmless_to_look_at() -> None:
    shown = replace(
        SHOWN, origin=HOSTILE, vkey=HOSTILE, key_source=HOSTILE, entry=b"\x1b[2J"
    )
    witnessed = replace(WITNESSED, quorum=HOSTILE, missing=(HOSTILE,))
    texts = [
        written_text(shown, "p"),
        proof_text(shown, witnessed),
        refusal_text(HOSTILE),
        growth_text(HOSTILE, (1, ""), (1, ""), []),
    ]

    assert all(line.isprintable() for text in texts for line in text.split("\n"))
    assert proof_document(shown, witnessed).isascii()
