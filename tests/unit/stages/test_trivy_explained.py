"""Unit tests of a scan with VEX and licences, and of settings that would hide."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import OUTPUT, PROJECT, load_results

from sluicegate.errors import PermanentError
from sluicegate.model.command import StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.tool import Tool
from sluicegate.stages.stage import Report
from sluicegate.stages.trivy import TrivyStage

STAGE = TrivyStage(uses="trivy", licenses=True, vex=("vex.json",))
CONTEXT = replace(
    make_context(
        PROJECT,
        OUTPUT,
        tools={"trivy": Tool("trivy", ("trivy",), "0.59.1", None, "on PATH")},
        images=(Digest("12" * 32),),
    ),
    files={"vex.json": b"{}"},
)


def interpret(
    stage: TrivyStage = STAGE, results: tuple[StepResult, ...] | None = None
) -> Report:
    return stage.interpret(CONTEXT, results or load_results("trivy-explained"))


def test_a_justified_statement_suppresses_and_another_does_not() -> None:
    report = interpret()

    assert (report.fields["vex_suppressed"], report.fields["vex_unjustified"]) == (1, 1)
    assert report.fields["critical"] == 1
    assert ", 1 suppressed by VEX, 1 not, for want of a reason, " in report.summary
    messages = [one.message for one in report.findings]
    assert any(
        "suppressed (vex.json says not_affected: vulnerable_code_not_in_" in each
        for each in messages
    )
    assert any("not suppressed (vex.json says not_affected with" in m for m in messages)


def test_what_is_suppressed_though_no_document_is_named_counts() -> None:
    report = interpret(STAGE.model_copy(update={"vex": ()}))

    assert report.fields["critical"] == 2
    assert "vex_suppressed" not in report.fields


def test_licenses_are_counted() -> None:
    fields = interpret().fields

    assert fields["licenses_notice"] == 1
    assert fields["licenses_missing"] == 1, "urllib3; PyYAML is installed in the image"


def without_licenses(name: str, done: StepResult) -> StepResult:
    report = json.loads(done.files[name])
    report["Results"] = [
        each for each in report["Results"] if each.get("Class") != "license"
    ]
    return replace(done, files={**done.files, name: json.dumps(report).encode()})


@pytest.mark.parametrize(("step", "name"), [(0, "source.json"), (1, "image.json")])
def test_a_scan_that_did_not_look_at_licenses_measured_none(
    step: int, name: str
) -> None:
    results = list(load_results("trivy-explained"))
    results[step] = without_licenses(name, results[step])

    report = interpret(results=tuple(results))

    assert not [name for name in report.fields if name.startswith("licenses_")]
    assert "Trivy said nothing of licences" in report.summary
    assert STAGE.default_gate("x")[-1] == "x.licenses_forbidden == 0"


def test_a_report_on_something_else_is_no_verdict() -> None:
    source, image, *others = load_results("trivy-explained")
    swapped = replace(
        source, files={**source.files, "source.json": image.files["image.json"]}
    )

    with pytest.raises(PermanentError, match="something else"):
        interpret(results=(swapped, image, *others))


def test_the_older_of_two_databases_is_the_one_that_counts() -> None:
    source, image, *others = load_results("trivy-explained")
    newer = b'{"VulnerabilityDB": {"UpdatedAt": "2026-03-01T11:00:00Z"}}'
    updated = replace(image, files={**image.files, "image-database.json": newer})

    report = interpret(results=(source, updated, *others))

    assert report.fields["db_age_days"] == 2


def test_a_list_of_licenses_is_part_of_every_gate() -> None:
    denying = TrivyStage(uses="trivy", licenses=True, deny_licenses=("GPL-*",))
    allowing = TrivyStage(uses="trivy", licenses=True, allow_licenses=("MIT",))

    for stage, conditions in (
        (denying, ("x.licenses_denied == 0",)),
        (allowing, ("x.licenses_denied == 0", "x.licenses_missing == 0")),
    ):
        assert stage.gate_unless_named("x")[2:] == conditions
        assert set(conditions) <= set(stage.default_gate("x"))
    assert "licenses_denied" not in {spec.name for spec in STAGE.fields()}
    why = STAGE.explain_absence("licenses_denied")
    assert why == "it has no deny_licenses and no allow_licenses"


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"deny_licenses": ["GPL-*"]}, "add `licenses: true`"),
        ({"vex": ["x.json"], "scanners": ["secret"]}, "vuln is not in scanners"),
        ({"scanners": []}, "nothing would be looked for"),
        ({"env": {"TRIVY_SEVERITY": "LOW"}}, "use the settings of this stage"),
        ({"ignore": "/etc/passwd"}, "relative to the pipeline file"),
        ({"licenses": True, "allow_licenses": [" "]}, "an empty word"),
        ({"vex": ["a.json,repo"]}, "a comma or a quote"),
        ({"ignorefile": ".trivyignore"}, "Extra inputs"),
    ],
)
def test_settings_that_would_hide_something_are_refused(
    settings: dict[str, object], what: str
) -> None:
    with pytest.raises(ValidationError, match=what):
        TrivyStage.model_validate({"uses": "trivy", **settings})


def test_a_mirror_may_be_named_in_the_environment() -> None:
    env = {"TRIVY_DB_REPOSITORY": "mirror/db", "HTTPS_PROXY": "http://proxy"}

    assert TrivyStage(uses="trivy", env=env).env == env


def test_nothing_runs_before_the_file_of_accepted_findings_is_right() -> None:
    stage = TrivyStage(uses="trivy", ignore="i.yaml")

    with pytest.raises(PermanentError, match=r"i\.yaml is not there"):
        stage.plan(CONTEXT)
    with pytest.raises(PermanentError, match=r"i\.yaml:1: 'reason' is missing"):
        stage.plan(replace(CONTEXT, files={"i.yaml": b"- id: A\n"}))


def test_the_files_it_reads_are_inputs_wherever_they_lie() -> None:
    stage = TrivyStage(uses="trivy", ignore="../i.yaml", vex=("v.json",))

    version, *files = stage.probes(CONTEXT)

    assert stage.reads() == ("../i.yaml", "v.json")
    assert "version" in version.argv
    assert [each.argv[-1] for each in files] == [
        str(Path(PROJECT) / "../i.yaml"),
        str(Path(PROJECT) / "v.json"),
    ]
    assert stage.reads_date()


def test_every_scan_is_kept_from_exceptions_and_caches_of_others() -> None:
    for step in STAGE.plan(CONTEXT)[:2]:
        argv = step.command.argv
        assert "--ignorefile=/dev/null" in argv
        assert "--skip-db-update" in argv, "the download comes first, under the lock"
        assert "--download-db-only" in argv[2]
    assert "--cache-backend=memory" in STAGE.plan(CONTEXT)[1].command.argv
