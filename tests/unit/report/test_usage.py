"""Unit tests of `sluicegate.report.usage`."""

import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.command import ResourceUsage
from sluicegate.report.usage import describe_usage, format_bytes, usage_document

UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10 * 1024 - 1, "10 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (219_000_000, "209 MiB"),
        (3 << 29, "1.5 GiB"),
        (2**60, "1024 PiB"),
    ],
)
def test_bytes_are_written_for_people(number: int, text: str) -> None:
    assert format_bytes(number) == text


@given(st.integers(0, 2**53))
def test_what_is_written_is_near_what_it_is(number: int) -> None:
    value, unit = format_bytes(number).split(" ")

    assert abs(float(value) * UNITS[unit] - number) <= 0.06 * max(number, 1)
    assert re.fullmatch(r"\d{1,4}|\d\.\d", value)


def test_what_is_next_to_nothing_or_was_not_measured_is_not_worth_a_word() -> None:
    assert describe_usage(ResourceUsage(600_000)) == ""
    assert describe_usage(ResourceUsage(5, 900, 60 << 20, 1 << 20, 9 << 20)) == ""


def test_all_that_was_measured_is_told() -> None:
    usage = ResourceUsage(
        60_000, 9_800, 219_000_000, 20 << 20, 50 << 20, 12_000, 8 << 30
    )

    assert describe_usage(usage) == (
        "9.8 s of CPU, 209 MiB of memory, 20 MiB read, 50 MiB written,"
        " GPU busy for 12 s, 8.0 GiB of GPU memory"
    )


def test_machines_get_all_that_was_measured_and_no_more() -> None:
    every = [field.name for field in fields(ResourceUsage)]

    assert list(usage_document(ResourceUsage(*range(7)))) == every
    assert usage_document(ResourceUsage(5, read_bytes=0)) == {
        "wall_ms": 5,
        "read_bytes": 0,
    }
