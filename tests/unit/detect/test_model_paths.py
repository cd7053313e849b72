import pytest

from sluicegate.detect.model_paths import Reading, plan_reading


@pytest.mark.parametrize(
    ("models", "beside", "planned"),
    [
        (["model.onnx"], ["app.py"], Reading(("model.onnx",))),
        (["m/a.safetensors"], ["m/config.json", "m/README.md"],
         Reading(("m",), ("m/README.md",))),
        (["m/a.safetensors"], ["m/load.py"], Reading(("m/a.safetensors",))),
        (["m/a.onnx", "m/deep/b.onnx"], ["m/a.data"], Reading(("m",))),
        (["m/a.safetensors"], ["m/a.data"], Reading(("m/a.safetensors",))),
        (["m/a.onnx", "n/b.gguf"], [], Reading(("m", "n"))),
        (["m/a.onnx", "m/b.pkl"], [], Reading(("m",), (), ("m/b.pkl",))),
        (["m/model.txt"], [], Reading(("m",), ("m/model.txt",), ("m/model.txt",))),
    ],
)  # fmt: skip
def test_a_folder_is_named_whole_where_every_name_is_understood(
    models: list[str], beside: list[str], planned: Reading
) -> None:
    assert plan_reading(models, sorted([*models, *beside])) == planned


@pytest.mark.parametrize("name", ["a b.onnx", "m*/a.onnx", "-m/a.onnx", "ü/a.onnx"])
def test_a_name_that_needs_care_is_left_to_people(name: str) -> None:
    assert plan_reading([name], [name]) is None


def test_more_paths_than_anybody_reads_are_left_to_people() -> None:
    models = [f"m{n}/a.onnx" for n in range(21)]
    assert plan_reading(models, models) is None
    assert plan_reading(models[1:], models) is not None
