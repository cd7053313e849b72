"""Accepted findings: what an ignore file leaves out, and what no longer. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.trivy_hit import Hit, Part

_SEPARATORS = re.compile(r"[-_.]+")
_WORDS = {
    "ignored": "ignored",
    "ignores_expired": "expired in the ignore file",
    "ignores_unused": "unused in the ignore file",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding. ``expires`` is its last day (UTC), ``line`` its place.

    ``paths`` are globs in which ``*`` stands for anything, ``/`` too; none: everywhere.
    """

    id: str
    reason: str
    expires: date
    line: int
    package: str | None = None
    paths: tuple[str, ...] = ()

    def covers(self, hit: Hit) -> bool:
        """Whether *hit* is what was accepted."""
        if self.id.upper() not in {name.upper() for name in hit.names}:
            return False
        if self.package is not None and (
            hit.package is None or _plain(self.package) != _plain(hit.package)
        ):
            return False
        if not self.paths:
            return not hit.needs_paths
        return any(fnmatchcase(hit.path, pattern) for pattern in self.paths)


class IgnoreList:
    """The entries of the ignore file *name*, on the day *today*."""

    def __init__(self, entries: Sequence[Entry], name: str, today: date) -> None:
        self._name = name
        self._valid = [entry for entry in entries if today <= entry.expires]
        self._expired = [entry for entry in entries if today > entry.expires]
        self._ignored: list[tuple[Hit, Entry]] = []
        self._standing: set[tuple[str, ...]] = set()

    def keep(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """Those of *hits* that no valid entry covers; the others are remembered.

        What is one problem in several places is ignored only where it is covered.
        """
        kept = []
        for hit in hits:
            entry = next((each for each in self._valid if each.covers(hit)), None)
            if entry is None:
                kept.append(hit)
                self._standing.add(hit.key)
            else:
                self._ignored.append((hit, entry))
        return tuple(kept)

    def part(self) -> Part:
        """What was ignored and why, and which entries no longer do anything.

        Ask once everything that was found went through `keep`.
        """
        unused = self._unused()
        fields = {
            "ignored": len({hit.key for hit, _ in self._ignored} - self._standing),
            "ignores_expired": len(self._expired),
            "ignores_unused": len(unused),
        }
        findings = (
            *(_tell(hit, entry) for hit, entry in self._ignored),
            *(
                self._about(entry, "ignore-expired", f"expired on {entry.expires}")
                for entry in self._expired
            ),
            *(
                self._about(entry, "ignore-unused", "covers nothing that was found")
                for entry in unused
            ),
        )
        words = tuple(f"{n} {_WORDS[name]}" for name, n in fields.items() if n)
        return Part(fields, findings, words)

    def _unused(self) -> list[Entry]:
        used = {entry for _, entry in self._ignored}
        return [entry for entry in self._valid if entry not in used]

    def _about(self, entry: Entry, rule: str, what: str) -> Finding:
        message = f"the entry for {entry.id} {what}"
        return Finding(rule, Severity.WARNING, message, self._name, entry.line)


def _tell(hit: Hit, entry: Entry) -> Finding:
    note = f"ignored until {entry.expires} ({entry.reason}): "
    return hit.finding(Severity.NOTE, note)


def _plain(package: str) -> str:
    """The name as package indexes compare it."""
    return _SEPARATORS.sub("-", package).lower()
