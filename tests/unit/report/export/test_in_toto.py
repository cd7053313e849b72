"""Unit tests of the in-toto statements, held against their published definitions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]
from in_toto_statements import check

from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.gates.undecided import FOR_PEOPLE
from sluicegate.model import event as model
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Evidence, EvidenceFile, Value
from sluicegate.model.publication import PublishedImage
from sluicegate.model.tool import Tool
from sluicegate.report.entries import Row
from sluicegate.report.export.formats import FORMATS
from sluicegate.report.export.logged import Logged, LogHead, Source
from sluicegate.tlog.hashes import hash_leaf

AT = datetime(2026, 11, 22, 6, 0, 0, 417_000, tzinfo=UTC)
HEAD = LogHead("log.example/churn", 9, "R" * 43 + "=")
IMAGE = ("ghcr.io/acme/churn", Digest("b" * 64))
COMMIT = "a" * 40
STARTED = model.RunStarted(
    "churn_release_v1.0",
    Digest("1" * 64),
    COMMIT,
    "main",
    dirty=False,
    stages=(
        model.PlannedStage("test", "pytest", ()),
        model.PlannedStage("build", "docker-build", ("test",)),
        model.PlannedStage("scan", "trivy", ("build",)),
        model.PlannedStage("lint", "ruff", ()),
        model.PlannedStage("compare", "compare", ()),
        model.PlannedStage("smoke", "smoke", ()),
    ),
    start_ts=AT,
)
JUNIT = b"""<testsuites><testsuite>
<testcase classname="tests.test_it" name="test_good" file="tests/test_it.py"/>
<testcase classname="tests.test_it" name="test_bad" file="tests/test_it.py">
<failure message="no"/></testcase>
<testcase classname="tests.test_it" name="test_not"><skipped/></testcase>
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
                        "FixedVersion": "1.1",
                        "Severity": "CRITICAL",
                    }
                ],
            }
        ],
    }
).encode()
FILES = {Digest.of(data): data for data in (JUNIT, TRIVY)}


def kept(name: str, data: bytes) -> EvidenceFile:
    return EvidenceFile(name, "text/plain", len(data), Digest.of(data))


def load(digest: Digest) -> bytes:
    if digest not in FILES:
        raise IntegrityError("the file is missing")
    return FILES[digest]


def redact(text: str) -> str:
    return text.replace("hunter2", "[redacted]")


def finished(
    stage: str,
    fields: Mapping[str, Value],
    *files: EvidenceFile,
    subjects: Sequence[tuple[str, Digest]] = (IMAGE,),
    verdict: Verdict = Verdict.OPEN,
) -> model.StageFinished:
    conditions = (
        model.ConditionResult("a == 1", Verdict.OPEN, "it is 1"),
        model.ConditionResult("b == 1", verdict, "it is 2"),
    )
    return model.StageFinished(
        stage,
        1,
        Outcome.of(verdict),
        "so it is",
        model.GateRecord(Digest("2" * 64), verdict, conditions),
        Evidence(fields, files),
        (Tool("tool", ("/usr/bin/tool",), "1.2", Digest("3" * 64), "on PATH"),),
        tuple(subjects),
        ResourceUsage(1000),
        AT,
        AT + timedelta(seconds=1),
    )


def export(
    *events: model.Event, evidence: bool = True, repo: str = "https://github.com/a/c"
) -> list[dict[str, Any]]:
    """The statements of a run of these events, each parsed from its own line."""
    entries = [
        Logged(
            Row(
                index,
                AT,
                "kind",
                "text",
                run_id="R1",
                repo=repo,
                commit=COMMIT,
                ref="refs/tags/v1",
                event_id=f"E{index}",
            ),
            f"entry {index}".encode(),
            event,
            f"R1/stage/{index}",
            "1.0.0",
        )
        for index, event in enumerate((STARTED, *events))
    ]
    source = Source(HEAD, entries, load if evidence else None, redact)
    return [json.loads(part.text) for part in FORMATS["in-toto"].write(source)]


