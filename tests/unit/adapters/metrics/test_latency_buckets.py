"""Unit tests of `sluicegate.adapters.metrics.latency_buckets`."""

import re

import pytest

from sluicegate.adapters.metrics.latency_buckets import le_pattern


@pytest.mark.parametrize(
    ("edge_ms", "unit_ms", "written"),
    [
        # As libraries write them, and as Prometheus 3 does.
        (5, 1000, ["0.005"]),
        (250, 1000, ["0.25"]),
        (1000, 1000, ["1", "1.0"]),
        (2500, 1000, ["2.5"]),
        (10_000, 1000, ["10", "10.0"]),
        (1, 1, ["1", "1.0"]),
        (600_000, 1, ["600000", "600000.0"]),
        (1_800_000, 1, ["1800000", "1800000.0", "1.8e+06"]),
        (3_600_000, 1000, ["3600", "3600.0"]),
    ],
)
def test_an_edge_is_found_however_it_is_written(
    edge_ms: int, unit_ms: int, written: list[str]
) -> None:
    pattern = le_pattern([edge_ms], unit_ms)

    for each in [*written, "+Inf", ""]:  # "" is of a counter beside the buckets
        assert re.fullmatch(pattern, each), each
    for other in ["0", "0.0051", "1005", "11", "25", "Inf", "x"]:
        assert not re.fullmatch(pattern, other), other
