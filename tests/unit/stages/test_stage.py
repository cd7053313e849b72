"""Unit tests of `sluicegate.stages.stage`."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from sluicegate.stages.stage import Duration, parse_duration, write_duration


@pytest.mark.parametrize("text", ["400d", "36h", "90m", "61s", "1500ms"])
def test_a_time_is_written_as_it_is_read(text: str) -> None:
    assert write_duration(parse_duration(text)) == text


def test_a_time_is_written_in_the_largest_exact_unit() -> None:
    assert write_duration(timedelta(minutes=120)) == "2h"


def test_a_part_of_a_millisecond_cannot_be_written() -> None:
    with pytest.raises(AssertionError, match="not a number of milliseconds"):
        write_duration(timedelta(microseconds=1))


def test_a_time_has_a_bound_that_no_sum_overflows() -> None:
    adapter = TypeAdapter[timedelta](Duration)

    assert adapter.validate_python("3650d") == timedelta(days=3650)
    for text in ("3651d", "999999999d", "999999999h"):
        with pytest.raises(ValidationError, match="must be at most 3650d"):
            adapter.validate_python(text)
