"""Entries of the audit log as lines of text, Markdown, CSV and JSON. Pure.

Everything that comes out of a log is escaped: whoever wrote a commit message or a test
name must not be able to draw on the reader's terminal, nor reach into their spreadsheet
or pull request.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from sluicegate.report.audit import shorten_run
from sluicegate.report.escape import escape
from sluicegate.report.markdown import code_cell
from sluicegate.report.moment import format_moment
from sluicegate.report.spreadsheet import csv_line

_SHORT_RUN = 8  # columns of `shorten_run`
_SHORT_COMMIT = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One entry, as lists show it.

    What an entry has not is empty, or None where it is a number. ``verdict`` is how
    what it tells of ended: an outcome, a verdict or a result. ``actor`` is KIND:ID,
    ``digests`` are in hex, ``text`` is one line.
    """

    index: int
    at: datetime
    kind: str
    text: str
    run_id: str = ""
    seq: int | None = None
    stage: str = ""
    attempt: int | None = None
    verdict: str = ""
    repo: str = ""
    commit: str = ""
    ref: str = ""
    actor: str = ""
    event_id: str = ""
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """The columns of a line for a person; harmless, aligned but for the last."""

    index: str
    at: str
    run: str
    text: str

    @override
    def __str__(self) -> str:
        return f"{self.index}  {self.at}  {self.run}  {self.text}"


def text_line(row: Row, width: int) -> Line:
    """*row* as a line for a person, its index in *width* columns."""
    return Line(
        f"{row.index:>{width}}",
        format_moment(row.at),
        f"{escape(shorten_run(row.run_id) or '-'):<{_SHORT_RUN}}",
        escape(row.text),
    )


def json_line(index: int, entry: bytes) -> str:
    """One entry as a line of JSON Lines; *entry* is canonical JSON."""
    # ASCII only: what a terminal could obey stays an escape of JSON.
    return json.dumps({"index": index, "entry": json.loads(entry)})


CSV_HEADER = (
    "index,time,type,run_id,seq,stage,attempt,verdict,actor,repository,commit,ref,"
    "digests,text,event_id"
)


def row_as_csv(row: Row) -> str:
    """*row* as a record of CSV, in the columns of `CSV_HEADER`."""
    return csv_line(
        (
            row.index,
            row.at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
            row.kind,
            row.run_id,
            row.seq,
            row.stage,
            row.attempt,
            row.verdict,
            row.actor,
            row.repo,
            row.commit,
            row.ref,
            " ".join(f"sha256:{digest}" for digest in row.digests),
            row.text,
            row.event_id,
        )
    )


MARKDOWN_HEADER = (
    "| entry | time (UTC) | run | commit | by | what |\n"
    "| ---: | --- | --- | --- | --- | --- |"
)


def row_as_markdown(row: Row) -> str:
    """*row* as a row of a Markdown table, in the columns of `MARKDOWN_HEADER`."""
    cells = (
        str(row.index),
        f"{row.at:%Y-%m-%d %H:%M:%S}",
        code_cell(shorten_run(row.run_id)),
        code_cell(row.commit[:_SHORT_COMMIT]),
        code_cell(row.actor),
        code_cell(row.text),
    )
    return f"| {' | '.join(cells)} |"
