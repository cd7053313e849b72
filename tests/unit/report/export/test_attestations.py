"""Unit tests of statements about what was released."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from in_toto_statements import check

from sluicegate.model import event as model
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Evidence
from sluicegate.model.publication import PublishedImage
from sluicegate.report.entries import Row
from sluicegate.report.export.attestations import (
    Attestation,
    attest,
    find_publications,
)
from sluicegate.report.export.logged import Logged, LogHead, Moment

AT = datetime(2026, 11, 22, 6, 0, 0, tzinfo=UTC)
COMMIT = "a" * 40
IDS = Digest("b" * 64), Digest("c" * 64)
SERVED = tuple(
    PublishedImage(f"ghcr.io/acme/{name}:v1", Digest(digit * 64), "x", 9)
    for name, digit in (("model", "d"), ("worker", "e"))
)
STAGES = tuple(
    model.PlannedStage(name, kind, ())
    for name, kind in (("build", "docker-build"), ("lint", "ruff"), ("pub", "publish"))
)
STARTED = model.RunStarted(
    "churn_release_v1.0", Digest("1" * 64), COMMIT, "main", dirty=False,
    stages=STAGES, start_ts=AT,
)  # fmt: skip


def logged(index: int, event: model.Event, run_id: str = "R1") -> Logged:
    row = Row(
        index, AT, "kind", "text", run_id=run_id, repo="https://h.example/a/c",
        commit=COMMIT, event_id=f"E{index}",
    )  # fmt: skip
    return Logged(row, f"entry {index}".encode(), event, f"{run_id}/x/1", "1.0.0")


def finished(stage: str, *subjects: Digest, cached: str | None = None) -> Logged:
    event = model.StageFinished(
        stage,
        1,
        Outcome.OPEN,
        "",
        model.GateRecord(
            Digest("2" * 64),
            Verdict.OPEN,
            (model.ConditionResult("a == 1", Verdict.OPEN, ""),),
        ),
        Evidence({"a": 1, "share": 0.5}),
        (),
        tuple(("ghcr.io/acme/model", each) for each in subjects),
        ResourceUsage(1),
        AT,
        AT + timedelta(seconds=1),
        cached=cached,
    )
    return logged(7, event)


def confirmed(*which: int) -> list[Logged]:
    return [
        logged(20 + n, model.PublishConfirmed("pub", IDS[n], (SERVED[n],)))
        for n in which
    ]


def moment(entry: Logged, size: int = 30) -> Moment:
    return Moment(
        LogHead("log.example/c", size, "R" * 43 + "="), entry, STARTED, None, str
    )


def about(
    entry: Logged, published: Sequence[Logged], taken: Moment | None = None
) -> list[tuple[Attestation, dict[str, Any]]]:
    found = list(attest(moment(entry), find_publications(published), taken))
    read = [(each, json.loads(each.payload)) for each in found]
    for _, statement in read:
        check(statement)
    return read


def sha(served: PublishedImage) -> dict[str, str]:
    return {"sha256": served.digest.hex}


def test_an_images_id_becomes_the_digest_that_the_registry_serves() -> None:
    found = about(finished("build", IDS[0]), confirmed(0, 1))

    assert [each.name for each, _ in found] == ["provenance", "svr"]
    for each, statement in found:
        assert each.images == (SERVED[0],)
        assert statement["subject"] == [
            {"name": "ghcr.io/acme/model", "digest": sha(SERVED[0])}
        ]
        (link,) = statement["predicate"]["sluicegate_log"]["published"]
        assert link["index"] == 20
        assert link["imageId"] == {"sha256": IDS[0].hex}


def test_what_is_about_the_commit_is_about_every_image_made_of_it() -> None:
    [(each, statement)] = about(finished("lint"), confirmed(0, 1))

    assert each.images == SERVED
    digests = [each["digest"] for each in statement["subject"]]
    assert digests == [sha(SERVED[0]), sha(SERVED[1]), {"gitCommit": COMMIT}]


def test_what_is_about_another_artifact_stays_about_that() -> None:
    for each, statement in about(finished("build", Digest("f" * 64)), confirmed(0)):
        assert each.images == ()
        assert [x["digest"] for x in statement["subject"]] == [{"sha256": "f" * 64}]


def test_an_image_with_two_tags_is_one_subject() -> None:
    tags = (SERVED[0], replace(SERVED[0], reference="ghcr.io/acme/model:latest"))
    entry = logged(20, model.PublishConfirmed("pub", IDS[0], tags))

    [(each, statement)] = about(finished("lint"), [entry, *confirmed(0)])

    assert each.images == (SERVED[0],)
    assert len(statement["subject"]) == 2


def test_the_release_is_about_the_image_by_each_of_its_names() -> None:
    [entry] = confirmed(0)

    [(each, statement)] = about(entry, [entry])

    assert each.name == "release"
    assert statement["subject"][0]["digest"] == sha(SERVED[0])


def test_a_statement_does_not_change_when_the_log_grows() -> None:
    published = find_publications(confirmed(0))
    entry = finished("build", IDS[0])

    small = [each.payload for each in attest(moment(entry, 30), published)]
    large = [each.payload for each in attest(moment(entry, 9000), published)]

    assert small == large
    assert len(small) == 2


def test_a_result_that_was_taken_is_stated_by_who_found_it_out() -> None:
    earlier = replace(
        finished("build", IDS[0]), row=replace(logged(3, STARTED).row, run_id="R0")
    )
    entry = finished("build", IDS[0], cached="R0/build/1")

    found = about(entry, confirmed(0), moment(earlier))

    assert [(each.name, each.index) for each, _ in found] == [
        ("svr", 7),
        ("provenance", 3),
    ]
    ours = found[1][1]["predicate"]["sluicegate_log"]
    assert ours["index"] == 3
    assert ours["reusedBy"] == {
        "index": 7,
        "leafHash": {"sha256": entry.leaf_hash},
    }
    assert found[1][1]["subject"][0]["digest"] == sha(SERVED[0])


def test_a_gate_states_the_evidence_it_judged() -> None:
    [(_, statement)] = about(finished("lint"), confirmed(0))

    assert statement["predicate"]["sluicegate_evidence"] == {
        "stage": "lint",
        "kind": "ruff",
        "fields": {"a": 1, "share": 0.5},
        "files": [],
    }


@pytest.mark.parametrize("published", [(), (0,)])
def test_the_beginning_of_a_run_states_nothing(published: tuple[int, ...]) -> None:
    assert about(logged(0, STARTED), confirmed(*published)) == []


def test_what_another_job_measured_says_so() -> None:
    entry = finished("lint")
    assert isinstance(entry.event, model.StageFinished)
    handed = model.HandedOver(Digest("9" * 64), "ci/build")

    [(_, statement)] = about(
        replace(entry, event=replace(entry.event, handed_over=handed)), confirmed(0)
    )

    assert statement["predicate"]["sluicegate_log"]["handedOver"] == {
        "digest": {"sha256": "9" * 64},
        "job": "ci/build",
    }
