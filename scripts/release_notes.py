"""Print the notes of a release, from CHANGELOG.md.

    python scripts/release_notes.py TAG [--changelog FILE] [--package FILE]

TAG is ``v`` and the version, like ``v0.1.0``. Nothing is printed, and the exit code is
1, unless everything agrees: the version of the package is that of the tag, the
changelog has a section of that version with a date and with notes in it, it is the
newest of its releases, and nothing is left under *Unreleased*.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "sluicegate" / "__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"
UNRELEASED = "Unreleased"

_NUMBER = r"(0|[1-9][0-9]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}((a|b|rc)[1-9][0-9]*)?")
_OWN = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## \[(?P<name>[^\]\n]+)\](?P<rest>.*)$", re.MULTILINE)
_DATE = re.compile(r" - ([0-9]{4}-[0-9]{2}-[0-9]{2})")


class RefusedError(Exception):
    """Why there is no release, in a sentence."""


@dataclass(frozen=True)
class Section:
    """What the changelog has under one heading; ``rest`` is what follows the name."""

    name: str
    rest: str
    body: str


def notes(tag: str, changelog: str, package: str) -> str:
    """The notes of the release *tag*, from the texts of the two files.

    Raises:
        RefusedError: they do not agree.
    """
    version = read_version(tag)
    own = _OWN.findall(package)
    if own != [version]:
        raise RefusedError(
            f"the package says {' and '.join(own) or 'no version'}, the tag {version}"
        )
    sections = split(changelog)
    names = [section.name for section in sections]
    if names.count(version) != 1:
        count = names.count(version)
        raise RefusedError(f"the changelog has {count} sections [{version}], not one")
    released = [section for section in sections if section.name != UNRELEASED]
    if released[0].name != version:
        raise RefusedError(f"the newest section is [{released[0].name}], not {version}")
    for section in sections:
        if section.name == UNRELEASED and section.body:
            raise RefusedError("the changelog still has notes under [Unreleased]")
    check_date(released[0])
    check_order([section.name for section in released])
    if not re.search(r"^- \S", released[0].body, re.MULTILINE):
        raise RefusedError(f"the section [{version}] has no notes")
    return released[0].body + "\n"


def read_version(tag: str) -> str:
    """The version that *tag* names.

    Raises:
        RefusedError: it names none.
    """
    version = tag.removeprefix("v")
    if tag == version or not _VERSION.fullmatch(version):
        raise RefusedError(f"{tag!r} is no tag of a release: v1.2.3, or v1.2.3rc1")
    return version


def split(changelog: str) -> list[Section]:
    """The sections of the changelog, in its order."""
    found = list(_HEADING.finditer(changelog))
    ends = [each.start() for each in found[1:]] + [len(changelog)] * bool(found)
    return [
        Section(each["name"], each["rest"], changelog[each.end() : end].strip())
        for each, end in zip(found, ends, strict=True)
    ]


def check_date(section: Section) -> None:
    """See to it that *section* says when it was released.

    Raises:
        RefusedError: it does not.
    """
    said = _DATE.fullmatch(section.rest)
    try:
        date.fromisoformat(said[1] if said else "")
    except ValueError:
        raise RefusedError(
            f"the heading of [{section.name}] has no date: ## [{section.name}] -"
            " YYYY-MM-DD"
        ) from None


def check_order(versions: Sequence[str]) -> None:
    """See to it that *versions*, the newest first, only go down.

    Raises:
        RefusedError: one does not, or is none.
    """
    for version in versions:
        if not _VERSION.fullmatch(version):
            raise RefusedError(f"the changelog has a section [{version}]: no version")
    for newer, older in pairwise(versions):
        if _rank(newer) <= _rank(older):
            raise RefusedError(f"{newer} is listed as newer than {older}, and is not")


def _rank(version: str) -> tuple[tuple[int, ...], str, int]:
    """A final version comes after its candidates, as z does after a, b and rc."""
    found = re.fullmatch(r"([0-9.]+)(?:(a|b|rc)([0-9]+))?", version)
    assert found is not None  # it was checked
    numbers = tuple(int(part) for part in found[1].split("."))
    return numbers, found[2] or "z", int(found[3] or 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the notes, or say on standard error why there are none."""
    parser = argparse.ArgumentParser(description="Print the notes of a release.")
    parser.add_argument("tag", metavar="TAG")
    parser.add_argument("--changelog", type=Path, default=CHANGELOG)
    parser.add_argument("--package", type=Path, default=PACKAGE)
    given = parser.parse_args(arguments)
    try:
        text = notes(
            given.tag,
            given.changelog.read_text(encoding="utf-8"),
            given.package.read_text(encoding="utf-8"),
        )
    except (RefusedError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(text, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
