"""Predictions, one example a row: JSON lines, or CSV with a header. Read strictly.

``{"id": "a17", "y": 1, "score": 0.83, "region": "EU"}``: an id, and columns whose
values are texts, numbers, true or false. Whatever could make a figure mean something
else than it seems to is refused with file and line: a row without a column that others
have, an id that comes twice, a number that is not finite, an empty file.
"""

import csv
import io
import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sluicegate.errors import PermanentError

Scalar = str | float | bool
"""A value of a column. Whole numbers are floats, too: 1 and 1.0 are the same label."""

ID = "id"

MAX_BYTES = 64 << 20
_MAX_ROWS = 1_000_000
_MAX_LINE = 64 << 10  # bytes of a line, characters of a field of CSV
_MAX_COLUMNS = 200
_MAX_TEXT = 1000  # characters of a value
_MAX_NUMBER = 2.0**53  # beyond it, whole numbers are not exact
_SHOWN = 60
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,99}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Predictions:
    """The rows of a file, by column, in its order.

    Attributes:
        source: what people call the file.
        ids: of the examples, each once.
        lines: where each stands in the file, from 1.
        columns: the values of each column but ``id``, one an example.
    """

    source: str
    ids: tuple[str, ...]
    lines: tuple[int, ...]
    columns: Mapping[str, tuple[Scalar, ...]]

    def values(self, column: str) -> tuple[Scalar, ...]:
        """The values of *column*.

        Raises:
            PermanentError: there is no such column.
        """
        found = self.columns.get(column)
        if found is None:
            has = ", ".join(sorted(self.columns)[:20]) or "none but id"
            raise PermanentError(
                f"{self.source} has no column {column}", hint=f"it has: {has}"
            )
        return found

    def numbers(self, column: str) -> tuple[float, ...]:
        """The values of *column*, which must all be numbers.

        Raises:
            PermanentError: there is no such column, or something else is in it.
        """
        numbers = []
        for value, line in zip(self.values(column), self.lines, strict=True):
            if not isinstance(value, float):
                _refuse(self.source, line, f"{column} is no number: {_show(value)}")
            numbers.append(value)
        return tuple(numbers)

    def in_order_of(self, other: "Predictions") -> "Predictions":
        """The same rows, in the order of the ids of *other*.

        Raises:
            PermanentError: one has an example that the other has not.
        """
        place = {name: index for index, name in enumerate(self.ids)}
        _check_all(other, place.keys(), self.source)
        _check_all(self, set(other.ids), other.source)
        order = [place[name] for name in other.ids]
        return Predictions(
            self.source,
            other.ids,
            tuple(self.lines[at] for at in order),
            {
                name: tuple(values[at] for at in order)
                for name, values in self.columns.items()
            },
        )


def read_predictions(data: bytes, source: str) -> Predictions:
    """Read a file of predictions; CSV if *source* ends with ``.csv``.

    Args:
        data: at most 64 MiB in UTF-8, of at most a million rows.
        source: its name, for messages and for its form.

    Raises:
        PermanentError: it is not such a file; the message names the line.
    """
    if len(data) > MAX_BYTES:
        raise PermanentError(f"{source} is larger than {MAX_BYTES >> 20} MiB")
    is_csv = source.lower().endswith(".csv")
    rows = _csv_rows(data, source) if is_csv else _json_rows(data, source)
    ids: dict[str, int] = {}
    names: tuple[str, ...] = ()
    columns: list[list[Scalar]] = []
    for line, row in rows:
        if not ids:
            names = tuple(name for name in row if name != ID)
            _check_names(names, source, line)
            columns = [[] for _ in names]
        if len(ids) >= _MAX_ROWS:
            _refuse(source, line, f"more than {_MAX_ROWS} rows")
        name = _read_id(row, source, line)
        if name in ids:
            _refuse(source, line, f"id {_show(name)} is that of line {ids[name]}, too")
        if row.keys() != {ID, *names}:
            _refuse_columns(row, names, source, line)
        ids[name] = line
        for column, key in zip(columns, names, strict=True):
            column.append(_read_value(row[key], key, source, line))
    if not ids:
        raise PermanentError(
            f"{source} holds no examples", hint="an empty file compares nothing"
        )
    kept = {key: tuple(found) for key, found in zip(names, columns, strict=True)}
    return Predictions(source, tuple(ids), tuple(ids.values()), kept)


