"""Unit tests of `sluicegate.engine.publish_runner`, with every port in memory."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from fakes import FakeObserver, FakePorts, FakeTools
from fakes_registry import FakeReferrers, manifest_of
from stage_harness import make_context

from sluicegate.config.file import parse_pipeline
from sluicegate.engine.beginning import begin
from sluicegate.engine.machine import fold
from sluicegate.engine.publish_runner import PublishRunner
from sluicegate.errors import (
    IntegrityError,
    MissingError,
    PermanentError,
    TransientError,
)
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import PublishEvent, PublishRequested, StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.source import Source
from sluicegate.stages.publish import PublishStage

NOW = datetime(2026, 11, 22, tzinfo=UTC)
IMAGE = Digest.of(b"image")
REPOSITORY = "ghcr.io/acme/churn"
SOURCE = Source("/project", "a" * 40, "main", None, (), None)
PIPELINE = parse_pipeline(
    b"""\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: ghcr.io/acme/churn}
  scan: {uses: trivy}
  publish: {uses: publish}
""",
    "sluicegate.yaml",
)


REPORTS = (EvidenceFile("report.json", "application/json", 2, Digest.of(b"{}")),)


def finished(stage: str, *images: Digest) -> StageFinished:
    return StageFinished(
        stage,
        1,
        Outcome.OPEN,
        "",
        None,
        Evidence({"image_id": str(IMAGE)}, REPORTS),
        (),
        tuple((REPOSITORY, image) for image in images),
        ResourceUsage(1),
        NOW,
        NOW,
    )


@dataclass
class Case:
    fakes: FakePorts = field(default_factory=FakePorts)
    events: list[PublishEvent] = field(default_factory=list)
    observer: FakeObserver = field(default_factory=FakeObserver)
    tree: PermanentError | None = None

    def run(self, *, dirty: bool = False) -> StageFinished:
        started = replace(begin(PIPELINE, SOURCE, NOW, allow_dirty=False), dirty=dirty)
        named = PIPELINE.stage("publish")
        assert isinstance(named.stage, PublishStage)
        runner = PublishRunner(
            self.fakes.ports(),
            PIPELINE,
            SOURCE,
            self._check_tree,
            self.events.append,
            self.observer,
        )
        upstream = [finished("build", IMAGE), finished("scan")]
        context = make_context()
        run = fold("R", [started])
        return runner.run(named, named.stage, 1, context, run, upstream)

    def _check_tree(self) -> None:
        if self.tree is not None:
            raise self.tree


def test_what_was_published_is_the_subject_and_its_manifest_is_kept() -> None:
    case = Case()

    done = case.run()

    data = manifest_of(IMAGE).data
    assert done.outcome is Outcome.OPEN
    assert done.subjects == ((REPOSITORY, Digest.of(data)),)
    (file,) = done.evidence.files
    assert case.fakes.evidence.load(file.digest) == data
    assert file.digest == Digest.of(data), "evidence has the digest of the registry"
    assert done.evidence.fields.keys() <= {
        spec.name for spec in PublishStage(uses="publish").fields()
    }
    assert [tool.name for tool in done.tools] == ["docker"]


def test_the_announcement_names_the_task_whose_gate_it_stands_behind() -> None:
    case = Case()

    case.run()

    assert isinstance(case.events[0], PublishRequested)
    assert case.events[0].behind == ("R/scan/1",)


def test_a_tag_that_is_left_out_is_told() -> None:
    case = Case()

    done = case.run()

    told = "no tag {version}: the commit has no Git tag"
    assert ("publish", told) in case.observer.lines
    assert "without {version}" in done.reason


def test_a_run_that_began_dirty_publishes_nothing() -> None:
    case = Case()

    done = case.run(dirty=True)

    assert done.outcome is Outcome.BROKEN
    assert "no commit holds" in done.reason
    assert (case.events, case.fakes.registry.pushed) == ([], [])


def test_a_tree_that_changed_publishes_nothing() -> None:
    case = Case(tree=PermanentError("the work tree changed"))

    assert case.run().outcome is Outcome.BROKEN
    assert case.fakes.registry.pushed == []


def test_a_registry_that_refuses_is_broken() -> None:
    case = Case()
    case.fakes.registry.push_faults = [PermanentError("denied", hint="docker login")]

    done = case.run()

    assert done.outcome is Outcome.BROKEN
    assert done.reason == "denied -- docker login"
    assert done.gate is None


def test_a_client_that_is_missing_is_broken() -> None:
    case = Case(FakePorts(tools=FakeTools(missing=frozenset({"docker"}))))

    assert case.run().outcome is Outcome.BROKEN


def test_what_may_pass_is_told_while_it_is_waited_for() -> None:
    case = Case()
    case.fakes.registry.push_faults = [TransientError("503")]

    assert case.run().outcome is Outcome.OPEN
    assert ("publish", "503; again in 2 s (try 1 of 4)") in case.observer.lines


def test_a_tag_that_moves_meanwhile_closes_the_gate_and_says_which() -> None:
    case = Case()
    registry = case.fakes.registry
    other = manifest_of(Digest.of(b"other"))
    registry.on_push = lambda reference: registry.served.update({reference: other})

    done = case.run()

    assert done.outcome is Outcome.CLOSED
    assert f"{REPOSITORY}:{'a' * 40} is another image now" in done.reason
    assert done.subjects == ()


def test_what_was_not_scanned_passes_no_handler() -> None:
    case = Case()
    case.fakes.registry.swap = Digest.of(b"other")

    with pytest.raises(IntegrityError):
        case.run()


def test_the_image_names_the_evidence_of_the_stages_before_it() -> None:
    referrers = FakeReferrers()
    case = Case(FakePorts(referrers=referrers))

    done = case.run()

    ((image, files),) = referrers.named.items()
    assert image.digest == Digest.of(manifest_of(IMAGE).data)
    assert [file.name for file in files] == ["build/report.json", "scan/report.json"]
    assert {file.digest for file in files} == {Digest.of(b"{}")}
    assert referrers.about == [
        {"org.opencontainers.image.revision": "a" * 40, "dev.sluicegate.run": "R"}
    ]
    assert done.outcome is Outcome.OPEN


def test_a_registry_that_refuses_that_spoils_no_verdict_and_is_told() -> None:
    referrers = FakeReferrers(faults=[PermanentError("it refuses")])
    case = Case(FakePorts(referrers=referrers))

    done = case.run()

    assert done == Case().run()
    assert done.outcome is Outcome.OPEN
    assert referrers.named == {}
    told = "the image does not name its evidence yet: it refuses; the next run tries"
    assert ("publish", f"{told} again") in case.observer.lines


def test_a_registry_that_is_busy_is_asked_again() -> None:
    referrers = FakeReferrers(faults=[TransientError("not now")])

    Case(FakePorts(referrers=referrers)).run()

    assert len(referrers.named) == 1


def test_evidence_that_is_gone_when_an_image_is_to_name_it_is_tampering() -> None:
    referrers = FakeReferrers(faults=[MissingError("the evidence is missing")])

    with pytest.raises(IntegrityError):
        Case(FakePorts(referrers=referrers)).run()


def test_an_image_that_is_not_published_names_nothing() -> None:
    referrers = FakeReferrers()
    case = Case(FakePorts(referrers=referrers))
    case.fakes.registry.push_faults.append(PermanentError("it refuses"))

    assert case.run().outcome is Outcome.BROKEN
    assert referrers.named == {}
