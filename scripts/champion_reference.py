"""Write down the settings of a champion that is no file of the project."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Row = tuple[str, str, str, str]
Rows = Callable[[Schema, Schema], Iterator[Row]]
Table = Callable[[tuple[str, ...], list[Any]], Iterator[str]]

_HEAD = ("setting", "value", "default", "meaning")


def champions(defs: Schema, table: Table, rows: Rows) -> Iterator[str]:
    """A section for each kind of champion."""
    yield from ["", "## Champions of a comparison", ""]
    yield "Under `champion` of `compare`, where it is not the path of a file."
    for name in ("StableChampion", "MlflowChampion"):
        found = defs[name]
        kind = found["properties"]["uses"]["const"]
        yield from ["", f"### Champion from {kind}", "", found["description"].strip()]
        yield from table(_HEAD, list(rows(found, defs)))
