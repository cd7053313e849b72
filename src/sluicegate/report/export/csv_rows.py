"""The log as CSV: one row an entry, for spreadsheets and auditors' samples."""

from collections.abc import Iterator

from sluicegate.report.entries import CSV_HEADER, row_as_csv
from sluicegate.report.export.logged import Format, Part, Source
from sluicegate.report.spreadsheet import csv_line

_MORE = "leaf_hash,log,log_size,log_root"


def _write(source: Source) -> Iterator[Part]:
    head = csv_line((source.head.origin, source.head.size, source.head.root))
    yield Part("header", f"{CSV_HEADER},{_MORE}")
    for logged in source.entries:
        row = row_as_csv(logged.row)
        yield Part(str(logged.row.index), f"{row},{logged.leaf_hash},{head}")


CSV = Format(
    name="csv",
    summary="one row an entry, with its leaf hash",
    suffix=".csv",
    splits=False,
    write=_write,
    end="\r\n",  # RFC 4180
)
