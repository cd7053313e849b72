"""Unit tests of `sluicegate.config.document`."""

import re

import pytest

from sluicegate.config.document import NAME_PATTERN, WORD_PATTERN


@pytest.mark.parametrize(
    "name", ["churn_release_v1.0", "churn-model_nightly-2_v10.12", "a_b_v0.0"]
)
def test_a_pipeline_is_named_project_purpose_version(name: str) -> None:
    assert re.match(NAME_PATTERN, name)


@pytest.mark.parametrize(
    "name",
    [
        "churn_v1.0",
        "churn_release_1.0",
        "churn_release_v1",
        "churn_release_v01.0",
        "churn_release_v1.0.0",
        "Churn_release_v1.0",
        "churn model_release_v1.0",
        "-churn_release_v1.0",
        "a_b_c_v1.0",
        "churn_release_v1.0 ",
    ],
)
def test_any_other_name_is_not_a_pipelines(name: str) -> None:
    assert not re.match(NAME_PATTERN, name)


@pytest.mark.parametrize("name", ["unit-tests", "1st", "Lint", "", "a" * 41, "_a"])
def test_a_stage_name_is_a_word_of_cel(name: str) -> None:
    assert not re.match(WORD_PATTERN, name)