def of_type(statements: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    found = [each for each in statements if f"/{name}/v" in each["predicateType"]]
    for each in found:
        check(each)
    return found


def test_every_statement_names_its_entry_and_the_checkpoint() -> None:
    for statement in export(finished("lint", {}), finished("build", {})):
        ours = statement["predicate"]["sluicegate_log"]

        index = ours["index"]
        assert ours == {
            "origin": "log.example/churn",
            "index": index,
            "leafHash": {"sha256": hash_leaf(f"entry {index}".encode()).hex()},
            "eventId": f"E{index}",
            "checkpoint": {"size": 9, "rootHash": HEAD.root},
        }


def test_a_build_is_slsa_provenance_of_the_image_that_the_log_names() -> None:
    log = kept("build.log", b"said")

    [found] = of_type(export(finished("build", {"built": True}, log)), "provenance")

    assert found["subject"] == [
        {"name": "ghcr.io/acme/churn", "digest": {"sha256": "b" * 64}}
    ]
    build, run = found["predicate"]["buildDefinition"], found["predicate"]["runDetails"]
    assert build["resolvedDependencies"][0] == {
        "uri": "git+https://github.com/a/c@refs/tags/v1",
        "digest": {"gitCommit": COMMIT},
    }
    assert run["metadata"] == {
        "invocationId": "R1/stage/1",
        "startedOn": "2026-11-22T06:00:00.417Z",
        "finishedOn": "2026-11-22T06:00:01.417Z",
    }
    assert run["byproducts"][0]["digest"] == {"sha256": log.digest.hex}
    assert run["builder"]["builderDependencies"][0]["digest"] == {"sha256": "3" * 64}


@pytest.mark.parametrize(
    ("repo", "resource"),
    [
        ("ssh://h.example/a/c", {"uri": "git+ssh://h.example/a/c@refs/tags/v1"}),
        (
            "git@h.example:a/c.git",
            {"uri": "git+ssh://git@h.example/a/c.git@refs/tags/v1"},
        ),
        ("~/repositories/c:d", {"name": "~/repositories/c:d"}),
        ("local/c", {"name": "local/c"}),
    ],
)
def test_a_commit_is_named_by_the_address_of_its_repository(
    repo: str, resource: dict[str, str]
) -> None:
    [found] = of_type(export(finished("build", {}), repo=repo), "provenance")

    commit = found["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    assert commit == {**resource, "digest": {"gitCommit": COMMIT}}


def test_a_build_that_was_not_made_anew_has_no_second_provenance() -> None:
    again = replace(finished("build", {}), cached="R0/build/1")

    assert of_type(export(again), "provenance") == []
    assert len(of_type(export(again), "svr")) == 1


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"collected": 3, "failed": 0, "errors": 0}, "PASSED"),
        ({"collected": 3, "failed": 0, "errors": 0, "flaky": 1}, "WARNED"),
        ({"collected": 3, "failed": 1, "errors": 0}, "FAILED"),
        ({"collected": 3, "failed": 0, "errors": 1}, "FAILED"),
        ({"collected": 0, "failed": 0, "errors": 0}, "FAILED"),
    ],
)
def test_tests_are_a_test_result(fields: Mapping[str, Value], result: str) -> None:
    junit = kept("junit.xml", JUNIT)

    statements = export(finished("test", fields, junit, subjects=()))

    [found] = of_type(statements, "test-result")
    assert found["predicate"]["result"] == result
    assert found["predicate"]["passedTests"] == ["tests/test_it.py::test_good"]
    assert found["predicate"]["failedTests"] == ["tests/test_it.py::test_bad"]
    assert found["subject"][0]["digest"] == {"gitCommit": COMMIT}


