"""Licences of packages: counted by Trivy's categories, held against a list. Pure.

A package may name an expression of SPDX, and often only words. What is not on a list
of allowed licences is denied, and so is what nobody can read; a list of denied licences
can only speak of what it names.

Source:
    SPDX 2.3, annex D; categories: Trivy 0.59, pkg/licensing, after Google's
    github.com/google/licenseclassifier.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.output import count
from sluicegate.stages.trivy_hit import Hit, Part, distinct
from sluicegate.stages.trivy_report import License, Package, Result, TrivyReport

CATEGORIES = (
    *("forbidden", "restricted", "reciprocal", "notice", "permissive"),
    *("unencumbered", "unknown"),
)
FORBIDDEN = "forbidden"

_SECTION = "license"
_SYSTEM_LICENSES, _SYSTEM_PACKAGES = "OS Packages", "os-pkgs"
_OR = re.compile(r"\s+or\s+", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\s()]+")


@dataclass(frozen=True, slots=True)
class Policy:
    """Which licences are welcome. Names may hold ``*``; case makes no difference."""

    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    libraries_only: bool = False

    def denies(self, expression: str) -> bool:
        """Whether a package under *expression* is unwelcome.

        Of several licences to choose from, one has to be welcome. An expression with
        parentheses is judged as if all its licences applied.
        """
        if "(" in expression or ")" in expression:
            return any(
                self._denies(word)
                for word in _WORD.findall(expression)
                if word.upper() not in {"AND", "OR", "WITH"}
            )
        choices = (_AND.split(choice) for choice in _OR.split(expression.strip()))
        return all(any(self._denies(name) for name in names) for names in choices)

    def _denies(self, name: str) -> bool:
        if _is_among(name, self.deny):
            return True
        return bool(self.allow) and not _is_among(name, self.allow)


def _is_among(name: str, patterns: Iterable[str]) -> bool:
    word = name.strip().lower()
    return any(fnmatchcase(word, pattern.strip().lower()) for pattern in patterns)


def tells_licenses(reports: Iterable[TrivyReport]) -> bool:
    """Whether Trivy looked at licences in every scan; it says so even with none."""
    return all(
        any(result.Class == _SECTION for result in report.results) for report in reports
    )


def find_licenses(reports: Iterable[TrivyReport], policy: Policy) -> Iterator[Hit]:
    """Every licence of every package, in every place."""
    for report in reports:
        for result in report.results:
            if not (policy.libraries_only and result.Target == _SYSTEM_LICENSES):
                for found in result.Licenses or ():
                    yield _license(report, result, found)


def count_licenses(
    hits: Iterable[Hit], policy: Policy, reports: Sequence[TrivyReport]
) -> Part:
    """Count each licence of each package once, and the packages without any."""
    found = distinct(hits)
    tally = Counter(hit.severity for hit in found)
    missing = _count_missing(reports, policy)
    fields = {f"licenses_{name}": tally[name] for name in CATEGORIES}
    fields["licenses_missing"] = missing
    findings = [hit.finding(Severity.WARNING) for hit in found if _is_forbidden(hit)]
    said = [f"{tally[FORBIDDEN]} forbidden"] if tally[FORBIDDEN] else []
    if policy.deny or policy.allow:
        denied = [hit for hit in found if policy.denies(hit.names[0])]
        fields["licenses_denied"] = len(denied)
        findings = [_deny(hit) for hit in denied]
        said = [f"{len(denied)} denied"] if denied else []
    if missing:
        said.append(f"{count(missing, 'package')} without one")
    words = count(len(found), "licence")
    if said:
        words += f" ({', '.join(said)})"
    return Part(fields, tuple(findings), (words,))


def _is_forbidden(hit: Hit) -> bool:
    return hit.severity == FORBIDDEN


def _deny(hit: Hit) -> Finding:
    return hit.finding(Severity.ERROR, "denied: ")


def _license(report: TrivyReport, result: Result, found: License) -> Hit:
    category = found.Category.lower()
    known = category if category in CATEGORIES else "unknown"
    owner = found.PkgName or found.FilePath or result.Target
    return Hit(
        names=(found.Name,),
        key=("license", owner, found.Name),
        severity=known,
        message=f"{owner} is under {found.Name} ({known})",
        path=found.FilePath or result.Target,
        shown=report.path(result),
        package=found.PkgName or None,
    )


def _count_missing(reports: Iterable[TrivyReport], policy: Policy) -> int:
    """Packages that no scan knows a licence of.

    A requirement in the source has none until it is installed: in the image it has.
    """
    without: set[str] = set()
    having: set[str] = set()
    for report in reports:
        for result in report.results:
            if not (policy.libraries_only and result.Class == _SYSTEM_PACKAGES):
                for package in result.Packages or ():
                    chosen = having if any(package.Licenses or ()) else without
                    chosen.add(_identify(package))
    return len(without - having)


def _identify(package: Package) -> str:
    address = package.Identifier.PURL.partition("?")[0]
    return address or f"{package.Name}@{package.Version}"
