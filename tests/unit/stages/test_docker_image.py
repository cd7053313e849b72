"""Unit tests of `sluicegate.stages.docker_image`."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.stages.docker_image import parse_history


def instruction(created_by: str) -> str:
    line = json.dumps({"Size": "12", "CreatedBy": created_by})
    (layer,) = parse_history(line.encode() + b"\n")
    assert layer.size_bytes == 12
    return layer.instruction


@pytest.mark.parametrize(
    ("created_by", "shown"),
    [
        ("RUN /bin/sh -c pip install x # buildkit", "RUN /bin/sh -c pip install x"),
        ("RUN |2 A=hush B=hu sh /bin/sh -c make # buildkit", "RUN /bin/sh -c make"),
        ("|1 A=hush /bin/sh -c make", "RUN /bin/sh -c make"),
        (
            "RUN |1 A=hush /bin/bash -o pipefail -c make",
            "RUN /bin/bash -o pipefail -c make",
        ),
        ("RUN |1 A=hush python -m compileall", "RUN"),
        ("ENV TOKEN=hush OTHER=hu sh", "ENV TOKEN OTHER"),
        ("ARG TOKEN=hush", "ARG TOKEN"),
        ("/bin/sh -c #(nop)  ENV TOKEN=hush", "ENV TOKEN"),
        ("/bin/sh -c #(nop) COPY dir:1 in /app ", "COPY dir:1 in /app "),
        ("LABEL a.b=hush", "LABEL a.b"),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
def test_an_instruction_is_shown_without_values(created_by: str, shown: str) -> None:
    assert instruction(created_by) == shown


@pytest.mark.parametrize(
    "said",
    [b"nonsense", b"[]", b'{"Size": "1.2MB", "CreatedBy": ""}', b'{"Size": "-1"}'],
)
def test_a_strange_history_is_no_verdict(said: bytes) -> None:
    with pytest.raises(PermanentError, match="docker image history said"):
        parse_history(said)


@given(st.binary())
def test_no_history_raises_anything_but_our_error(said: bytes) -> None:
    with suppress(PermanentError):
        parse_history(said)
