"""Unit tests of `sluicegate.stages.trivy` and what it reads with."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import NOW, make_context
from tool_vectors import PROJECT, load_results, make_result

from sluicegate.errors import PermanentError
from sluicegate.model.command import Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.tool import Tool
from sluicegate.stages.stage import Report, StageContext
from sluicegate.stages.trivy import Scanner, TrivyStage
from sluicegate.stages.trivy_redact import redact

TRIVY = Tool("trivy", ("/bin/trivy",), "0.59.1", Digest("cd" * 32), "on PATH")
IMAGE_ID = "sha256:" + "12" * 32
CONTEXT = make_context(
    PROJECT, "/out", tools={"trivy": TRIVY}, images=(Digest.parse(IMAGE_ID),)
)
STAGE = TrivyStage(uses="trivy")
STEPS = (
    *("trivy fs", "trivy image", "trivy convert"),
    "search for comments",
)


def interpret(
    results: Sequence[StepResult],
    stage: TrivyStage = STAGE,
    context: StageContext = CONTEXT,
) -> Report:
    return stage.interpret(context, results)


def plan(stage: TrivyStage, context: StageContext = CONTEXT) -> dict[str, Step]:
    return {step.name: step for step in stage.plan(context)}


def everything() -> tuple[StepResult, ...]:
    return load_results("trivy-everything")


def with_version(document: bytes) -> tuple[StepResult, ...]:
    """Every scan with a database that Trivy describes by *document*."""
    return tuple(
        replace(done, files={
            name: document if name.endswith("-database.json") else data
            for name, data in done.files.items()
        })
        for done in everything()
    )  # fmt: skip


def changed(
    step: str, exit_code: int = 0, stdout: bytes = b"", stderr: bytes = b""
) -> tuple[StepResult, ...]:
    said = make_result(step, exit_code, stdout, stderr).result
    return tuple(
        replace(done, result=said) if done.name == step else done
        for done in everything()
    )


def test_what_was_found_is_counted() -> None:
    report = interpret(everything())

    assert report.fields == {
        "packages": 3,
        "critical": 2,
        "critical_fixable": 2,
        "high": 0,
        "high_fixable": 0,
        "medium": 0,
        "medium_fixable": 0,
        "low": 0,
        "low_fixable": 0,
        "unknown": 1,
        "unknown_fixable": 1,
        "secrets": 1,
        "misconfig_critical": 2,
        "misconfig_high": 2,
        "misconfig_medium": 0,
        "misconfig_low": 2,
        "misconfig_unknown": 0,
        "suppressed": 0,
        "os_unjudged": 0,
        "db_age_days": 2.0,
        "db_updated": "2026-02-27T12:00:00+00:00",
        "image_id": (
            "sha256:5d4fc5cba9bc78f55c03bcec50168250be42bf8c074afaf92287c80479aa3dc2"
        ),
        "trivy_version": "0.59.1",
        "trivy_digest": "sha256:" + "cd" * 32,
    }
    assert report.summary == (
        "3 vulnerabilities (2 critical), 1 secret, 6 misconfigurations (2 critical),"
        " database 2 days old"
    )


def test_findings_say_where_and_what_to_do() -> None:
    findings = {
        (one.rule, one.path, one.line): one.message
        for one in interpret(everything()).findings
    }

    fix = findings["CVE-2020-14343", "requirements.txt", 0]
    assert fix.startswith("PyYAML@5.3: ")
    assert fix.endswith("(critical; fixed in 5.4)")
    assert "aws-access-key-id" in {rule for rule, _, _ in findings}
    assert ("DS031", "Dockerfile", 2) in findings
    assert any(path.startswith("image:") for _, path, _ in findings)


def test_nothing_that_was_scanned_is_quoted_in_evidence() -> None:
    raw = b"".join(data for step in everything() for data in step.files.values())
    files = interpret(everything()).files

    assert b"swordfish" in raw, "Trivy itself does quote"
    kept = b"".join(file.data for file in files)
    for secret in (b"swordfish", b"hunter2", b"AKIA"):
        assert secret not in kept
    assert {file.name for file in files} == {
        "trivy-source.json",
        "trivy-image.json",
        "sbom.cdx.json",
    }


def test_only_what_was_asked_for_can_be_judged() -> None:
    stage = TrivyStage(uses="trivy", scanners=(Scanner.SECRET,))

    fields = {spec.name for spec in stage.fields()}

    assert "secrets" in fields
    assert not {"critical", "db_age_days", "misconfig_critical"} & fields
    assert stage.default_gate("scan") == ("scan.secrets == 0",)
    assert interpret(everything(), stage).fields.keys() <= fields


def test_the_default_gate_asks_for_a_fresh_database() -> None:
    assert STAGE.default_gate("scan") == (
        "scan.critical == 0",
        "scan.db_age_days <= 7",
        "scan.os_unjudged == 0",
        "scan.secrets == 0",
        "scan.misconfig_critical == 0",
    )


def test_without_a_database_there_is_no_verdict() -> None:
    stage = TrivyStage(uses="trivy", image=False)

    with pytest.raises(PermanentError) as caught:
        interpret(load_results("trivy-no-database"), stage)

    assert caught.value.hint is not None
    assert "trivy image --download-db-only" in caught.value.hint


@pytest.mark.parametrize(
    "version",
    [
        b'{"Version": "0.59.1"}',
        b'{"Version": "0.59.1", "VulnerabilityDB": null}',
        b'{"Version": "0.59.1", "VulnerabilityDB": {}}',
        b'{"VulnerabilityDB": {"UpdatedAt": "yesterday"}}',
        b'{"VulnerabilityDB": {"UpdatedAt": "2026-02-27T12:00:00"}}',
        b"Version: 0.59.1",
    ],
)
def test_a_database_of_unknown_age_is_no_verdict(version: bytes) -> None:
    with pytest.raises(PermanentError):
        interpret(with_version(version))


def test_a_database_from_the_future_means_a_wrong_clock() -> None:
    context = replace(CONTEXT, now=datetime(2026, 2, 27, 11, 50, tzinfo=UTC))

    with pytest.raises(PermanentError, match="after now"):
        interpret(everything(), context=context)


def test_a_clock_that_is_a_little_behind_does_no_harm() -> None:
    context = replace(CONTEXT, now=datetime(2026, 2, 27, 11, 57, tzinfo=UTC))

    assert interpret(everything(), context=context).fields["db_age_days"] == 0


def test_a_database_gets_older() -> None:
    context = replace(CONTEXT, now=NOW + timedelta(days=30))

    assert interpret(everything(), context=context).fields["db_age_days"] == 32


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_failed_is_no_verdict(step: str) -> None:
    with pytest.raises(PermanentError, match=f"{step} failed"):
        interpret(changed(step, exit_code=2))


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_missing_is_no_verdict(step: str) -> None:
    with pytest.raises(PermanentError, match=f"{step} was not run"):
        interpret([done for done in everything() if done.name != step])


@pytest.mark.parametrize("step", STEPS[:3])
def test_a_report_that_is_missing_is_no_verdict(step: str) -> None:
    with pytest.raises(PermanentError):
        interpret(
            [
                replace(done, files={}) if done.name == step else done
                for done in everything()
            ]
        )


def test_trivy_runs_where_the_commit_cannot_configure_it() -> None:
    for step in STAGE.plan(CONTEXT):
        assert step.command.cwd == "/out"


def test_the_image_is_the_one_built_and_is_taken_from_the_engine() -> None:
    argv = plan(STAGE)["trivy image"].command.argv

    assert argv[-3:] == ("--image-src=docker", "--", IMAGE_ID)


def test_no_evidence_of_another_stage_can_name_the_image() -> None:
    forged = {"image_id": "sha256:" + "66" * 32}
    context = replace(CONTEXT, upstream={"build": forged, "zz": forged})

    assert plan(STAGE, context)["trivy image"].command.argv[-1] == IMAGE_ID
    must = TrivyStage(uses="trivy", image=True)
    with pytest.raises(PermanentError, match="no image"):
        must.plan(replace(context, images=()))


def test_of_several_images_none_is_chosen() -> None:
    images = (*CONTEXT.images, Digest("66" * 32))

    with pytest.raises(PermanentError, match="have built 2") as caught:
        STAGE.plan(replace(CONTEXT, images=images))

    assert caught.value.hint is not None
    assert "image: false" in caught.value.hint


@pytest.mark.parametrize("settings", [{"image": True}, {"source": False}])
def test_an_image_that_must_be_scanned_is_not_skipped(settings: object) -> None:
    context = replace(CONTEXT, images=())
    assert isinstance(settings, dict)
    stage = TrivyStage.model_validate({"uses": "trivy", **settings})

    with pytest.raises(PermanentError, match="no image") as caught:
        stage.plan(context)

    assert caught.value.hint is not None
    assert "image: false" in caught.value.hint


def test_the_source_alone_needs_no_image() -> None:
    stage = TrivyStage(uses="trivy", image=False)

    assert list(plan(stage, replace(CONTEXT, images=()))) == [
        "trivy fs",
        "search for comments",
    ]


def test_scanning_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing would be scanned"):
        TrivyStage(uses="trivy", source=False, image=False)
    with pytest.raises(ValidationError):
        TrivyStage(uses="trivy", scanners=())


def test_every_severity_is_asked_for_whatever_the_environment_says() -> None:
    for name in ("trivy fs", "trivy image"):
        argv = plan(STAGE)[name].command.argv
        assert "--severity=UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL" in argv
        assert "--ignore-unfixed=false" in argv


def test_offline_means_no_network_at_all() -> None:
    argv = plan(TrivyStage(uses="trivy", offline=True))["trivy fs"].command.argv

    assert {"--skip-db-update", "--offline-scan", "--skip-check-update"} <= set(argv)


def test_our_own_folder_is_left_out_and_nothing_else_by_surprise() -> None:
    stage = TrivyStage(uses="trivy", skip_dirs=())

    argv = plan(stage)["trivy fs"].command.argv

    assert [option for option in argv if option.startswith("--skip-dirs")] == [
        f"--skip-dirs={PROJECT}/.sluicegate"
    ]


def test_where_no_image_is_built_the_source_is_scanned_and_it_is_said() -> None:
    context = replace(CONTEXT, images=())

    assert list(plan(STAGE, context)) == ["trivy fs", "search for comments"]
    report = interpret(everything(), context=context)
    assert report.summary.startswith("source only: ")
    assert report.fields["os_unjudged"] == 0
    assert "image_id" not in report.fields


def with_source(**result: object) -> tuple[StepResult, ...]:
    document = {
        "SchemaVersion": 2,
        "ArtifactName": PROJECT,
        "ArtifactType": "filesystem",
        "Results": [{"Target": "x", **result}],
    }
    source, *others = everything()
    files = {**source.files, "source.json": json.dumps(document).encode()}
    return (replace(source, files=files), *others)


def test_a_severity_nobody_knows_is_not_dropped() -> None:
    found = {"VulnerabilityID": "CVE-1", "PkgName": "p", "Severity": "APOCALYPTIC"}

    report = interpret(with_source(Vulnerabilities=[found]))

    assert report.fields["unknown"] == 1
    assert any(one.rule == "CVE-1" for one in report.findings)


def test_a_check_with_an_unknown_status_did_not_pass() -> None:
    checks = [
        {"ID": "A", "Status": "PASS", "Severity": "CRITICAL"},
        {"ID": "B", "Status": "EXCEPTION", "Severity": "CRITICAL"},
        {"ID": "C", "Status": "MAYBE", "Severity": "LOW"},
    ]
    before = interpret(with_source()).fields

    after = interpret(with_source(Misconfigurations=checks)).fields

    assert after["misconfig_critical"] == before["misconfig_critical"]
    assert after["misconfig_low"] == 2, "one of the image, and C"


def test_what_is_hidden_for_no_known_reason_counts_or_breaks() -> None:
    found = {"VulnerabilityID": "CVE-1", "PkgName": "p", "Severity": "CRITICAL"}
    hidden = {"Type": "vulnerability", "Status": "ignored", "Finding": found}
    before = interpret(with_source()).fields

    report = interpret(with_source(ExperimentalModifiedFindings=[hidden]))

    assert isinstance(before["critical"], int)
    assert report.fields["critical"] == before["critical"] + 1
    hidden["Type"] = "secret"
    with pytest.raises(PermanentError, match="not a report"):
        interpret(with_source(ExperimentalModifiedFindings=[hidden]))


LOG = b"""\
...Z\tINFO\t[misconfig] Misconfiguration scanning is enabled
...Z\tINFO\t[terraform executor] Ignore finding\trule="a" range="m.tf:2-4"
...Z\tINFO\t[cloudformation scanner] Ignore finding\trule="b" range="t.y:1-2"
"""


def test_what_comments_hide_is_counted_and_said() -> None:
    quiet = interpret(everything())
    logged = interpret(changed("trivy fs", stderr=LOG))
    found = interpret(
        changed("search for comments", exit_code=0, stdout=b"trivy:ignore:\n" * 3)
    )

    assert (quiet.fields["suppressed"], "suppressed" in quiet.summary) == (0, False)
    assert logged.fields["suppressed"] == 2
    assert ", 2 suppressed by comments, database" in logged.summary
    assert found.fields["suppressed"] == 3


def test_the_log_that_tells_of_comments_cannot_be_turned_off() -> None:
    for name in ("trivy fs", "trivy image"):
        assert "--quiet=false" in plan(STAGE)[name].command.argv


def test_comments_are_looked_for_where_they_could_hide_something() -> None:
    for settings in ({"scanners": (Scanner.SECRET,)}, {"source": False}):
        stage = TrivyStage.model_validate({"uses": "trivy", **settings})
        assert "search for comments" not in plan(stage)


def test_a_report_of_another_schema_is_no_verdict() -> None:
    source, *others = everything()
    files = {"source.json": b'{"SchemaVersion":3,"ArtifactName":"","ArtifactType":""}'}

    with pytest.raises(PermanentError, match="schema 3"):
        interpret((replace(source, files=files), *others))


def test_only_quotes_are_left_out_of_a_report() -> None:
    cut = {
        "Match": "s",
        "Code": {"Lines": []},
        "Env": ["A=s"],
        "history": [],
        "Kept": 1,
    }

    assert json.loads(redact(json.dumps({"a": [cut]}).encode())) == {"a": [{"Kept": 1}]}


@given(st.binary(), st.binary(), st.sampled_from(STEPS))
def test_no_output_raises_anything_but_our_error(
    report: bytes, said: bytes, damaged: str
) -> None:
    results = [
        replace(
            done,
            files=dict.fromkeys(done.files, report),
            result=replace(done.result, stdout=said),
        )
        if done.name == damaged
        else done
        for done in everything()
    ]
    with suppress(PermanentError):
        interpret(results)


KEYS = ["SchemaVersion", "ArtifactName", "ArtifactType", "Results", "Target", "Secrets"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@given(JSON)
def test_no_json_raises_anything_but_our_error(value: object) -> None:
    results = list(everything())
    results[0] = make_result(
        "trivy fs", files={"source.json": json.dumps(value).encode()}
    )
    with suppress(PermanentError):
        interpret(results)
