"""Unit tests of `sluicegate.cli.rollback`: up to where an engine would be needed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from released import LONG_AGO, RUNS, Place, clock_of
from run_events import end

from sluicegate.audit.history import read_entries
from sluicegate.audit.record import Envelope
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    Event,
    GateRecord,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.rollout import RolloutResult

DEPLOYED, PROMOTED = RolloutResult.DEPLOYED, RolloutResult.PROMOTED
RULES = """\
schema: sluicegate/v1
name: churn_release_v2.0
audit: {store: "dir:kept/audit"}
stages:
  build: {uses: docker-build, image: churn}
  live: {uses: canary, environment: production, steps: [50]}
people: {ann: [ann@acme.org]}
environments:
  production:
    target: {uses: docker, port: 8000}
    approvals: {from: [ann]}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """v1, which is published nowhere, v2, which is, and v3, which is live."""
    place = Place(tmp_path_factory.mktemp("released"), clock_of(LONG_AGO))
    place.begin()
    place.found = (the_build(),)
    place.git("config", "user.name", "Ann")
    place.git("config", "user.email", "t@example.org")
    (place.folder / ".github").mkdir()
    (place.folder / ".github/allowed_signers").write_text("")
    for name in ("v1", "v2", "v3"):
        place.commits[name] = place.commit(name, "churn/a")
    (place.service / "sluicegate.yaml").write_text(RULES)
    place.commit("rules")
    place.record("v1", None, DEPLOYED)
    place.record("v2", "v1", PROMOTED)
    place.record("v3", "v2", PROMOTED)
    return place


@pytest.fixture
def place(template: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = template.copy(tmp_path)
    place.enter(monkeypatch)
    return place


def the_build() -> StageFinished:
    build = end("build", evidence=Evidence({"built": True}))
    gate = ConditionResult("build.built == true", Verdict.OPEN, "")
    return replace(build, gate=GateRecord(Digest.of(b""), Verdict.OPEN, (gate,)))


def logged(place: Place) -> Iterator[tuple[Envelope, Event]]:
    for _, entry in read_entries(place.open_log()):
        if isinstance(entry.envelope, Envelope):
            yield entry.envelope, entry.known_event()


def begun(place: Place) -> list[tuple[Envelope, RunStarted]]:
    """The rollbacks in the log."""
    return [
        (envelope, event)
        for envelope, event in logged(place)
        if isinstance(event, RunStarted) and event.rollback is not None
    ]


def document(place: Place, *arguments: str, code: int) -> Any:  # noqa: ANN401 - JSON
    done = place.sluice(*arguments, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_it_asks_for_what_was_live_before_and_ends_pending(place: Place) -> None:
    done = place.sluice("rollback", "production", "--reason", "v3 is slow")

    assert done.exit_code == 3, done.output
    goal = f"rollback to the release of run {(RUNS['v2'] + 'P')[-8:]}: v3 is slow"
    assert goal in done.stdout
    assert "`sluice approve" in done.stdout
    ((envelope, started),) = begun(place)
    assert started.rollback == RUNS["v2"] + "P"
    assert started.reason == "v3 is slow"
    assert started.commit == place.commits["v2"]
    assert started.pipeline == "churn_release_v2.0"
    assert [stage.name for stage in started.stages] == ["live"]
    assert envelope.source.commit == f"sha1:{place.commits['v2']}"
    assert envelope.source.ref == "refs/tags/v2"


def test_what_is_checked_out_makes_no_difference(place: Place) -> None:
    place.git("checkout", "-q", "-b", "other", place.commits["v1"])
    (place.service / "a").write_text("half done")
    (place.service / "sluicegate.yaml").write_text(
        RULES.replace("approvals: {from: [ann]}", "gate: []").replace("[50]", "[90]")
    )

    done = place.sluice("rollback", "production")

    assert done.exit_code == 3, done.output
    run = document(place, "status", code=0)
    assert (run["rollback"], run["commit"]) == (RUNS["v2"] + "P", place.commits["v2"])
    assert "git checkout" not in place.sluice("status").stdout


def test_it_can_be_gone_on_with_from_anywhere(place: Place) -> None:
    assert place.sluice("rollback", "production").exit_code == 3
    place.git("checkout", "-q", place.commits["v1"])
    (place.service / "a").write_text("half done")

    done = place.sluice("resume")

    assert done.exit_code == 3, done.output
    (stage,) = document(place, "status", code=0)["stages"]
    assert stage["attempt"] == 2
    assert {e.source.commit for e, _ in logged(place) if e.run_id not in KNOWN} == {
        f"sha1:{place.commits['v2']}"
    }


KNOWN = {run + "P" for run in RUNS.values()}


def test_other_rules_than_it_began_with_end_it(place: Place) -> None:
    assert place.sluice("rollback", "production").exit_code == 3
    changed = RULES.replace("steps: [50]", "steps: [5, 50]").replace("v2.0", "v2.1")
    (place.service / "sluicegate.yaml").write_text(changed)
    place.commit("smaller steps")

    done = place.sluice("resume")

    assert done.exit_code == 2
    assert "protected branch is not the one run" in done.stderr
    assert "go back anew with `sluice rollback`" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("production", "--to", "v3"), "v3 is what production runs already"),
        (("production", "--to", "v9"), "production never ran 'v9'"),
        (("staging",), "the log holds no release in 'staging'"),
    ],
)
def test_what_cannot_be_gone_back_to_is_refused_and_nothing_is_written(
    place: Place, arguments: tuple[str, ...], said: str
) -> None:
    size = place.open_log().head().size

    done = place.sluice("rollback", *arguments)

    assert done.exit_code == 2
    assert said in done.stderr
    assert place.open_log().head().size == size


