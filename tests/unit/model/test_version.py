"""Unit tests of `sluicegate.model.version`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.model.version import Bump, PipelineName

NUMBERS = st.integers(0, 999_999)
NAMES = st.builds(PipelineName, st.just("churn_release"), NUMBERS, NUMBERS)


@given(NAMES)
def test_a_name_is_read_as_it_is_written(name: PipelineName) -> None:
    assert PipelineName.parse(str(name)) == name


@given(NAMES, st.sampled_from(Bump), st.lists(NAMES))
def test_the_next_name_is_later_and_free(
    name: PipelineName, bump: Bump, taken: list[PipelineName]
) -> None:
    found = name.after(bump, taken)

    assert found.stem == name.stem
    assert found.version > name.version
    assert found not in taken
    assert (found.major > name.major) is (bump is Bump.MAJOR)


def test_names_of_others_are_not_in_the_way() -> None:
    name = PipelineName("churn_release", 1, 0)

    others = [PipelineName("churn_check", 1, 5)]

    assert str(name.after(Bump.MINOR, others)) == "churn_release_v1.1"
    assert str(name.after(Bump.MAJOR, others)) == "churn_release_v2.0"


@pytest.mark.parametrize("text", ["churn", "churn_release_v1", "_v1.0", "a_v1.0\n"])
def test_what_has_no_version_is_no_name(text: str) -> None:
    with pytest.raises(UsageError):
        PipelineName.parse(text)