def _json_rows(data: bytes, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(data.split(b"\n"), start=1):
        if not text.strip():
            continue
        if len(text) > _MAX_LINE:
            _refuse(source, line, f"longer than {_MAX_LINE} bytes")
        try:
            row = json.loads(
                text.decode(), object_pairs_hook=_unique, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            _refuse(source, line, f"no JSON: {_show(str(error))}")
        if not isinstance(row, dict):
            _refuse(source, line, "no JSON object like {...}")
        yield line, row


def _csv_rows(data: bytes, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PermanentError(f"{source} is not in UTF-8: {error}") from error
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            _refuse(source, rows.line_num, f"no CSV: {error}")
        if cells is None:
            return
        line = rows.line_num
        if not header:
            header = cells
            if len(set(header)) < len(header):
                _refuse(source, line, "a column comes twice")
            continue
        if not cells:
            continue  # an empty line
        if len(cells) != len(header):
            _refuse(source, line, f"{len(cells)} cells, but {len(header)} columns")
        read = zip(header, cells, strict=True)
        yield line, {key: _read_cell(key, cell, source, line) for key, cell in read}


def _read_cell(key: str, cell: str, source: str, line: int) -> str | float:
    """A cell of CSV, which does not say what it is: a number if it looks like one."""
    if key == ID:
        return cell
    if not cell:
        _refuse(source, line, f"{key} is empty")
    if cell.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        _refuse(source, line, f"{key} is not finite: {_show(cell)}")
    return float(cell) if _NUMBER.fullmatch(cell) else cell


def _read_id(row: Mapping[str, Any], source: str, line: int) -> str:
    value = row.get(ID)
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _MAX_NUMBER:
            _refuse(source, line, "id is too large a number: write it as a text")
        return str(value)
    if not isinstance(value, str) or not value.strip():
        _refuse(source, line, "id is missing, or neither a text nor a whole number")
    if len(value) > _MAX_TEXT:
        _refuse(source, line, f"id is longer than {_MAX_TEXT} characters")
    return value


def _read_value(value: object, key: str, source: str, line: int) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        # Compared before it is turned into a float, which has an end.
        if not abs(value) <= _MAX_NUMBER or not math.isfinite(value):
            _refuse(source, line, f"{key} is not finite, or beyond 2**53")
        return float(value)
    if not isinstance(value, str):
        kind = "null" if value is None else "a list or an object"
        _refuse(source, line, f"{key} is {kind}: write what it stands for")
    if len(value) > _MAX_TEXT:
        _refuse(source, line, f"{key} is longer than {_MAX_TEXT} characters")
    return value


def _check_names(names: Sequence[str], source: str, line: int) -> None:
    if len(names) > _MAX_COLUMNS:
        _refuse(source, line, f"more than {_MAX_COLUMNS} columns")
    for name in names:
        if not _NAME.fullmatch(name):
            _refuse(source, line, f"no name of a column: {_show(name)}")


def _refuse_columns(
    row: Mapping[str, Any], names: Sequence[str], source: str, line: int
) -> NoReturn:
    missing = sorted({ID, *names} - row.keys())
    more = sorted(row.keys() - {ID, *names})
    said = f"has no {_show(missing[0])}" if missing else f"has {_show(more[0])}, too"
    _refuse(source, line, f"{said}, unlike the first row")


def _check_all(has: Predictions, known: Collection[str], source: str) -> None:
    """Refuse *has* for an example that is not *known* to *source*."""
    lacking = [
        (name, line)
        for name, line in zip(has.ids, has.lines, strict=True)
        if name not in known
    ]
    if lacking:
        name, line = lacking[0]
        raise PermanentError(
            f"{has.source}:{line}: {source} has no id {_show(name)}"
            f" ({len(lacking)} of {len(has.ids)} examples are in one file alone)",
            hint="both models must answer the same examples, each once",
        )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key comes twice")
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that can be compared")


def _refuse(source: str, line: int, why: str) -> NoReturn:
    raise PermanentError(
        f"{source}:{line}: {why}",
        hint="one example a line, like"
        ' {"id": "a17", "y": 1, "yhat": 0}; see docs/compare.md',
    )


def _show(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text.encode("unicode_escape").decode()
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
