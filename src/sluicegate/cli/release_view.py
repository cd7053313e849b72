"""What ``sluice releases`` shows."""

import difflib
import re
from collections.abc import Sequence

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.errors import UsageError
from sluicegate.model.deployment import Deployment
from sluicegate.report.releases import (
    release_document,
    release_table,
    release_text,
    releases_document,
)
from sluicegate.wiring.releases import Releases

_SOME_COMMIT = re.compile(r"[0-9a-f]{4,64}")


def list_releases(
    releases: Releases, environment: str | None, count: int, *, as_json: bool
) -> ExitCode:
    """List the newest *count* releases, of *environment* or of all."""
    use_what_the_terminal_has()

    def in_place(rows: Sequence[Deployment]) -> Sequence[Deployment]:
        return [row for row in rows if environment in {None, row.environment}]

    rows, are_all = releases.newest(lambda rows: len(in_place(rows)) >= count)
    if environment is not None:
        rows = _in(rows, environment)
    shown = rows[::-1][:count]
    if as_json:
        write_result(releases_document(shown))
        return ExitCode.OPEN
    if not rows:
        write_result("no release yet: a canary stage makes one")
        return ExitCode.OPEN
    write_result(release_table(shown))
    hidden = len(rows) - len(shown)
    if not are_all:
        click.echo(f"there are older ones; -n {10 * count} shows more", err=True)
    elif hidden:
        click.echo(f"{hidden} older; -n {len(rows)} shows all", err=True)
    click.echo(f"verified with {releases.key_source}", err=True)
    return ExitCode.OPEN


def show(
    releases: Releases, name: str, environment: str | None, *, as_json: bool
) -> ExitCode:
    """Show the newest release called *name*, in *environment* or wherever it is."""
    use_what_the_terminal_has()
    rows, _ = releases.newest(lambda rows: _has(rows, name, environment))
    if environment is not None:
        rows = _in(rows, environment)
    found = _called(rows, name)
    row = found[-1]
    notes = releases.notes(row)
    if as_json:
        write_result(release_document(row, notes))
        return ExitCode.OPEN
    others = {each.environment for each in found} - {row.environment}
    write_result(release_text(row, notes, sorted(others), releases.log_to_name))
    click.echo(f"\nverified with {releases.key_source}", err=True)
    return ExitCode.OPEN


def _in(rows: Sequence[Deployment], environment: str) -> Sequence[Deployment]:
    found = [row for row in rows if row.environment == environment]
    if not found:
        meant = _suggest(environment, sorted({row.environment for row in rows}))
        raise UsageError(
            f"the log holds no release in {environment!r}{meant}",
            hint="`sluice releases` lists all",
        )
    return found


def _has(rows: Sequence[Deployment], name: str, environment: str | None) -> bool:
    return any(
        row.release.name == name and environment in {None, row.environment}
        for row in rows
    )


def _called(rows: Sequence[Deployment], name: str) -> Sequence[Deployment]:
    """The releases of that name, or else of that commit, oldest first."""
    found = [row for row in rows if row.release.name == name]
    if not found and _SOME_COMMIT.fullmatch(name):
        found = [row for row in rows if row.release.commit.startswith(name)]
    if not found:
        known = sorted({row.release.name for row in rows})
        raise UsageError(
            f"the log holds no release {name!r}{_suggest(name, known)}",
            hint="`sluice releases` lists all; a name is a Git tag or a short commit",
        )
    return found


def _suggest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
