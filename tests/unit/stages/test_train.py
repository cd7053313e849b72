"""Unit tests of `sluicegate.stages.train`."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.model.command import CommandResult, ResourceUsage, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import KeptFile
from sluicegate.model.model_manifest import parse_manifest
from sluicegate.model.tool import Tool
from sluicegate.stages.modelscan import ModelscanStage
from sluicegate.stages.stage import Report
from sluicegate.stages.train import TrainStage

TOOLS = {
    "model-reader": Tool("model-reader", ("/py", "-m", "reader"), "1", None, "own"),
    "project-python": Tool("python", ("/venv/bin/python",), "3.12", None, ".venv"),
}
CONTEXT = make_context("/project", "/out", tools=TOOLS)
METRICS = {"file": "metrics.json", "fields": {"loss": "number", "epochs": "integer"}}


def stage(**more: Any) -> TrainStage:  # noqa: ANN401 - settings of any kind
    return TrainStage.model_validate(
        {
            "uses": "train",
            "run": "python train.py",
            "inputs": ["train.py", "data"],
            "model": ["model/"],
            "metrics": METRICS,
            **more,
        }
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


def trained(
    metrics: bytes | None = b'{"loss": 0.02, "epochs": 3}',
    code: int = 0,
    usage: ResourceUsage | None = None,
) -> StepResult:
    took = usage or ResourceUsage(90_000, 60_500, 1 << 30, 7, 8, 45_000, 9)
    files = {} if metrics is None else {"metrics.json": metrics}
    return StepResult("training", CommandResult(code, b"epoch 1", b"", took), files)


def read(*rows: dict[str, Any], code: int = 0, said: bytes = b"") -> StepResult:
    files = {"model-files.json": json.dumps({"files": rows}).encode()}
    return make_result("model", code, stderr=said, files=files if not code else {})


def interpret(
    training: StepResult | None = None,
    model: StepResult | None = None,
    **more: Any,  # noqa: ANN401 - settings of any kind
) -> Report:
    results = [make_result("before"), training or trained(), model or read(row())]
    return stage(**more).interpret(CONTEXT, results)


def test_it_notes_what_is_there_trains_and_reads_what_was_written() -> None:
    before, training, model = stage().plan(CONTEXT)

    noted = json.loads(before.command.argv[-1])
    read_by = json.loads(model.command.argv[-1])
    assert training.command.argv == ("sh", "-c", "python train.py")
    assert training.command.env == {"SLUICEGATE_OUTPUT": "/out"}
    assert noted["note"] == read_by["noted"]
    assert noted["paths"] == read_by["paths"] == ["model"]
    assert (before.optional, training.optional, model.optional) == (False, True, True)


def test_metrics_model_and_what_it_took_are_evidence() -> None:
    report = interpret(pools={"gpu": 2})

    assert report.fields == {
        "loss": 0.02,
        "epochs": 3,
        "wall_seconds": 90.0,
        "cpu_seconds": 60.5,
        "peak_memory_bytes": 1 << 30,
        "read_bytes": 7,
        "written_bytes": 8,
        "gpu_busy_seconds": 45.0,
        "peak_gpu_memory_bytes": 9,
        "gpu_minutes": 3.0,
        "model_files": 1,
        "model_bytes": 10,
        "formats": "safetensors",
        "manifest": Digest.of(report.files[0].data).hex,
        "content": parse_manifest(report.files[0].data).content.hex,
    }
    assert [file.name for file in report.files] == [
        "model-manifest.json",
        "metrics.json",
    ]
    assert report.subjects == (("stage/model", Digest.of(report.files[0].data)),)


def test_every_field_is_declared() -> None:
    declared = {spec.name for spec in stage(pools={"gpu": 1}).fields()}

    assert interpret(pools={"gpu": 1}).fields.keys() == declared


def test_what_was_not_measured_is_absent() -> None:
    report = interpret(trained(usage=ResourceUsage(5)))

    assert {"model_files", "wall_seconds"} <= report.fields.keys()
    assert report.fields.keys().isdisjoint(
        {"cpu_seconds", "peak_memory_bytes", "read_bytes", "gpu_busy_seconds"}
    )
    assert stage().explain_absence("gpu_minutes")


def test_the_manifest_is_the_one_that_a_scan_of_the_same_files_makes() -> None:
    files = {"modelscan.json": json.dumps({"files": [row()]}).encode()}
    scan = ModelscanStage.model_validate({"uses": "modelscan", "paths": ["model"]})
    scanned = scan.interpret(CONTEXT, [make_result("model-reader", files=files)])

    report = interpret()

    assert report.fields["manifest"] == scanned.fields["manifest"]
    assert report.subjects == scanned.subjects


@pytest.mark.parametrize(
    ("training", "model", "said"),
    [
        (trained(code=1), None, "the training failed (exit code 1)"),
        (trained(code=-9), None, "signal 9"),
        (trained(None), None, "wrote no metrics.json"),
        (trained(b'{"loss": NaN, "epochs": 3}'), None, "metrics.json:1"),
        (trained(b'{"loss": 0.1}'), None, "has no epochs"),
        (None, read(), "wrote no file of model"),
        (None, read(code=2, said=b"there is no model"), "there is no model"),
        (None, read(row(sha256="", rule="link", message="a link")), "w.bin: a link"),
    ],
)
def test_a_training_that_did_not_deliver_is_broken(
    training: StepResult | None, model: StepResult | None, said: str
) -> None:
    with pytest.raises(
        PermanentError, match=said.replace("(", r"\(").replace(")", r"\)")
    ):
        interpret(training, model)


def test_a_module_that_is_not_there_is_among_the_projects_needs() -> None:
    said = b"ModuleNotFoundError: No module named 'sklearn'"
    results = [make_result("before"), make_result("training", 1, stderr=said)]

    with pytest.raises(PermanentError, match="sklearn") as caught:
        stage().interpret(CONTEXT, results)

    assert "`python: project`" in str(caught.value.hint)


def test_without_a_look_at_what_was_there_before_nothing_counts() -> None:
    results = [make_result("before", 2), trained(), read(row())]

    with pytest.raises(PermanentError, match="earlier model"):
        stage().interpret(CONTEXT, results)


def test_a_format_of_nobodys_is_for_the_scan_to_refuse() -> None:
    report = interpret(model=read(row(format="unknown", rule="unknown-file")))

    assert report.fields["formats"] == "unknown"


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, ("model",)),
        ({"outputs": ["log.txt"]}, ("log.txt", "model")),
        ({"keep": False}, ()),
        ({"keep": False, "outputs": ["log.txt"]}, ("log.txt",)),
    ],
)
def test_the_model_is_kept_unless_it_says_otherwise(
    more: dict[str, Any], kept: tuple[str, ...]
) -> None:
    assert stage(**more).kept() == kept
    assert stage(**more).left_is_kept() is more.get("keep", True)


def test_what_it_has_left_is_told_by_its_content() -> None:
    (command,) = stage().left(CONTEXT, {"content": "ab" * 32})

    orders = json.loads(command.argv[-1])
    assert orders == {"project": "/project", "paths": ["model"], "content": "ab" * 32}


def test_the_projects_python_comes_first_on_the_path() -> None:
    found = stage(python="project", run=["python", "t.py"])

    training = found.plan(CONTEXT)[1].command

    assert found.tools() == ("model-reader", "project-python")
    assert training.argv[:2] == ("sh", "-c")
    assert training.argv[3:] == ("/venv/bin", "python", "t.py")


@pytest.mark.parametrize(
    "more",
    [
        {"inputs": []},
        {"model": []},
        {"model": ["../model"]},
        {"model": ["model/*"]},
        {"inputs": ["."]},
        {"inputs": ["**"]},
        {"inputs": ["model/w.bin"]},
        {"inputs": ["./model"]},
        {"model": ["data/model"]},
        {"metrics": {"file": "model-files.json", "fields": {"a": "number"}}},
        {"metrics": {"file": "m.json", "fields": {"wall_seconds": "number"}}},
        {"metrics": {"file": "m.json", "fields": {}}},
    ],
)
def test_settings_that_could_not_work_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        stage(**more)


def test_all_that_is_read_is_an_input() -> None:
    found = {"uses": "train", "run": "x", "model": ["model"]}

    with pytest.raises(ValidationError, match="inputs"):
        TrainStage.model_validate(found)


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(-20, 300))
def test_garbage_is_broken_and_never_a_pass(
    metrics: bytes, files: bytes, code: int
) -> None:
    results = [
        make_result("before"),
        trained(metrics, code),
        make_result("model", files={"model-files.json": files}),
    ]

    with suppress(PermanentError):
        report = stage().interpret(CONTEXT, results)
        raise AssertionError(report)


KEPT = KeptFile("model/w.bin", 10, Digest("ab" * 32))
ASIDE = KeptFile("models/w.bin", 3, Digest("cd" * 32))
OTHERS = {
    "bytes": [replace(KEPT, digest=Digest("cd" * 32))],
    "size": [replace(KEPT, size=11)],
    "path": [replace(KEPT, path="model/v.bin")],
    "more": [KEPT, replace(KEPT, path="model/deep/v.bin")],
    "twice": [KEPT, KEPT],
    "none": [],
}


def test_the_files_that_are_kept_are_those_that_were_listed() -> None:
    found = interpret().fields

    stage().check_kept(found, [ASIDE, KEPT])


@pytest.mark.parametrize("kept", OTHERS.values(), ids=OTHERS.keys())
def test_other_files_than_those_listed_are_broken(kept: list[KeptFile]) -> None:
    found = interpret().fields

    with pytest.raises(PermanentError, match="not those that were listed"):
        stage().check_kept(found, kept)
    with pytest.raises(PermanentError, match="not those that were listed"):
        stage().check_kept({}, kept)
    stage(keep=False).check_kept(found, [])
