"""Unit tests of `sluicegate.report.entries`."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from github_page import read_page
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.report.entries import (
    CSV_HEADER,
    MARKDOWN_HEADER,
    Row,
    json_line,
    row_as_csv,
    row_as_markdown,
    text_line,
)
from sluicegate.report.escape import escape
from sluicegate.report.markdown import code_cell
from sluicegate.report.spreadsheet import csv_line

AT = datetime(2026, 11, 22, 6, 0, 2, 834_000, tzinfo=UTC)
RUN = "01JDA2Z9M3Q4T5V6W7X8Y9Z0AA"
HOSTILE = "\x1b[2J\rok \u202eevil\n\u2028\x00|<b>[x](http://x) @acme #1 =1+1`"


def row(text: str = HOSTILE) -> Row:
    """A row that says *text* in every field that is text."""
    return Row(
        7,
        AT,
        text,
        text,
        run_id=text,
        seq=3,
        stage=text,
        attempt=1,
        verdict=text,
        repo=text,
        commit=text,
        ref=text,
        actor=text,
        event_id=text,
        digests=("ab" * 32,),
    )


def test_entries_are_aligned_lines() -> None:
    rows = [
        Row(9, AT, "log.created", "log begun"),
        Row(10, AT, "stage.started", "lint: started", run_id=RUN),
    ]

    assert [str(text_line(each, 2)) for each in rows] == [
        " 9  2026-11-22 06:00:02Z  -         log begun",
        "10  2026-11-22 06:00:02Z  X8Y9Z0AA  lint: started",
    ]


def test_what_an_entry_says_cannot_draw_on_the_terminal() -> None:
    line = str(text_line(row(), 1))

    assert line.isprintable()
    assert "\\x1b[2J\\x0dok \\u202eevil\\x0a\\u2028\\x00" in line


def test_a_line_of_json_is_one_line_of_ascii() -> None:
    entry = json.dumps({"reason": HOSTILE}, ensure_ascii=False).encode()

    line = json_line(7, entry)

    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"index": 7, "entry": {"reason": HOSTILE}}


def test_csv_has_a_column_for_every_name_in_its_header() -> None:
    text = f"{CSV_HEADER}\r\n{row_as_csv(row('said'))}\r\n"

    (record,) = csv.DictReader(io.StringIO(text), strict=True)

    assert record["index"] == "7"
    assert record["time"] == "2026-11-22T06:00:02.834Z"
    assert record["digests"] == f"sha256:{'ab' * 32}"
    assert (record["seq"], record["attempt"]) == ("3", "1")
    told = {name for name, value in record.items() if value == "said"}
    assert told == {
        *("type", "run_id", "stage", "verdict", "actor", "repository"),
        *("commit", "ref", "text", "event_id"),
    }


@given(st.lists(st.text(), min_size=1))
def test_any_text_is_one_record_of_csv_that_no_spreadsheet_calculates(
    cells: list[str],
) -> None:
    line = csv_line(cells)

    assert escape(line) == line
    ((*read,),) = csv.reader(io.StringIO(line + "\r\n"), strict=True)
    assert [cell.removeprefix("'") for cell in read] == [
        escape(cell).removeprefix("'") for cell in cells
    ]
    assert not any(cell.lstrip()[:1] in set("=+-@") for cell in read if cell)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1", "\u200b=1"]
)
def test_a_formula_is_defused(text: str) -> None:
    assert csv_line([text]).lstrip('"').startswith("'") or "\\u200b" in csv_line([text])


def test_numbers_stay_numbers_in_csv() -> None:
    assert csv_line([-1, None, "a,b", 'say "x"']) == '-1,,"a,b","say ""x"""'


def test_a_row_of_markdown_has_as_many_cells_as_its_header() -> None:
    header, rule = MARKDOWN_HEADER.splitlines()

    line = row_as_markdown(row())

    assert line.count("|") == header.count("|") == rule.count("|")
    assert line.isprintable()


LONE_AT = "<span>&#64;</span>"
"""An ``@`` where none can be part of an address."""


def test_what_an_entry_says_is_only_text_in_markdown() -> None:
    cell = code_cell(HOSTILE)

    inside = cell.removeprefix("<code>").removesuffix("</code>").replace(LONE_AT, "")
    assert not set("|<>[]()`@*_~:/!\\\"'") & set(inside)
    assert "&#60;b&#62;&#91;x&#93;" in inside
    assert code_cell("") == ""


@given(st.text(min_size=1))
def test_a_cell_of_markdown_says_what_was_said(text: str) -> None:
    import html  # noqa: PLC0415 - the oracle of this test alone

    cell = code_cell(text).replace(LONE_AT, "&#64;")

    assert html.unescape(cell.removeprefix("<code>").removesuffix("</code>")) == escape(
        text
    )


@given(
    st.from_regex(
        r"[a-z.+-]{1,5}@[a-z.-]{1,9}|(https?://|www\.)[a-z.]{1,9}", fullmatch=True
    )
)
def test_an_address_is_no_link_for_githubs_own_parser(address: str) -> None:
    page = read_page(f"| a |\n|---|\n| {code_cell(f'see {address} <b>')} |\n")

    assert page.links == []
    assert page.text.strip().startswith("a")
    assert escape(f"see {address} <b>") in page.text
