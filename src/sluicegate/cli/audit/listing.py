"""What ``sluice audit log`` shows."""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice

import click

from sluicegate.audit.meanings import KINDS
from sluicegate.audit.query import Query
from sluicegate.audit.search import Found, Search
from sluicegate.cli.audit.indexing import open_search
from sluicegate.cli.audit.moments import parse_moment
from sluicegate.cli.audit.rows import build_row
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, warn
from sluicegate.cli.paging import write_lines
from sluicegate.report import entries
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

_COMMIT = re.compile(r"(?:sha1:|sha256:)?([0-9a-f]{4,64})")
_DIGEST = re.compile(r"(?:.*@)?(?:sha256:)?([0-9a-f]{6,64})")
_STYLE = {"open": "green", "closed": "red", "pending": "yellow", "broken": "magenta"}


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list which log. ``form`` is text, json, csv or markdown."""

    place: str | None
    vkey: str | None
    form: str
    limit: int | None
    reverse: bool
    no_index: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list, as it was written."""

    run: str | None
    stage: str | None
    kinds: tuple[str, ...]
    commit: str | None
    digest: str | None
    actor: str | None
    since: str | None
    until: str | None


def show(listing: Listing, filters: Filters) -> ExitCode:
    """List entries of a log."""
    machine = Machine()
    query = _build_query(filters, machine.clock.now())
    source = LogPlace.of(machine, listing.place, listing.vkey)
    log = source.reader()
    search = open_search(machine, log, whole=listing.no_index)
    if filters.run is not None:
        query = replace(query, run=search.find_run(filters.run))
    use_what_the_terminal_has()
    width = len(str(max(log.head().size - 1, 0)))
    has_colour = sys.stdout.isatty() and "NO_COLOR" not in machine.environ
    found = _choose(search, query, listing)
    count = write_lines(_LINES[listing.form](found, width, has_colour=has_colour))
    if listing.form == "text":
        if not count:
            click.echo("no entry is like that", err=True)
            warn(_doubt_types(filters.kinds))
        click.echo(f"verified with {source.key_source}", err=True)
    return ExitCode.OPEN


def _build_query(filters: Filters, now: datetime) -> Query:
    """Read the filters but for the run, which the log must complete.

    Raises:
        click.UsageError: one of them cannot be meant.
    """
    since = filters.since and parse_moment(filters.since, now)
    until = filters.until and parse_moment(filters.until, now, is_end=True)
    if since and until and since >= until:
        raise click.UsageError("--since is not before --until: nothing is in between.")
    return Query(
        kinds=filters.kinds,
        stage=filters.stage or "",
        actor=filters.actor or "",
        commit=_cut(_COMMIT, filters.commit, "a commit, of at least 4 hex digits"),
        digest=_cut(_DIGEST, filters.digest, "a SHA-256, of at least 6 hex digits"),
        since=since or None,
        until=until or None,
    )


def _doubt_types(patterns: Iterable[str]) -> list[str]:
    """Which of *patterns* may be misspelt; a log may hold types of newer versions."""
    return [
        f"--type {pattern}: this version knows no such type; docs/reference/"
        "audit-entries.md lists them"
        for pattern in patterns
        if not any(fnmatchcase(kind, pattern) for kind in KINDS)
    ]


def _cut(form: re.Pattern[str], text: str | None, meaning: str) -> str:
    if text is None:
        return ""
    found = form.fullmatch(text.lower())
    if found is None:
        raise click.UsageError(f"{text!r} is not {meaning}.")
    return found[1]


def _choose(search: Search, query: Query, listing: Listing) -> Iterator[Found]:
    if listing.reverse or listing.limit:
        newest = search.find(query, newest_first=True)
        chosen = islice(newest, listing.limit)
        return chosen if listing.reverse else iter([*chosen][::-1])
    return search.find(query)


def _text(found: Iterable[Found], width: int, *, has_colour: bool) -> Iterator[str]:
    for each in found:
        row = build_row(each)
        line = entries.text_line(row, width)
        if not has_colour:
            yield str(line)
            continue
        text = click.style(line.text, fg=_STYLE.get(row.verdict))
        head = click.style(f"{line.index}  {line.at}", dim=True)
        yield f"{head}  {line.run}  {text}"


def _json(found: Iterable[Found], _width: int, *, has_colour: bool) -> Iterator[str]:
    del has_colour
    return (entries.json_line(each.index, each.entry) for each in found)


def _csv(found: Iterable[Found], _width: int, *, has_colour: bool) -> Iterator[str]:
    del has_colour
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(newline="\r\n")  # RFC 4180, on every system
    yield entries.CSV_HEADER
    for each in found:
        yield entries.row_as_csv(build_row(each))


def _markdown(
    found: Iterable[Found], _width: int, *, has_colour: bool
) -> Iterator[str]:
    del has_colour
    yield entries.MARKDOWN_HEADER
    for each in found:
        yield entries.row_as_markdown(build_row(each))


_LINES = {"text": _text, "json": _json, "csv": _csv, "markdown": _markdown}