def test_a_canary_that_was_taken_back_is_no_release_to_go_back_to(
    place: Place,
) -> None:
    place.record("v1", "v3", RolloutResult.ROLLED_BACK, "staging")
    place.record("v2", "v3", PROMOTED, "staging")

    done = place.sluice("rollback", "staging", "--to", "v1")

    assert done.exit_code == 2
    assert "its canary was taken back" in done.stderr


SCANNED = RULES.replace("  live:", "  scan: {uses: trivy}\n  live:")


def test_a_stage_that_came_later_keeps_nobody_from_going_back(place: Place) -> None:
    (place.service / "sluicegate.yaml").write_text(SCANNED)
    place.commit("scan images")

    done = place.sluice("rollback", "production")

    assert done.exit_code == 3, done.output
    assert "scan.critical" not in done.stdout


def test_what_the_environment_itself_asks_for_must_have_been_measured(
    place: Place,
) -> None:
    asks = SCANNED.rstrip() + "\n    gate: [scan.critical == 0]\n"
    (place.service / "sluicegate.yaml").write_text(asks)
    place.commit("scan images")

    done = place.sluice("rollback", "production")

    assert done.exit_code == 1, done.output
    assert "scan.critical == 0" in done.stdout
    assert "was not measured" in done.stdout


def test_without_a_stage_that_releases_there_it_is_refused(place: Place) -> None:
    (place.service / "sluicegate.yaml").write_text(
        RULES.partition("  live:")[0] + "people:" + RULES.partition("people:")[2]
    )
    place.commit("no canary any more")

    done = place.sluice("rollback", "production")

    assert done.exit_code == 2
    assert "0 stages that release into 'production'" in done.stderr


def test_a_folder_without_a_log_has_nothing_to_go_back_to(
    place: Place,
) -> None:
    elsewhere = RULES.replace("kept/audit", "none/audit")
    (place.service / "sluicegate.yaml").write_text(elsewhere)
    place.commit("another log")

    done = place.sluice("rollback", "production")

    assert done.exit_code == 2
    assert "there is no log in" in done.stderr
    assert not (place.service / "none").exists()


@pytest.mark.docker
def test_an_image_that_is_gone_and_was_never_published_is_said_before_anybody_is_asked(
    place: Place,
) -> None:
    done = place.sluice("rollback", "production", "--to", "v1")

    assert done.exit_code == 2, done.output
    assert "this engine has no image" in done.stderr
    assert f"`git checkout {place.commits['v1'][:12]}`" in done.stderr
    assert begun(place) == []
