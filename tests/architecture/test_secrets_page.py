"""docs/secrets.md shows files that can be used, and messages as they are."""

import re
from pathlib import Path

import pytest

from sluicegate.config.credentials import HINT
from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError

PAGE = (Path(__file__).parents[2] / "docs" / "secrets.md").read_text("utf-8")
FILES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
HEAD = "schema: sluicegate/v1\nname: churn-model_release_v1.0\n"
STAGES = "stages:\n  train: {uses: command, run: python train.py}\n"


@pytest.mark.parametrize("text", FILES)
def test_every_file_of_the_page_can_be_used(text: str) -> None:
    head = "" if text.startswith("schema:") else HEAD
    stages = "" if "stages:\n" in text else STAGES

    found = parse_pipeline((head + stages + text).encode(), "the page")

    assert found.secrets.use


def test_the_message_of_the_page_is_what_is_said() -> None:
    (shown,) = re.findall(r"^error: (sluicegate.yaml:4: .*)$", PAGE, re.MULTILINE)
    line = "train: {uses: command, run: x, env: {HF_TOKEN: correct-horse}}"

    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(f"{HEAD}stages:\n  {line}\n".encode(), "sluicegate.yaml")

    assert caught.value.problems == (shown,)
    assert f"\n hint: {HINT}\n" in PAGE
