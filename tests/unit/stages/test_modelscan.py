"""Unit tests of `sluicegate.stages.modelscan`."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.engine.request import digest_evidence
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.tool import Tool
from sluicegate.stages.modelscan import ModelscanStage
from sluicegate.stages.stage import Report

TOOLS = {
    "model-reader": Tool("model-reader", ("/py", "-m", "reader"), "1", None, "own"),
    "picklescan": Tool("picklescan", ("/bin/picklescan",), "1.0.5", None, "on PATH"),
}
CONTEXT = make_context("/project", "/out", tools=TOOLS)
STAGE = ModelscanStage.model_validate({"uses": "modelscan", "paths": ["model/"]})
ASKING = ModelscanStage.model_validate(
    {"uses": "modelscan", "paths": ["model"], "second_opinion": ["picklescan"]}
)
CLEAN = b"----------- SCAN SUMMARY -----------\nScanned files: 2\nInfected files: 0\n"
FOUND = (
    b"a: dangerous import 'posix system' FOUND\nScanned files: 1\nInfected files: 1\n"
)


def row(path: str = "model/w.bin", **more: object) -> dict[str, Any]:
    return {
        "path": path,
        "size": 10,
        "sha256": "ab" * 32,
        "format": "safetensors",
        "rule": "",
        "message": "",
        "imports": [],
        **more,
    }


def interpret(
    *rows: dict[str, Any], said: bytes | None = None, code: int = 0
) -> Report:
    files = {"modelscan.json": json.dumps({"files": rows}).encode()}
    results = [make_result("model-reader", files=files)]
    if said is None:
        return STAGE.interpret(CONTEXT, results)
    second = make_result("picklescan model", code, stdout=said)
    return ASKING.interpret(CONTEXT, [*results, second])


def test_the_reader_runs_on_its_own_and_is_asked_before_a_result_is_used_again() -> (
    None
):
    (step,) = STAGE.plan(CONTEXT)
    (probe,) = STAGE.probes(CONTEXT)

    orders = json.loads(step.command.argv[-1])
    assert step.command.argv[:3] == ("/py", "-m", "reader")
    assert (orders["paths"], orders["pickle"]) == (["model"], None)
    assert json.loads(probe.argv[-1]) == {**orders, "output": None}


def test_good_files_open_the_gate_and_are_listed_in_the_manifest() -> None:
    report = interpret(row("model/b"), row("model/a", format="json"))

    manifest = report.files[0]
    assert report.fields["refused"] == 0
    assert report.fields["recognised"] == 2
    assert [each["path"] for each in json.loads(manifest.data)["files"]] == [
        "model/a",
        "model/b",
    ]
    assert report.subjects == (("stage/model", Digest.of(manifest.data)),)
    assert report.fields["manifest"] == Digest.of(manifest.data).hex


def test_another_byte_of_the_model_is_another_manifest() -> None:
    one, other = interpret(row()), interpret(row(sha256="ac" * 32))

    assert one.fields["manifest"] != other.fields["manifest"]
    assert one.subjects != other.subjects


def test_a_release_request_is_bound_to_the_files_of_the_model() -> None:
    """Requests name what stages found by this digest."""

    def digest(report: Report) -> Digest:
        files = tuple(
            EvidenceFile(
                each.name, each.media_type, len(each.data), Digest.of(each.data)
            )
            for each in report.files
        )
        return digest_evidence(Evidence(report.fields, files))

    assert digest(interpret(row())) == digest(interpret(row()))
    assert digest(interpret(row())) != digest(interpret(row(sha256="ac" * 32)))


def test_a_refused_file_is_a_finding_and_counted() -> None:
    said = {"format": "pickle", "rule": "pickle-denied", "message": "a pickle"}
    report = interpret(row(), row("model/p", **said))

    assert (report.fields["refused"], report.fields["pickles"]) == (1, 1)
    assert [each.path for each in report.findings] == ["model/p"]
    assert "model/p: a pickle" in report.summary


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(format="unknown", rule="unknown-file", message="no format")],
        [row(format="unchecked")],
        [row(), row()],
        [row(sha256="")],
    ],
    ids=["none", "unknown only", "unchecked only", "twice", "no digest"],
)
def test_what_was_not_recognised_is_broken_and_never_a_pass(
    rows: list[dict[str, Any]],
) -> None:
    with pytest.raises(PermanentError):
        interpret(*rows)


@pytest.mark.parametrize(("code", "files"), [(2, False), (1, True), (0, False)])
def test_a_reader_that_failed_is_broken(code: int, *, files: bool) -> None:
    wrote = {"modelscan.json": json.dumps({"files": [row()]}).encode()} if files else {}
    result = make_result("model-reader", code, stderr=b"there is no model", files=wrote)

    with pytest.raises(PermanentError, match="there is no model"):
        STAGE.interpret(CONTEXT, [result])


@pytest.mark.parametrize(
    ("said", "code", "found"),
    [(CLEAN, 0, 0), (FOUND, 1, 1), (CLEAN, 1, 1), (FOUND, 0, 1)],
)
def test_any_word_of_picklescan_against_a_file_counts(
    said: bytes, code: int, found: int
) -> None:
    assert interpret(row(), said=said, code=code).fields["picklescan_findings"] == found


@pytest.mark.parametrize(
    ("said", "code"), [(CLEAN, 2), (CLEAN, -9), (b"", 0), (b"", 1)]
)
def test_a_picklescan_that_failed_is_broken(said: bytes, code: int) -> None:
    with pytest.raises(PermanentError, match="picklescan failed"):
        interpret(row(), said=said, code=code)


def test_the_default_gate_asks_for_all_of_it() -> None:
    assert STAGE.default_gate("m") == ("m.refused == 0", "m.recognised > 0")
    assert "m.picklescan_findings == 0" in ASKING.default_gate("m")


@pytest.mark.parametrize(
    "settings",
    [
        {"paths": []},
        {"paths": ["../model"]},
        {"paths": ["model/*.bin"]},
        {"paths": ["/model"]},
        {"paths": ["."]},
        {"pickle": {"allow": ["os.system"]}},
        {"pickle": {"allow": ["torch.*"]}},
        {"pickle": {"allow": ["OrderedDict"]}},
        {"pickle": {"allow": ["builtins.eval"]}},
        {"pickle": {"allow": ["__builtin__.getattr"]}},
        {"pickle": True},
        {"formats": []},
        {"formats": ["pickle"]},
    ],
    ids=str,
)
def test_settings_that_would_open_it_wide_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelscanStage.model_validate(
            {"uses": "modelscan", "paths": ["model"], **settings}
        )


@given(st.binary(max_size=200))
def test_a_broken_report_is_an_error_and_never_a_pass(document: bytes) -> None:
    result = make_result("model-reader", files={"modelscan.json": document})

    with pytest.raises(PermanentError):
        STAGE.interpret(CONTEXT, [result])


@given(st.binary(max_size=200), st.integers(-20, 20))
def test_whatever_picklescan_says_nothing_else_is_raised(
    said: bytes, code: int
) -> None:
    with suppress(PermanentError):
        report = interpret(row(), said=said, code=code)
        assert code == 0 or report.fields["picklescan_findings"] != 0
