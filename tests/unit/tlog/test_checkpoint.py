"""Unit tests of `sluicegate.tlog.checkpoint`."""

import json
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import (
    check_cosigned,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
)
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.note import ED25519, VerifierKey, parse_note, parse_vkey

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
LOG = parse_vkey(KEYS["log_vkey"])
WITNESSES = [parse_vkey(witness["vkey"]) for witness in KEYS["witnesses"]]
ROOT = b64encode(bytes(32)).decode()


@pytest.mark.parametrize("size", [0, 1, 3, 256, 600])
def test_the_checkpoints_of_the_vectors_open(size: int) -> None:
    data = (VECTORS / f"log{size}/checkpoint").read_bytes()

    checkpoint = open_checkpoint(data, LOG)

    assert (checkpoint.origin, checkpoint.size) == (KEYS["origin"], size)
    assert format_checkpoint(checkpoint) == parse_note(data).text
    check_cosigned(parse_note(data), WITNESSES, quorum=2)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    data = (VECTORS / "log3/checkpoint").read_bytes()
    other = VerifierKey("other.example/log", ED25519, LOG.public)

    with pytest.raises(IntegrityError, match=r"key of 'other\.example/log'"):
        open_checkpoint(data, other)


def test_a_stripped_cosignature_is_noticed_by_the_quorum() -> None:
    data = (VECTORS / "log3/checkpoint").read_bytes()
    stripped = b"".join(data.splitlines(keepends=True)[:-1])

    open_checkpoint(stripped, LOG)
    with pytest.raises(IntegrityError, match="1 of the 2"):
        check_cosigned(parse_note(stripped), WITNESSES, quorum=2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n3\n",
        f"o\n3\n{ROOT}",
        f"o\n3\n{ROOT}\nextension\n",
        f"o\n03\n{ROOT}\n",
        f"o\n+3\n{ROOT}\n",
        f"o\n٣\n{ROOT}\n",
        f"o\n{2**63}\n{ROOT}\n",
        f"o\n0\n{ROOT}\n",
        f"o p\n3\n{ROOT}\n",
        f"\n3\n{ROOT}\n",
        f"o\n3\n{ROOT[:-1]}\n",
        f"o\n3\n{b64encode(bytes(31)).decode()}\n",
        f"o\n3\n{ROOT[:-2]}B=\n",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        parse_checkpoint(text)


def test_an_empty_log_has_the_empty_root() -> None:
    text = f"o\n0\n{b64encode(EMPTY_ROOT).decode()}\n"

    assert parse_checkpoint(text).root == EMPTY_ROOT


@given(st.text())
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with suppress(IntegrityError):
        assert format_checkpoint(parse_checkpoint(text)) == text
