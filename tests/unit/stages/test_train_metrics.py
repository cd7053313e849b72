"""Unit tests of `sluicegate.stages.train_metrics`."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.stages.command import FieldType
from sluicegate.stages.train_metrics import read_metrics

DECLARED: dict[str, FieldType] = {"loss": "number", "epochs": "integer"}


def read(text: str | bytes) -> object:
    data = text if isinstance(text, bytes) else text.encode()
    return read_metrics(data, "metrics.json", DECLARED)


def test_what_is_declared_is_taken_and_the_rest_left_alone() -> None:
    assert read('{"loss": 1, "epochs": 3, "curve": [1, 2]}') == {
        "loss": 1.0,
        "epochs": 3,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n"epochs": 1,\n"loss": NaN}', "metrics.json:3: NaN is no number"),
        ('{"loss": -Infinity, "epochs": 1}', "-Infinity is no number"),
        ('{"loss": 1,\n"loss": 0, "epochs": 1}', 'metrics.json:2: the name "loss"'),
        ('{"loss": 1,\n"epochs": 1.5}', "metrics.json:2: epochs is no integer: 1.5"),
        ('{"loss": true, "epochs": 1}', "loss is no number: true"),
        ('{"loss": "0.1", "epochs": 1}', "loss is no number"),
        ('{"loss": null, "epochs": 1}', "loss is no number: null"),
        ('{"loss": 1e400, "epochs": 1}', "loss: evidence must be a finite"),
        ('{"loss": 1e300, "epochs": 1}', "loss: evidence must be a finite"),
        ('{"loss": 1, "epochs": 9007199254740993}', "epochs: evidence integer"),
        ('{"epochs": 1}', "has no loss"),
        ("[]", "one JSON object"),
        ('{"loss": 1,\n}', "metrics.json:2: no JSON"),
        ("", "metrics.json:1: no JSON"),
        (b"\xff", "not in UTF-8"),
        ("[" * 100_000, "no JSON that can be read"),
        ('{"loss": %s, "epochs": 1}' % ("9" * 5000), "no JSON that can be read"),
        (b" " * ((1 << 20) + 1), "larger than"),
    ],
)
def test_what_says_nothing_is_broken_and_says_where(
    text: str | bytes, said: str
) -> None:
    with pytest.raises(PermanentError, match=re.escape(said)):
        read(text)


@given(
    st.dictionaries(st.text(max_size=8), st.floats() | st.integers() | st.text()),
    st.binary(max_size=60),
)
def test_no_text_but_finite_numbers_of_that_name_is_read(
    found: dict[str, object], tail: bytes
) -> None:
    for data in (json.dumps(found).encode(), json.dumps(found).encode() + tail, tail):
        try:
            values = read_metrics(data, "m", DECLARED)
        except PermanentError:
            continue
        assert values.keys() == DECLARED.keys()
        assert isinstance(values["loss"], float)
        assert math.isfinite(values["loss"])
