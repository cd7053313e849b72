"""What a scanner found, in the form that ignore files, gates and people need. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.trivy_report import SEVERITIES, UNKNOWN

_LEVEL = {
    "critical": Severity.ERROR,
    "high": Severity.ERROR,
    "medium": Severity.WARNING,
    UNKNOWN: Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a scanner found in one place.

    ``names`` are the IDs it is known by; the first is shown. Hits with the same ``key``
    are one problem in several places. ``severity`` is one of Trivy's words in small
    letters, of a licence its category. ``path`` has no ``image:`` before it, ``shown``
    has. ``needs_paths`` says that an entry of an ignore file must name its place.
    """

    names: tuple[str, ...]
    key: tuple[str, ...]
    severity: str
    message: str
    path: str
    shown: str
    line: int = 0
    package: str | None = None
    fixable: bool = False
    needs_paths: bool = False

    def finding(self, level: Severity | None = None, note: str = "") -> Finding:
        """The hit as people see it, at *level*; default: what its severity says."""
        chosen = level or _LEVEL.get(self.severity, Severity.NOTE)
        message = f"{note}{self.message}"
        return Finding(self.names[0], chosen, message, self.shown, self.line)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a scan's report: fields of evidence, findings, words for people."""

    fields: Mapping[str, Value]
    findings: tuple[Finding, ...] = ()
    words: tuple[str, ...] = ()


def distinct(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Each problem once, in the first place it was found."""
    seen: dict[tuple[str, ...], Hit] = {}
    for hit in hits:
        seen.setdefault(hit.key, hit)
    return tuple(seen.values())


def by_severity(hits: Iterable[Hit], prefix: str = "") -> dict[str, int]:
    """How many hits there are of each severity, worst first."""
    tally = Counter(hit.severity for hit in hits)
    return {f"{prefix}{name}": tally[name] for name in (*SEVERITIES, UNKNOWN)}


def severity(text: str) -> str:
    """Trivy's word for a severity in small letters; unknown if it is none of them."""
    word = text.lower()
    return word if word in SEVERITIES else UNKNOWN
