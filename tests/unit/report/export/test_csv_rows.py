"""Unit tests of the log as CSV."""

import csv
import io
from datetime import UTC, datetime

from sluicegate.report.entries import Row
from sluicegate.report.export.formats import FORMATS
from sluicegate.report.export.logged import Logged, LogHead, Source
from sluicegate.tlog.hashes import hash_leaf

AT = datetime(2026, 11, 22, 6, 0, 0, 417_000, tzinfo=UTC)


def export(*texts: str) -> list[dict[str, str]]:
    form = FORMATS["csv"]
    entries = [
        Logged(Row(index, AT, "kind", text), text.encode(), None, None, "1")
        for index, text in enumerate(texts)
    ]
    source = Source(LogHead("log.example/x", 7, "Ro="), entries, None, str)
    text = "".join(f"{part.text}{form.end}" for part in form.write(source))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_entry_is_a_row_with_its_leaf_hash_and_the_checkpoint() -> None:
    rows = export("a", "b, c", 'd "e"\nf')

    assert [row["index"] for row in rows] == ["0", "1", "2"]
    assert [row["leaf_hash"] for row in rows] == [
        hash_leaf(text).hex() for text in (b"a", b"b, c", b'd "e"\nf')
    ]
    assert {(row["log"], row["log_size"], row["log_root"]) for row in rows} == {
        ("log.example/x", "7", "Ro=")
    }


def test_no_text_becomes_a_formula() -> None:
    [row] = export("=HYPERLINK(1)")

    assert row["text"] == "'=HYPERLINK(1)"
