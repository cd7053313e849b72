"""Unit tests of `sluicegate.report.duration`."""

import pytest

from sluicegate.report.duration import format_duration


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0.0 s"),
        (449, "0.4 s"),
        (9_949, "9.9 s"),
        (9_950, "10 s"),
        (59_499, "59 s"),
        (59_500, "1 min 00 s"),
        (185_000, "3 min 05 s"),
        (3_599_400, "59 min 59 s"),
        (3_720_000, "1 h 02 min"),
    ],
)
def test_times_read_naturally(milliseconds: int, text: str) -> None:
    assert format_duration(milliseconds) == text