def test_names_of_tests_are_redacted_like_entries() -> None:
    named = JUNIT.replace(b"test_bad", b"test_it[hunter2]")
    FILES[Digest.of(named)] = named

    statements = export(
        finished("test", {"collected": 1}, kept("junit.xml", named), subjects=())
    )

    [found] = of_type(statements, "test-result")
    assert found["predicate"]["failedTests"] == [
        "tests/test_it.py::test_it[[redacted]]"
    ]


def test_a_scan_lists_what_its_report_lists() -> None:
    fields = {"db_updated": "2026-11-20T00:00:00+00:00", "trivy_version": "0.59.1"}

    statements = export(finished("scan", fields, kept("trivy-image.json", TRIVY)))

    [found] = of_type(statements, "vulns")
    [result] = found["predicate"]["scanner"]["result"]
    assert result["id"] == "CVE-2026-1"
    assert result["severity"] == [{"method": "trivy", "score": "critical"}]
    assert found["predicate"]["scanner"]["uri"].endswith("/trivy@v0.59.1")


def test_a_scan_whose_report_is_gone_is_no_scan_that_found_nothing() -> None:
    fields: Mapping[str, Value] = {"db_updated": "2026-11-20T00:00:00+00:00"}
    gone = kept("trivy-image.json", b"another")

    with pytest.raises(IntegrityError, match="missing"):
        export(finished("scan", fields, gone))
    assert (
        of_type(export(finished("scan", fields, gone), evidence=False), "vulns") == []
    )


def test_a_report_that_is_none_is_not_guessed_at() -> None:
    with pytest.raises(PermanentError):
        export(
            finished("test", {"collected": 1}, kept("junit.xml", TRIVY), subjects=())
        )


@pytest.mark.parametrize("verdict", Verdict)
def test_a_gate_verifies_what_holds_and_says_open_only_if_it_is(
    verdict: Verdict,
) -> None:
    fields: Mapping[str, Value] = {"violations": 2, "share": 0.5}
    [found] = of_type(export(finished("lint", fields, verdict=verdict)), "svr")

    properties = found["predicate"]["properties"]
    assert ("SLUICEGATE_GATE_OPEN:lint" in properties) == (verdict is Verdict.OPEN)
    assert "SLUICEGATE_CONDITION:a == 1" in properties
    assert ("SLUICEGATE_CONDITION:b == 1" in properties) == (verdict is Verdict.OPEN)
    assert found["predicate"]["sluicegate_verdict"] == verdict.value
    assert found["predicate"]["sluicegate_evidence"] == {
        "stage": "lint",
        "kind": "ruff",
        "fields": {"share": 0.5, "violations": 2},
        "files": [],
    }
    assert found["predicate"]["verifier"]["policies"][0]["digest"] == {
        "sha256": "2" * 64
    }


def test_a_stage_without_a_judgement_is_not_verified() -> None:
    broken = replace(finished("lint", {}), gate=None, outcome=Outcome.BROKEN)

    assert export(broken) == []


def weighed(
    *conditions: model.ConditionResult, verdict: Verdict, **fields: Value
) -> model.StageFinished:
    """A comparison whose gate judged as *conditions* say."""
    gate = model.GateRecord(Digest("2" * 64), verdict, conditions)
    return replace(finished("compare", fields), gate=gate)


MEASURED = model.ConditionResult("compare.broken == 0", Verdict.OPEN, "it is 0")
NO_CHAMPION = model.ConditionResult(
    "compare.accuracy_worse <= 0.01", Verdict.OPEN, f"the first model, {FOR_PEOPLE}"
)


