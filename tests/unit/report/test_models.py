"""Unit tests of `sluicegate.report.models`: a model's files, for who decides."""

import json
from dataclasses import replace

import pytest
from shown_runs import VIEW

from sluicegate.model.digest import Digest
from sluicegate.model.model_manifest import ModelFile, ModelManifest
from sluicegate.report.models import ShownModel, format_size
from sluicegate.report.request import Tone, request_lines, request_text
from sluicegate.report.request_document import request_document, request_markdown

WEIGHTS = Digest.of(b"weights")
FILES = (
    ModelFile("model/config.json", 312, Digest.of(b"{}"), "json"),
    ModelFile("model/w.safetensors", 1_300_000, WEIGHTS, "safetensors"),
)


def shown(*files: ModelFile) -> ShownModel:
    manifest = ModelManifest.of(files or FILES)
    return ShownModel("train/model", Digest.of(manifest.document()), manifest)


def text_of(model: ShownModel) -> str:
    view = replace(VIEW, models=(model,))
    return request_text(view, VIEW.request.created)


def test_every_file_is_shown_with_format_size_and_digest() -> None:
    text = text_of(shown())

    assert "Model of train/model: 2 files, 1.2 MiB (json, safetensors)" in text
    assert f"  model/w.safetensors  safetensors, 1.2 MiB, {WEIGHTS.short}" in text
    assert f"  model/config.json    json, 312 bytes, {Digest.of(b'{}').short}" in text


def test_the_lines_fit_a_terminal_unless_a_path_does_not() -> None:
    view = replace(VIEW, models=(shown(),))

    lines = [line.text for line in request_lines(view, VIEW.request.created)]

    start = next(i for i, line in enumerate(lines) if line.startswith("Model of"))
    assert max(map(len, lines[start : start + 3])) <= 80


def test_many_files_are_counted_and_all_of_them_are_in_the_document() -> None:
    many = [ModelFile(f"m/{n:03}", n, WEIGHTS, "onnx") for n in range(40)]
    view = replace(VIEW, models=(shown(*many),))

    text = request_text(view, VIEW.request.created)
    (found,) = json.loads(request_document(view))["models"]

    assert "m/011" in text
    assert "m/012" not in text
    assert "... and 28 more" in text
    assert [file["path"] for file in found["files"]] == [each.path for each in many]
    assert found["files"][3]["digest"] == str(WEIGHTS)
    assert "and 28 more" in request_markdown(view)


def test_a_list_that_is_not_here_is_said_to_be_missing() -> None:
    view = replace(VIEW, models=(ShownModel("train/model", WEIGHTS, None),))

    (line,) = [
        line
        for line in request_lines(view, VIEW.request.created)
        if "train/model" in line.text
    ]
    (found,) = json.loads(request_document(view))["models"]

    assert line.tone is Tone.WARNING
    assert "its list of files is not here" in line.text
    assert found["files"] is None
    assert "not here" in request_markdown(view)


def test_a_hostile_name_obeys_nobody() -> None:
    name = "model/\x1b[2J | `x` \u202e<img src=x>"
    view = replace(VIEW, models=(shown(ModelFile(name, 1, None, "unknown")),))

    text = request_text(view, VIEW.request.created)
    markdown = request_markdown(view)

    assert not {"\x1b", "\u202e"} & set(text + markdown)
    assert "no digest" in text
    (row,) = [line for line in markdown.splitlines() if "img" in line]
    assert row.replace("\\|", "").count("|") == 5


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1_300_000, "1.2 MiB"),
        (98 << 30, "98.0 GiB"),
        (5 << 50, "5120.0 TiB"),
    ],
)
def test_sizes_are_written_for_people(size: int, said: str) -> None:
    assert format_size(size) == said
