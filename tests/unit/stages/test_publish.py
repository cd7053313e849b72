"""Unit tests of `sluicegate.stages.publish`: the names an image gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.model.image import MAX_TAG, TAG
from sluicegate.stages.publish import PublishStage, is_tag, name_image, placeholders

REPOSITORY = "ghcr.io/acme/churn"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
DEFAULT = PublishStage(uses="publish").tags


def test_a_tagged_commit_gets_its_version_and_its_commit() -> None:
    naming = name_image(DEFAULT, REPOSITORY, version="v1.2.0", commit=COMMIT)

    assert naming.references == (f"{REPOSITORY}:v1.2.0", f"{REPOSITORY}:{COMMIT}")
    assert naming.left_out == ()


def test_a_version_is_the_git_tag_as_it_is() -> None:
    naming = name_image(["{version}"], REPOSITORY, version="v1", commit=COMMIT)

    assert naming.references == (f"{REPOSITORY}:v1",)


def test_only_a_version_names_one_image_for_ever() -> None:
    tags = ["{version}", "model-{version}-gpu", "{commit}", "latest"]

    naming = name_image(tags, REPOSITORY, version="v1", commit=COMMIT)

    assert naming.fixed == {f"{REPOSITORY}:v1", f"{REPOSITORY}:model-v1-gpu"}


def test_without_a_git_tag_the_version_is_left_out_and_told() -> None:
    naming = name_image(DEFAULT, REPOSITORY, version=None, commit=COMMIT)

    assert naming.references == (f"{REPOSITORY}:{COMMIT}",)
    assert naming.left_out == ("{version}",)


def test_without_any_tag_there_is_nothing_to_publish_under() -> None:
    with pytest.raises(UsageError, match=r"no Git tag for \{version\}") as refused:
        name_image(["{version}"], REPOSITORY, version=None, commit=COMMIT)

    assert "{commit}" in str(refused.value.hint)


@pytest.mark.parametrize("version", ["release/1.0", "1.0+build", "-x", "é", "v" * 129])
def test_a_git_tag_that_is_no_image_tag_is_refused(version: str) -> None:
    with pytest.raises(UsageError, match="cannot be the tag of an image"):
        name_image(DEFAULT, REPOSITORY, version=version, commit=COMMIT)


def test_two_tags_that_come_to_the_same_are_one() -> None:
    tags = ["{version}", "v1"]

    naming = name_image(tags, REPOSITORY, version="v1", commit=COMMIT)

    assert naming.references == (f"{REPOSITORY}:v1",)
    assert naming.fixed == {f"{REPOSITORY}:v1"}


def test_placeholders_are_told_as_they_are_written() -> None:
    assert placeholders("{a}-{}-{version}") == ("a", "", "version")


@given(st.text(max_size=MAX_TAG + 2))
def test_a_text_without_braces_is_a_tag_where_a_registry_takes_it(text: str) -> None:
    text = text.replace("{", "").replace("}", "")

    assert is_tag(text) == (TAG.fullmatch(text) is not None)