@pytest.mark.parametrize(
    "excused",
    [
        NO_CHAMPION,
        replace(NO_CHAMPION, reason="said in another version's words"),
        replace(NO_CHAMPION, reason="because … [cut: 900]"),
    ],
)
def test_what_is_left_to_people_is_not_verified_nor_passed(
    excused: model.ConditionResult,
) -> None:
    event = weighed(
        MEASURED, excused, verdict=Verdict.OPEN, needs_approval="first", broken=0
    )

    [found] = of_type(export(event), "svr")

    assert found["predicate"]["properties"] == [
        "SLUICEGATE_LEFT_TO_PEOPLE:compare",
        "SLUICEGATE_CONDITION:compare.broken == 0",
    ]
    assert found["predicate"]["sluicegate_verdict"] == "open"
    assert of_type(export(event), "test-result") == []


@pytest.mark.parametrize(
    "reason", [NO_CHAMPION.reason, "the first model, which … [cut: 900]"]
)
def test_what_another_stage_left_to_people_is_not_verified_either(reason: str) -> None:
    gate = model.GateRecord(
        Digest("2" * 64), Verdict.OPEN, (replace(NO_CHAMPION, reason=reason),)
    )

    [found] = of_type(export(replace(finished("smoke", {}), gate=gate)), "svr")

    assert found["predicate"]["properties"] == ["SLUICEGATE_LEFT_TO_PEOPLE:smoke"]


@pytest.mark.parametrize(
    ("verdict", "result"),
    [(Verdict.OPEN, "PASSED"), (Verdict.CLOSED, "FAILED"), (Verdict.PENDING, None)],
)
def test_a_test_of_a_model_went_as_its_gate_judged(
    verdict: Verdict, result: str | None
) -> None:
    other = model.ConditionResult("compare.accuracy_worse <= 0.01", verdict, "so it is")
    event = weighed(MEASURED, other, verdict=verdict, broken=0)

    found = of_type(export(event), "test-result")

    assert [each["predicate"]["result"] for each in found] == (
        [result] if result else []
    )
    for each in found:
        names = each["predicate"]
        assert MEASURED.condition in names["passedTests"]
        assert (other.condition in names["failedTests"]) == (result == "FAILED")
    assert of_type(export(replace(event, cached="R0/compare/1")), "test-result") == []


def test_what_people_weigh_does_not_hide_what_failed() -> None:
    worse = model.ConditionResult("compare.loss_worse <= 0", Verdict.CLOSED, "it is 1")
    event = weighed(NO_CHAMPION, worse, verdict=Verdict.CLOSED, needs_approval="first")

    [found] = of_type(export(event), "test-result")

    assert found["predicate"]["result"] == "FAILED"
    assert found["predicate"]["passedTests"] == []
    assert found["predicate"]["failedTests"] == [worse.condition]


def test_a_published_image_is_a_release_by_each_of_its_names() -> None:
    images = tuple(
        PublishedImage(reference, Digest("c" * 64), "application/x", 12)
        for reference in ("localhost:5000/a/Churn:v1+2", "ghcr.io/a/churn")
    )

    first, second = of_type(
        export(model.PublishConfirmed("publish", IMAGE[1], images)), "release"
    )

    assert first["subject"] == [
        {"name": "localhost:5000/a/Churn", "digest": {"sha256": "c" * 64}}
    ]
    assert first["predicate"]["purl"] == (
        f"pkg:oci/churn@sha256%3A{'c' * 64}"
        "?repository_url=localhost%3A5000/a/Churn&tag=v1%2B2"
    )
    assert second["predicate"]["purl"] == (
        f"pkg:oci/churn@sha256%3A{'c' * 64}?repository_url=ghcr.io/a/churn"
    )


def test_the_check_of_this_test_refuses_what_is_not_as_published() -> None:
    [good] = of_type(export(finished("lint", {})), "svr")

    for change in ({"extra": 1}, {"timeCreated": "yesterday"}, {"properties": "x"}):
        with pytest.raises(json_format.ParseError):
            check({**good, "predicate": {**good["predicate"], **change}})
    for gone in ("verifier", "timeCreated", "properties"):
        less = {k: v for k, v in good["predicate"].items() if k != gone}
        with pytest.raises(AssertionError, match=gone):
            check({**good, "predicate": less})
