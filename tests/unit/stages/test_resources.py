"""Unit tests of `sluicegate.stages.resources` and of what a stage declares."""

import json

import pytest
from pydantic import ValidationError

from sluicegate.model.resources import Resources
from sluicegate.stages.command import ShellStage
from sluicegate.stages.resources import read_memory


def declared(**settings: object) -> Resources | None:
    text = json.dumps({"uses": "command", "run": "true", **settings})
    return ShellStage.model_validate_json(text, strict=True).declared()


def test_a_stage_that_says_nothing_declares_nothing() -> None:
    assert declared() is None
    assert declared(pools={"ports": 3}) is None


def test_gpus_are_the_slots_of_the_pool_of_that_name_unless_said_otherwise() -> None:
    assert declared(pools={"gpu": 2}) == Resources(gpu=2)
    assert declared(pools={"gpu": 2}, resources={"gpu": 1}) == Resources(gpu=1)
    assert declared(pools={"gpu": 2}, resources={"gpu": 0}) is None
    assert declared(resources={"gpu": 1}) == Resources(gpu=1)


def test_memory_is_in_bytes() -> None:
    assert declared(resources={"cpu": 2, "memory": "4GiB"}) == Resources(
        0, 2, 4_294_967_296
    )


@pytest.mark.parametrize(
    ("text", "size"), [("1KiB", 1 << 10), ("512MiB", 1 << 29), ("2TiB", 1 << 41)]
)
def test_units_are_powers_of_1024(text: str, size: int) -> None:
    assert read_memory(text) == size


@pytest.mark.parametrize(
    "text", ["4GB", "4", 4, "0GiB", "1.5GiB", "GiB", " 4GiB", True]
)
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="like 512MiB or 4GiB"):
        read_memory(text)


@pytest.mark.parametrize("said", [{"gpu": -1}, {"cpu": 0}, {"gpus": 1}, {"gpu": "1"}])
def test_odd_needs_are_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        declared(resources=said)
