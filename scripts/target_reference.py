"""Write down the settings of every kind of target."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Row = tuple[str, str, str, str]
Rows = Callable[[Schema, Schema], Iterator[Row]]
Table = Callable[[tuple[str, ...], list[Any]], Iterator[str]]

_HEAD = ("setting", "value", "default", "meaning")
_COUNTS = {
    "ProxyCounts": "A proxy that we know",
    "PrometheusRequests": "`prometheus`, with selectors of your own",
}


def targets(defs: Schema, table: Table, rows: Rows) -> Iterator[str]:
    """A section for each kind, after what all have; then where requests are counted."""
    kinds = {
        definition["properties"]["uses"]["const"]: definition
        for definition in map(defs.get, _kinds(defs))
        if definition is not None
    }
    found = {kind: list(rows(each, defs)) for kind, each in kinds.items()}
    first, *others = found.values()
    named = [{row[0] for row in each} for each in others]
    every = [row for row in first if all(row[0] in names for names in named)]
    common = {row[0] for row in every} - {"uses", "latency_edges"}
    yield from ["", "## Targets", "", "Under `environments.<name>.target`; every one:"]
    kind = ("uses", _choice(kinds), "**required**", "Which kind of target it is.")
    yield from table(_HEAD, [kind, *(row for row in every if row[0] in common)])
    for name, each in found.items():
        own = [row for row in each if row[0] not in common | {"uses"}]
        own = [row for row in own if not row[0].startswith("counts.")]
        own.sort(key=lambda row: row[0] == "latency_edges")
        yield from ["", f"### {name}", "", kinds[name]["description"].strip()]
        yield from table(_HEAD, own)
    yield from ["", "### Counts of a target in a cluster", ""]
    yield "Under `counts`. Every target needs them but `docker`, which counts itself."
    for name, words in _COUNTS.items():
        yield from ["", f"{words}:"]
        yield from table(_HEAD, list(rows(defs[name], defs)))


def _kinds(defs: Schema) -> list[str]:
    options = defs["Environment"]["properties"]["target"]["oneOf"]
    return [option["$ref"].rpartition("/")[2] for option in options]


def _choice(kinds: Schema) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)
