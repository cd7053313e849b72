"""Stages about a model: chosen where they can open, else said how to fill them."""

import json

import pytest
from trees import make_tree

from sluicegate.config.file import parse_pipeline
from sluicegate.detect.choice import choose, explain, not_done
from sluicegate.detect.render import render
from sluicegate.detect.repository import detect
from sluicegate.detect.service import Service
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.docs import DocsStage
from sluicegate.stages.modelscan import ModelscanStage
from sluicegate.stages.smoke import SmokeStage


def rows(number: int, **more: object) -> str:
    lines = ({"id": f"a{n}", "y": "cat", "yhat": "dog", **more} for n in range(number))
    return "".join(json.dumps(line) + "\n" for line in lines)


def find(files: dict[str, str]) -> Service:
    (service,) = detect(make_tree({"app.py": "", **files})).services
    return service


def chosen(service: Service) -> list[str]:
    return [choice.stage for choice in choose(service) if choice.is_chosen]


def test_without_a_model_nobody_hears_of_these_stages() -> None:
    service = find({"train.py": "", "MODEL_CARD.md": ""})

    for name in ("train", "compare", "modelscan", "docs", "smoke"):
        assert f"{name}:" not in render(service)
    assert not any("model" in line for line in not_done(service))


def test_what_is_all_there_is_compared_and_read() -> None:
    files = {
        "model/m.onnx": "",
        "model/README.md": "",
        "out/candidate.jsonl": rows(100),
        "model2/champion.jsonl": rows(100),
    }
    service = find(files)
    pipeline = parse_pipeline(render(service).encode(), "sluicegate.yaml")
    compare = pipeline.stage("compare").stage
    scan = pipeline.stage("modelscan").stage

    assert chosen(service) == ["lint", "compare", "modelscan", "scan"]
    assert "no model card was looked at" in not_done(service)
    assert isinstance(compare, CompareStage)
    assert compare.candidate == "out/candidate.jsonl"
    assert compare.champion == "model2/champion.jsonl"
    assert isinstance(scan, ModelscanStage)
    assert (scan.paths, scan.unchecked) == (("model",), ("model/README.md",))


@pytest.mark.parametrize(
    ("candidate", "champion", "why"),
    [
        (rows(99), rows(99), "out/predictions.jsonl has only 99 examples"),
        (rows(101), rows(100), "have not the same number of examples"),
        (rows(100), "", "champion.jsonl is too large to be looked at here, or empty"),
        (rows(100), "x\n" * 100, "champion.jsonl has not id, y and yhat"),
        (rows(100), None, "no predictions of the model and of the one to beat"),
    ],
)
def test_a_comparison_that_would_not_open_is_a_comment_that_says_why(
    candidate: str, champion: str | None, why: str
) -> None:
    files = {"m.onnx": "", "out/predictions.jsonl": candidate}
    if champion is not None:
        files["champion.jsonl"] = champion
    service = find(files)

    assert "compare" not in chosen(service)
    assert any(why in line for line in explain(service))
    assert "the model was compared with none" in not_done(service)
    assert "  #   candidate: out/predictions.jsonl" in render(service)
    assert "evaluate" not in render(service)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("model/m.pkl", "model/m.pkl would be refused"),
        ("m o.onnx", "cannot be told in few words"),
    ],
)
def test_a_scan_that_would_refuse_at_once_is_a_comment_that_says_why(
    name: str, why: str
) -> None:
    service = find({name: ""})

    assert "modelscan" not in chosen(service)
    assert any(why in line for line in explain(service))
    assert "the files of the model were not read" in not_done(service)
    assert "  # modelscan: {uses: modelscan, paths: [model]}" in render(service)


SERVED = {
    "m.onnx": "",
    "Dockerfile": "FROM a\nEXPOSE 8000\n",
    "app.py": "'/predict' '/healthz'",
    "tests/golden.jsonl": '{"id": "a", "request": {}, "expected": 1}\n',
    "MODEL_CARD.md": "",
}


def test_a_card_is_looked_at_and_golden_requests_are_asked() -> None:
    service = find(SERVED)
    pipeline = parse_pipeline(render(service).encode(), "sluicegate.yaml")
    smoke, docs = pipeline.stage("smoke"), pipeline.stage("docs").stage

    assert chosen(service) == ["lint", "modelscan", "docs", "build", "smoke", "scan"]
    assert isinstance(docs, DocsStage)
    assert docs.card == "MODEL_CARD.md"
    assert isinstance(smoke.stage, SmokeStage)
    assert smoke.needs == ("build",)
    assert (smoke.stage.golden, smoke.stage.port, smoke.stage.path) == (
        "tests/golden.jsonl",
        8000,
        "/predict",
    )


def test_golden_numbers_get_a_tolerance_as_they_are_computed_elsewhere() -> None:
    golden = '{"id": "a", "request": {}, "expected": {"label": 1, "p": 0.25}}\n'
    service = find({**SERVED, "tests/golden.jsonl": golden})

    pipeline = parse_pipeline(render(service).encode(), "sluicegate.yaml")

    smoke = pipeline.stage("smoke").stage
    assert isinstance(smoke, SmokeStage)
    assert [(each.path, each.relative) for each in smoke.tolerances] == [("$.p", 1e-6)]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("tests/golden.jsonl", "", "no golden requests"),
        ("Dockerfile", "FROM a\n", "no port"),
        ("app.py", "'/healthz'", "no route of predictions"),
        ("app.py", "'/predict'", "no health route"),
    ],
)
def test_an_image_that_cannot_be_asked_yet_is_a_comment_that_says_why(
    name: str, text: str, why: str
) -> None:
    service = find({**SERVED, name: text})

    assert "smoke" not in chosen(service)
    assert any(why in line for line in explain(service))
    assert "the image was not asked what the model says" in not_done(service)
    assert "  #   uses: smoke" in render(service)


@pytest.mark.parametrize(
    ("more", "by"),
    [
        ({"island": "Dream", "age": 3}, "island"),
        ({"a b": "c"}, "region"),
        ({}, "region"),
    ],
)
def test_slices_are_a_comment_that_names_a_column_of_texts(
    more: dict[str, object], by: str
) -> None:
    service = find({"candidate.jsonl": rows(100, **more), "champion.csv": ""})

    assert f"  #   by: [{by}]" in render(service)
    assert "  #   predictions: candidate.jsonl" in render(service)


def test_a_training_is_never_begun_unasked() -> None:
    service = find({"m.onnx": "", "jobs/train.py": ""})

    assert "train" not in chosen(service)
    assert "  #   run: [python3, jobs/train.py]" in render(service)
    assert "  #   python: project" in render(service)
    assert ".gitignore" in render(service)
    assert not any("train" in line for line in not_done(service))
