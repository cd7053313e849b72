"""Unit tests of `sluicegate.model.ulid`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.model.ulid import FORM, format_ulid, is_meant, parse_ulid


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_ulid_reads_back_as_its_number(unix_ms: int, random: bytes) -> None:
    text = format_ulid(unix_ms, random)

    assert FORM.fullmatch(text)
    assert parse_ulid(text) == unix_ms << 80 | int.from_bytes(random)


def test_the_example_of_the_specification_has_its_time() -> None:
    # https://github.com/ulid/spec: the first ten characters are the time.
    assert parse_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV") >> 80 == 1469922850259


def test_people_mean_an_id_by_either_end_of_it_in_any_case() -> None:
    ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

    assert all(is_meant(ulid, text) for text in (ulid, "01arz", "5fav"))
    assert not any(is_meant(ulid, text) for text in ("", "ARZ3", "01ARZ4"))


@pytest.mark.parametrize(
    ("unix_ms", "random"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9))]
)
def test_what_does_not_fit_is_refused(unix_ms: int, random: bytes) -> None:
    with pytest.raises(UsageError):
        format_ulid(unix_ms, random)
