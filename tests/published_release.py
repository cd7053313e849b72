"""A log of a run that published an image, and the image in a registry."""

import json
from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from audit_writer import new_id
from fakes_audit import FACTS, FakeJournal, FakeStore, begin_log
from registry_service import USER
from released import Place
from typing_extensions import override

from sluicegate.adapters.registries.artifact import EMPTY
from sluicegate.adapters.registries.repository import MANIFEST, Repository
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.audit.envelope import Source
from sluicegate.audit.log import AuditLog
from sluicegate.audit.recorder import Recorder
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    Event,
    GateRecord,
    PlannedStage,
    PublishConfirmed,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence, EvidenceFile, Value
from sluicegate.model.publication import PublishedImage, ServedManifest
from sluicegate.ports.journal import Journal

COMMIT = "c" * 40
JUNIT = b"""<testsuites><testsuite>
<testcase classname="tests.test_it" name="test_good" file="tests/test_it.py"/>
</testsuite></testsuites>"""
TRIVY = json.dumps(
    {
        "SchemaVersion": 2,
        "ArtifactName": "x",
        "ArtifactType": "container_image",
        "Results": [
            {
                "Target": "Python",
                "Vulnerabilities": [
                    {
                        "VulnerabilityID": "CVE-2026-1",
                        "PkgName": "urllib3",
                        "InstalledVersion": "1.0",
                        "Severity": "LOW",
                    }
                ],
            }
        ],
    }
).encode()
KINDS = {"test": "pytest", "build": "docker-build", "scan": "trivy", "lint": "ruff"}
RUN = "01JDA2Z9M3Q4T5V6W7X8Y9Z0A1"
OTHER_RUN = "01JDA2Z9M3Q4T5V6W7X8Y9Z0B2"


def manifest_of(image: Digest, layer: bytes = b"layer") -> ServedManifest:
    """An OCI manifest of the engine's *image*, whose blob is not looked at."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": str(image),
            "size": len(EMPTY),
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": str(Digest.of(layer)),
                "size": len(layer),
            }
        ],
    }
    return ServedManifest(MANIFEST, json.dumps(document).encode())


IMAGE = Digest.of(EMPTY)
"""The ID of the image: that of a configuration that says nothing."""


def put_image(repository: Repository) -> Digest:
    """Have *repository* serve the image; the digest of its manifest."""
    repository.put_blob(EMPTY)
    repository.put_blob(b"layer")
    manifest = manifest_of(IMAGE)
    repository.put_manifest("v1.0.0", manifest)
    return Digest.of(manifest.data)


def log_in(
    monkeypatch: pytest.MonkeyPatch, folder: Path, host: str, secret: str
) -> None:
    """What ``docker login`` leaves behind in *folder*."""
    folder.mkdir()
    auth = b64encode(f"{USER}:{secret}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


@dataclass
class Shop(Place):
    """A project whose runs publish to *repository*, ``HOST/PATH``."""

    repository: str = "registry.example/acme/model"

    @override
    def begin(self) -> None:
        """Make the project without Git, which nobody here asks."""
        self.service.mkdir(parents=True)
        text = "schema: sluicegate/v1\nname: churn_release_v1.0\n"
        text += 'stages: {lint: {uses: ruff}}\naudit: {store: "dir:kept/audit"}\n'
        (self.service / "sluicegate.yaml").write_text(text)

    def journal(self, run_id: str) -> Journal:
        """Where entries of the run wait."""
        return FileJournal(self.service / "kept" / "journal", run_id)

    def keep(self, name: str, data: bytes) -> EvidenceFile:
        """Keep a file of evidence."""
        digest = EvidenceDirectory(self.audit.parent / "evidence").keep(data)
        return EvidenceFile(name, "text/plain", len(data), digest)

    def finished(
        self,
        stage: str,
        *files: EvidenceFile,
        about: Digest | None = None,
        verdict: Verdict = Verdict.OPEN,
        cached: str | None = None,
        **fields: Value,
    ) -> StageFinished:
        """The end of an attempt."""
        now = self.clock.now()
        condition = ConditionResult(f"{stage}.a == 1", verdict, "it is")
        return StageFinished(
            stage,
            1,
            Outcome.of(verdict),
            "so it is",
            GateRecord(Digest("2" * 64), verdict, (condition,)),
            Evidence(fields, files),
            (),
            () if about is None else ((self.repository, about),),
            ResourceUsage(1000),
            now,
            now + timedelta(seconds=1),
            cached=cached,
        )

    def stages(self, image: Digest = IMAGE) -> list[StageFinished]:
        """What a run finds before it publishes."""
        return [
            self.finished("lint", violations=0, share=0.25),
            self.finished(
                "test", self.keep("junit.xml", JUNIT), collected=1, failed=0, errors=0
            ),
            self.finished("build", about=image, image_id=str(image)),
            self.finished(
                "scan",
                self.keep("trivy-image.json", TRIVY),
                about=image,
                db_updated="2026-11-20T00:00:00+00:00",
                trivy_version="0.59.1",
            ),
        ]

    def publish(
        self,
        run_id: str = RUN,
        ref: str | None = "refs/tags/v1.0.0",
        *,
        stages: Sequence[StageFinished] | None = None,
        image: Digest = IMAGE,
        commit: str = COMMIT,
        kinds: Sequence[str] = tuple(KINDS),
    ) -> PublishedImage:
        """Record a run that publishes; what it published."""
        ends = self.stages(image) if stages is None else list(stages)
        manifest = manifest_of(image)
        served = PublishedImage(
            f"{self.repository}:v1.0.0",
            Digest.of(manifest.data),
            MANIFEST,
            len(manifest.data),
        )
        now = self.clock.now()
        publishing = self.finished(
            "publish", about=served.digest, published=True, digest=str(served.digest)
        )
        self.write(
            run_id,
            [
                self.started(commit, now, kinds),
                *(
                    event
                    for end in ends
                    for event in (StageStarted(end.stage, 1, now), end)
                ),
                StageStarted("publish", 1, now),
                PublishConfirmed("publish", image, (served,)),
                publishing,
            ],
            Source("https://github.com/acme/churn-model", f"sha1:{commit}", ref),
        )
        return served

    def started(
        self, commit: str, now: datetime, kinds: Sequence[str] = tuple(KINDS)
    ) -> RunStarted:
        """The beginning of a run."""
        return RunStarted(
            "churn_release_v1.0",
            Digest("1" * 64),
            commit,
            "main",
            dirty=False,
            stages=(
                *(PlannedStage(name, KINDS[name], ()) for name in kinds),
                PlannedStage("publish", "publish", tuple(kinds)),
            ),
            start_ts=now,
        )

    def write(self, run_id: str, events: Sequence[Event], source: Source) -> None:
        """Record *events* of a run."""
        recorder = Recorder(
            self.open_log(),
            self.journal(run_id),
            run_id,
            clock=self.clock,
            new_event_id=new_id,
            facts=replace(FACTS, source=source),
        )
        with closing(recorder):
            recorder.recover()
            for event in events:
                recorder.record(event)


@dataclass
class ShopInMemory(Shop):
    """The same without a disk; its files of evidence are nowhere."""

    log: AuditLog = field(default_factory=lambda: begin_log(FakeStore()))

    @override
    def open_log(self) -> AuditLog:
        return self.log

    @override
    def journal(self, run_id: str) -> Journal:
        return FakeJournal()

    @override
    def keep(self, name: str, data: bytes) -> EvidenceFile:
        return EvidenceFile(name, "text/plain", len(data), Digest.of(data))
