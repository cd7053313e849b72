"""Unit tests of `sluicegate.engine.publish_plan`."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.engine.beginning import begin
from sluicegate.engine.publish_plan import plan_publish
from sluicegate.engine.selection import Selection
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, Value
from sluicegate.model.source import Source
from sluicegate.stages.publish import PublishStage

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COMMIT = "a" * 40
SOURCE = Source("/project", COMMIT, "main", "v1", (), None)
IMAGE, CONFIG = Digest.of(b"image"), Digest.of(b"config")
PIPELINE = parse_pipeline(
    b"""\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  scan: {uses: trivy}
  publish: {uses: publish}
  after: {uses: command, run: make}
""",
    "sluicegate.yaml",
)
STAGE = PublishStage(uses="publish")


def finished(
    stage: str, fields: dict[str, Value], *images: Digest, outcome: Outcome
) -> StageFinished:
    return StageFinished(
        stage,
        1,
        outcome,
        "",
        None,
        Evidence(fields),
        (),
        tuple(("ghcr.io/acme/churn", image) for image in images),
        ResourceUsage(1),
        NOW,
        NOW,
    )


BUILD = finished("build", {"config_digest": str(CONFIG)}, IMAGE, outcome=Outcome.OPEN)
SCAN = finished("scan", {"image_id": str(IMAGE)}, outcome=Outcome.OPEN)


def test_an_image_that_was_built_and_scanned_is_published_as_it_was_named() -> None:
    plan = plan_publish(PIPELINE, STAGE, [BUILD, SCAN], SOURCE)

    assert (plan.image, plan.config, plan.scans) == (IMAGE, CONFIG, (SCAN,))
    assert plan.naming.references == (
        "ghcr.io/acme/churn:v1",
        f"ghcr.io/acme/churn:{COMMIT}",
    )


def test_it_may_go_elsewhere_than_it_was_named() -> None:
    stage = PublishStage(uses="publish", image="quay.io/acme/model")

    assert plan_publish(PIPELINE, stage, [BUILD, SCAN], SOURCE).repository == (
        "quay.io/acme/model"
    )


def test_a_scan_may_name_the_image_by_its_configuration() -> None:
    scan = replace(SCAN, evidence=Evidence({"image_id": str(CONFIG)}))

    assert plan_publish(PIPELINE, STAGE, [BUILD, scan], SOURCE).scans == (scan,)


@pytest.mark.parametrize(
    "scan",
    [
        replace(SCAN, outcome=Outcome.CLOSED),
        replace(SCAN, outcome=Outcome.BROKEN),
        replace(SCAN, outcome=Outcome.PENDING),
        replace(SCAN, evidence=Evidence()),
        replace(SCAN, evidence=Evidence({"image_id": "latest"})),
        replace(SCAN, evidence=Evidence({"image_id": True})),
        replace(SCAN, evidence=Evidence({"image_id": str(Digest.of(b"other"))})),
        replace(SCAN, stage="after"),
    ],
)
def test_what_no_open_gate_says_was_scanned_is_not_published(
    scan: StageFinished,
) -> None:
    with pytest.raises(PermanentError, match="only what was scanned is published"):
        plan_publish(PIPELINE, STAGE, [BUILD, scan], SOURCE)


def test_a_scan_and_a_build_that_both_say_nothing_do_not_agree() -> None:
    build = replace(BUILD, evidence=Evidence())
    scan = replace(SCAN, evidence=Evidence())

    with pytest.raises(PermanentError, match="only what was scanned"):
        plan_publish(PIPELINE, STAGE, [build, scan], SOURCE)


@pytest.mark.parametrize("builds", [[], [replace(BUILD, subjects=())], [BUILD, BUILD]])
def test_it_must_be_clear_which_image_is_meant(builds: list[StageFinished]) -> None:
    with pytest.raises(PermanentError, match="need one built image"):
        plan_publish(PIPELINE, STAGE, [*builds, SCAN], SOURCE)


# --- before anything runs ----------------------------------------------------------

DIRTY = replace(SOURCE, dirty=("model.bin",))


def test_a_dirty_tree_is_not_published_whatever_is_allowed() -> None:
    with pytest.raises(UsageError, match="stage publish publishes") as refused:
        begin(PIPELINE, DIRTY, NOW, allow_dirty=True)

    assert "--allow-dirty --until scan" in str(refused.value.hint)


def test_a_dirty_tree_may_run_what_does_not_publish() -> None:
    started = begin(
        PIPELINE, DIRTY, NOW, allow_dirty=True, selection=Selection(until="scan")
    )

    assert [stage.name for stage in started.stages] == ["build", "scan"]


def test_a_commit_that_no_tag_is_left_for_is_refused_before_anything_runs() -> None:
    text = b"publish: {uses: publish, tags: ['{version}']}"
    pipeline = parse_pipeline(
        b"schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"
        b"  build: {uses: docker-build, image: ghcr.io/acme/churn}\n"
        b"  scan: {uses: trivy}\n  " + text + b"\n",
        "sluicegate.yaml",
    )

    begin(pipeline, SOURCE, NOW, allow_dirty=False)
    with pytest.raises(UsageError, match="no tag to publish under"):
        begin(pipeline, replace(SOURCE, tag=None), NOW, allow_dirty=False)
