"""Unit tests of `sluicegate.config.names`."""

import pytest

from sluicegate.config.names import read_environments
from sluicegate.errors import PipelineFileError


def test_the_environments_are_named_in_the_order_of_the_file() -> None:
    text = b"environments: {staging: {target: 1}, production: nonsense}"

    assert read_environments(text, "f") == ("staging", "production")


@pytest.mark.parametrize(
    "text", [b"stages: {}", b"environments: 3", b'environments: {"a b": 1}']
)
def test_a_file_that_names_none_has_none(text: bytes) -> None:
    assert read_environments(text, "f") == ()


@pytest.mark.parametrize("text", [b"", b"[]", b"environments: {"])
def test_what_is_no_file_of_keys_is_refused(text: bytes) -> None:
    with pytest.raises(PipelineFileError):
        read_environments(text, "f")
