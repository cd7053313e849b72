"""Unit tests of `sluicegate.tlog.bundles`."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.bundles import MAX_ENTRY_BYTES, format_bundle, parse_bundle

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
ENTRIES = st.lists(st.binary(max_size=40), max_size=8)


def test_the_bundle_of_the_vectors_reads() -> None:
    data = (VECTORS / "log3/tile/entries/000.p/3").read_bytes()

    entries = parse_bundle(data, 3)

    assert entries[1] == b'{"i":1,"v":"sluicegate/test"}'
    assert format_bundle(entries) == data


@given(ENTRIES)
def test_a_bundle_reads_back(entries: list[bytes]) -> None:
    assert parse_bundle(format_bundle(entries), len(entries)) == entries


def test_the_longest_entry_of_the_format_fits() -> None:
    entry = bytes(MAX_ENTRY_BYTES)

    assert parse_bundle(format_bundle([entry]), 1) == [entry]
    with pytest.raises(OverflowError):
        format_bundle([entry + b"\0"])


@given(ENTRIES, st.binary(min_size=1, max_size=5))
def test_bytes_after_the_last_entry_are_refused(
    entries: list[bytes], rest: bytes
) -> None:
    with pytest.raises(IntegrityError, match="follow the last entry"):
        parse_bundle(format_bundle(entries) + rest, len(entries))


@given(ENTRIES.filter(bool), st.data())
def test_a_bundle_cut_anywhere_is_refused(
    entries: list[bytes], data: st.DataObject
) -> None:
    whole = format_bundle(entries)
    cut = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(IntegrityError, match="ends inside"):
        parse_bundle(whole[:cut], len(entries))
