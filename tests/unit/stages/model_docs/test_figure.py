"""Unit tests of `sluicegate.stages.model_docs.figure`."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.stages.model_docs.figure import find_figure, read_figure


@pytest.mark.parametrize(
    ("text", "value", "half", "digits"),
    [
        ("0.871", "0.871", "0.0005", 3),
        ("0.870", "0.87", "0.0005", 3),
        (".5", "0.5", "0.05", 1),
        ("0.0234", "0.0234", "0.00005", 3),
        ("87.1 %", "0.871", "0.0005", 3),
        ("87.1%", "0.871", "0.0005", 3),
        ("-1.50", "-1.5", "0.005", 3),
        ("\u22121.50", "-1.5", "0.005", 3),
        ("1,234.5", "1234.5", "0.05", 5),
        ("4000", "4000", "0.5", 4),
        ("8.71e-1", "0.871", "0.0005", 3),
        ("0.000", "0", "0.0005", 3),
        ("~0.87", "0.87", "0.005", 2),
        ("0.871 ± 0.004", "0.871", "0.0005", 3),
        ("0.871 (n=400)", "0.871", "0.0005", 3),
    ],
)
def test_a_number_stands_for_what_would_be_rounded_to_it(
    text: str, value: str, half: str, digits: int
) -> None:
    found = find_figure(text)

    assert found is not None
    figure, _ = found
    assert (figure.value, figure.half) == (Decimal(value), Decimal(half))
    assert figure.digits == digits


@pytest.mark.parametrize(
    "text",
    ["", "high", "1.2.3", "2026-10-01", "12:30", "3x", "> 0.8", "v1", "1/2", "٣"],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert find_figure(text) is None


@pytest.mark.parametrize("text", ["nan", ".NaN", "inf", "-.inf", "Infinity", "1e20"])
def test_a_number_that_evidence_cannot_be_is_broken(text: str) -> None:
    with pytest.raises(PermanentError, match="MODEL_CARD"):
        read_figure(text, "MODEL_CARD.md:3")


@given(value=st.floats(-1e6, 1e6), decimals=st.integers(0, 6))
def test_whatever_is_rounded_stands_for_itself(value: float, decimals: int) -> None:
    text = f"{value:.{decimals}f}"

    found = find_figure(text)

    assert found is not None
    figure, end = found
    assert end == len(text)
    assert abs(figure.value - Decimal(value)) <= figure.half


@given(text=st.text(max_size=40))
def test_no_text_raises_anything_but_the_named_error(text: str) -> None:
    find_figure(text)
    try:
        figure = read_figure(text, "here")
    except PermanentError:
        return
    assert figure is None or figure.text
