"""Unit tests of `sluicegate.report.attestations`."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from sluicegate.model.digest import Digest
from sluicegate.model.publication import Attached, PublishedImage
from sluicegate.report.attestations import (
    Attested,
    Outcome,
    attested_document,
    attested_text,
)
from sluicegate.report.export.attestations import Attestation

IMAGE = PublishedImage("ghcr.io/acme/model:v1", Digest("d" * 64), "x", 9)
ONE = Attestation(
    "svr", "https://x/svr/v0.2", "li\x1bnt", 7, datetime(2026, 11, 22, tzinfo=UTC),
    b"{}", (IMAGE,),
)  # fmt: skip
AT = Attached(Digest("a" * 64), was_there=False)
OUTCOME = Outcome(
    name="v1",
    commit="c" * 40,
    run_id="R1",
    signed_by="log.example/churn+1a2b3c4d+AQ",
    images=((IMAGE, Digest("b" * 64)),),
    statements=(
        Attested(ONE, (AT,)),
        Attested(ONE, (replace(AT, was_there=True),)),
        Attested(replace(ONE, images=())),
    ),
    left_out=("build: it was pruned",),
    written=None,
    pushed=True,
)


def test_a_person_is_told_what_is_where_and_what_is_missing() -> None:
    text = attested_text(OUTCOME)

    assert "✓ 3 statements about release v1" in text
    assert f"ghcr.io/acme/model@sha256:{'d' * 64}" in text
    assert "attached 1 to what was published, 1 were there" in text
    assert "1 are about something else than the image" in text
    assert "left out build: it was pruned" in text
    assert "written" not in text


def test_what_is_not_signed_is_not_called_so() -> None:
    outcome = replace(OUTCOME, signed_by=None, written="x.jsonl", pushed=False)

    text = attested_text(outcome)

    assert "signed   not: anybody can change them" in text
    assert "attached" not in text
    assert json.loads(attested_document(outcome))["signed_by"] is None


def test_names_cannot_draw_on_the_terminal() -> None:
    assert "\x1b" not in attested_text(OUTCOME)


def test_the_document_names_digests_and_manifests() -> None:
    document = json.loads(attested_document(OUTCOME))

    assert document["images"] == [
        {
            "repository": "ghcr.io/acme/model",
            "digest": f"sha256:{'d' * 64}",
            "image_id": f"sha256:{'b' * 64}",
        }
    ]
    first = document["statements"][0]
    assert first["digest"] == str(Digest.of(b"{}"))
    assert first["subjects"] == [f"sha256:{'d' * 64}"]
    assert first["attached"] == [{"manifest": str(AT.digest), "was_there": False}]
