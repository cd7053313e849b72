"""Keeping and pruning a project's log, with the command."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_project import CliProject
from fakes_audit import FACTS, FakeStore, event_ids
from log_world import Ticking, World, finished, started
from run_events import end

from sluicegate.adapters.folder import make_state_folder
from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit.envelope import LogEnvelope
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.opening import open_log
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.log_event import LeaseTaken

PIPELINE = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  check: {uses: command, run: "true"}
"""
LONG_AGO = datetime(2024, 2, 1, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    """A project whose log of 600 entries is of long ago, as are its reports."""
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE})
    state = project.folder / ".sluicegate"
    make_state_folder(state)
    place = state / "audit"
    envelope = LogEnvelope("0" * 26, LONG_AGO, FACTS.actor, FACTS.tool)
    log = open_log(
        DirectoryLog(place),
        KeyDirectory(project.home / ".config/sluicegate/keys"),
        PinFile(project.home / ".local/state/sluicegate/pins", os.path.realpath(place)),
        lambda _attempt: None,
        origin="local/project",
        retention_days=180,
        envelope=lambda: envelope,
    )
    clock = Ticking(LONG_AGO, timedelta(hours=1))
    recorder = LogRecorder(log, clock, event_ids(), FACTS.actor, FACTS.tool)
    world = World(FakeStore(), log, clock, recorder)
    world.record(LeaseTaken("production", "R0", LONG_AGO))
    evidence = EvidenceDirectory(state / "evidence")
    digests = [evidence.keep(b"report %d" % number) for number in range(3)]
    reports = [EvidenceFile("report", "text/plain", 8, digest) for digest in digests]
    results = [end("check", evidence=Evidence({}, (report,))) for report in reports]
    world.append_runs(
        [
            (f"R{number}", (started(), results[number // 50], finished()))
            for number in range(150)
        ]
    )
    for file in (state / "evidence").rglob("*/*/*"):
        os.utime(file, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    return project


def bundles(project: CliProject) -> list[str]:
    folder = project.folder / ".sluicegate/audit/tile/entries"
    return sorted(path.name for path in folder.iterdir())


def reports(project: CliProject) -> int:
    return len(list((project.folder / ".sluicegate/evidence").rglob("*/*/*")))


def test_a_project_goes_on_as_before_once_its_log_was_pruned(
    project: CliProject,
) -> None:
    listed = project.sluice("audit", "prune", check=0).stdout

    assert listed.startswith("may go: 256 of 452 entries, 0 to 255\n")
    assert "Nothing was removed" in listed
    assert bundles(project) == ["000", "001.p"]

    done = project.sluice("audit", "prune", "--execute", check=0).stdout

    assert done.startswith("✓ pruned 256 of 452 entries, 0 to 255\n")
    assert "keeps events from" in done
    assert bundles(project) == ["001.p"]
    assert reports(project) == 2  # the first 85 runs named the first report alone
    for command in (
        ("run",),
        ("status",),
        ("audit", "log"),
        ("audit", "retention"),
        ("audit", "prune", "--execute"),
        ("resume",),
    ):
        code = 2 if command == ("resume",) else 0  # there is nothing to resume
        project.sluice(*command, check=code)
    found = project.document("audit", "verify", check=0)
    assert found["pruned_before"] == 256
    retention = project.document("audit", "retention", check=0)
    assert (retention["min_index"], retention["ok"]) == (256, True)


def test_a_bundle_that_was_removed_by_hand_is_missed(project: CliProject) -> None:
    project.sluice("run", check=0)  # with a snapshot
    (project.folder / ".sluicegate/audit/tile/entries/000").unlink()

    retention = project.document("audit", "retention", check=5)

    assert retention["problems"] == ["1 bundle of the log is missing"]
    assert project.document("audit", "verify", check=5)["ok"] is False
    assert project.sluice("audit", "prune", "--execute").returncode == 5


def set_retention(project: CliProject, text: str) -> None:
    project.commit({"sluicegate.yaml": PIPELINE + text}, "retention")


def test_a_promise_is_lengthened_by_the_next_run_and_never_shortened(
    project: CliProject,
) -> None:
    set_retention(project, "audit: {retention: pci-dss}\n")
    project.sluice("run", check=0)

    retention = project.document("audit", "retention", check=0)
    assert retention["promised_days"] == 366
    assert retention["presets"]["hipaa"] is False

    set_retention(project, "audit: {retention: eu-ai-act}\n")
    refused = project.sluice("run", check=2).stderr
    assert "is 184 days, and the log is promised to be kept for 366" in refused
    assert "audit: {retention: 366d}" in refused

    set_retention(project, "")
    project.sluice("run", check=0)
    assert project.document("audit", "retention")["promised_days"] == 366


def test_a_run_ends_with_a_snapshot_once_256_entries_came_since(
    project: CliProject,
) -> None:
    project.sluice("run", check=0)
    project.sluice("run", check=0)

    kinds = [entry["type"] for entry in project.entries()]

    assert kinds.count("state.snapshot") == 1
    assert kinds[455:457] == ["run.finished", "state.snapshot"]
