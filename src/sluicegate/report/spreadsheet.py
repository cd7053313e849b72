"""Text from outside as CSV, where a spreadsheet must not take it for a formula."""

import csv
import io
from collections.abc import Iterable

from sluicegate.report.escape import escape

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width ones start a formula, too
_DEFUSED = "'"


def csv_line(cells: Iterable[str | int | None]) -> str:
    r"""One record, without the ``\r\n`` that ends it; None is an empty cell.

    Control characters are written as escapes. A text that a spreadsheet would calculate
    begins with an apostrophe; numbers are left as they are.

    Source:
        RFC 4180 section 2; https://owasp.org/www-community/attacks/CSV_Injection.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(map(_write, cells))
    return line.getvalue()


def _write(cell: str | int | None) -> str | int | None:
    if not isinstance(cell, str):
        return cell
    text = escape(cell)
    starts = (cell.lstrip()[:1], text[:1])
    return f"{_DEFUSED}{text}" if any(each in _FORMULA for each in starts) else text
