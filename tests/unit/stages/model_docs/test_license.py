"""Unit tests of `sluicegate.stages.model_docs.license`, beside SPDX's own list."""

import json
from importlib.resources import files

import pytest

from sluicegate.stages.model_docs import license as licences


def test_every_id_is_one_of_spdx() -> None:
    pytest.importorskip("cyclonedx")
    schema = files("cyclonedx.schema") / "_res" / "spdx.SNAPSHOT.schema.json"
    known = json.loads(schema.read_bytes())["enum"]

    named = [licences.describe_license(each) for each in known]

    ids = {each["id"] for each in named if "id" in each}
    assert ids <= set(known)
    assert {"Apache-2.0", "MIT", "CC-BY-4.0"} <= ids


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("apache-2.0", {"id": "Apache-2.0"}),
        (" MIT ", {"id": "MIT"}),
        ("llama3.1", {"name": "llama3.1"}),
        ("other", {"name": "other"}),
    ],
)
def test_what_spdx_does_not_know_keeps_its_name(
    said: str, shown: dict[str, str]
) -> None:
    assert licences.describe_license(said) == shown
