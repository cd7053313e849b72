"""What ``sluice init`` does: say what is there, ask, write."""

import difflib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.detect.choice import explain
from sluicegate.detect.repository import Repository
from sluicegate.errors import UsageError
from sluicegate.wiring.detection import detect_services
from sluicegate.wiring.initial import FirstFile, build_files, write_file
from sluicegate.wiring.machine import Machine

_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def print_files(folder: Path) -> ExitCode:
    """Print the files to standard output, and what was found beside them."""
    found, files = _find(folder)
    for line in _describe(found):
        click.echo(line, err=True)
    if len(files) == 1:
        write_result(files[0].text.removesuffix("\n"))
    else:
        parts = (f"# --- {_shown(file.path)}\n{file.text}" for file in files)
        write_result("\n".join(parts).removesuffix("\n"))
    return ExitCode.OPEN


def write_files(folder: Path, *, yes: bool, force: bool) -> ExitCode:
    """Write the files that are new, or may be overwritten.

    Raises:
        UsageError: a file is in the way and nobody can be asked. Nothing was written.
    """
    found, files = _find(folder)
    can_ask = sys.stdin.isatty() and sys.stdout.isatty()
    in_the_way = [file for file in files if not (file.is_new or file.is_same)]
    if in_the_way and not (force or can_ask):
        raise UsageError(
            f"{', '.join(_shown(file.path) for file in in_the_way)} would be"
            " overwritten; nothing was written",
            hint="--force overwrites, --print shows what would be written; on a"
            " terminal you are shown the changes and asked",
        )
    for line in _describe(found):
        click.echo(line)
    click.echo()
    written = [
        file for file in files if _may_write(file, ask=can_ask, yes=yes, force=force)
    ]
    for file in written:
        write_file(file)
        click.echo(
            f"{_shown(file.path)} is as it should be already"
            if file.is_same
            else f"wrote {_shown(file.path)}"
        )
    if not written:
        click.echo("nothing was written")
    for line in _next_steps(_absolute(folder), written):
        click.echo(line)
    return ExitCode.OPEN


def _find(folder: Path) -> tuple[Repository, tuple[FirstFile, ...]]:
    use_what_the_terminal_has()
    place = _absolute(folder)
    found = detect_services(Machine(), place)
    return found, build_files(found, place)


def _may_write(file: FirstFile, *, ask: bool, yes: bool, force: bool) -> bool:
    if file.is_same:
        return True
    if file.is_new:
        question = f"write {_shown(file.path)}?"
        return yes or not ask or click.confirm(question, default=True)
    if force:
        return True
    assert file.present is not None
    for line in _diff(file.present, file.text, _shown(file.path)):
        click.echo(click.style(line, fg=_DIFF_COLOURS.get(line[:1])))
    return click.confirm(f"overwrite {_shown(file.path)} with this?")


def _describe(found: Repository) -> Iterator[str]:
    """What was found, for people."""
    for service in found.services:
        yield f"{'found here' if service.folder == '.' else service.folder}:"
        for line in explain(service):
            yield f"  {line}"
    for folder in found.shared:
        yield (
            f"code in {folder} belongs to no single service: a change in it runs all of"
            " them, but no pipeline lints or tests it;"
            f" `sluice init {shlex.quote(folder)}` gives it one of its own"
        )
    for folder in found.parts:
        yield (
            f"{folder} is a project inside of this one and goes through its pipeline;"
            f" `sluice init {shlex.quote(folder)}` gives it one of its own"
        )


def _next_steps(folder: Path, written: Sequence[FirstFile]) -> Iterator[str]:
    if not written:
        return
    names = [shlex.quote(_shown(file.path)) for file in written]
    begin = "git add"
    if not any((place / ".git").exists() for place in (folder, *folder.parents)):
        begin = "git init && git add"
    yield ""
    yield "next:"
    yield f"  {begin} {' '.join(names)} && git commit -m 'Add a release gate'"
    for name in names:
        yield "  sluice run" + ("" if name == "sluicegate.yaml" else f" -f {name}")


def _diff(old: str, new: str, name: str) -> Iterator[str]:
    return difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        f"{name} (there)",
        f"{name} (new)",
        lineterm="",
    )


def _shown(path: Path) -> str:
    """*path* as its user would type it."""
    return os.path.relpath(path)


def _absolute(folder: Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - without following links
