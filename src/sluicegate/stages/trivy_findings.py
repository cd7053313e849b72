"""Trivy's results counted, and told as findings. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.output import count
from sluicegate.stages.trivy_report import (
    SEVERITIES,
    UNKNOWN,
    Misconfiguration,
    Secret,
    TrivyReport,
    Vulnerability,
)

_LEVEL = {
    "critical": Severity.ERROR,
    "high": Severity.ERROR,
    "medium": Severity.WARNING,
    UNKNOWN: Severity.WARNING,
}
_PASSED = {"PASS", "EXCEPTION"}


@dataclass(frozen=True, slots=True)
class Counted:
    """What one scanner found: fields of evidence, findings, a few words."""

    fields: dict[str, int]
    findings: tuple[Finding, ...]
    summary: str


def count_vulnerabilities(reports: Iterable[TrivyReport]) -> Counted:
    """Count each vulnerability of each version of a package once.

    A package is often found twice, as a requirement in the source and installed in the
    image; that is one problem. Fixable means that a fixed version is known.
    """
    seen: dict[tuple[str, str, str], tuple[Vulnerability, str]] = {}
    for report in reports:
        for result in report.results:
            for found in result.Vulnerabilities or ():
                key = (found.VulnerabilityID, found.PkgName, found.InstalledVersion)
                seen.setdefault(key, (found, report.path(result)))
    found_all = [found for found, _ in seen.values()]
    fixable = _by_severity([found for found in found_all if found.FixedVersion])
    fields = _by_severity(found_all)
    fields |= {f"{severity}_fixable": number for severity, number in fixable.items()}
    findings = tuple(_vulnerability(found, path) for found, path in seen.values())
    words = count(len(findings), "vulnerability", "vulnerabilities")
    return Counted(fields, findings, _with_worst(words, fields, ""))


def count_secrets(reports: Iterable[TrivyReport]) -> Counted:
    """Count secrets of every severity: a secret in the open is one too many."""
    findings = tuple(
        _secret(found, report.path(result))
        for report in reports
        for result in report.results
        for found in result.Secrets or ()
    )
    words = count(len(findings), "secret")
    return Counted({"secrets": len(findings)}, findings, words)


def count_misconfigurations(reports: Iterable[TrivyReport]) -> Counted:
    """Count the checks that did not pass, wherever they are found."""
    found_all = [
        (found, report.path(result))
        for report in reports
        for result in report.results
        for found in result.Misconfigurations or ()
        if found.Status not in _PASSED
    ]
    counts = _by_severity([found for found, _ in found_all])
    fields = {f"misconfig_{severity}": number for severity, number in counts.items()}
    findings = tuple(_misconfiguration(found, path) for found, path in found_all)
    words = count(len(findings), "misconfiguration")
    return Counted(fields, findings, _with_worst(words, fields, "misconfig_"))


def _severity(text: str) -> str:
    word = text.lower()
    return word if word in SEVERITIES else UNKNOWN


def _by_severity(
    found: Sequence[Vulnerability] | Sequence[Misconfiguration],
) -> dict[str, int]:
    tally = Counter(_severity(one.Severity) for one in found)
    return {severity: tally[severity] for severity in (*SEVERITIES, UNKNOWN)}


def _with_worst(words: str, fields: dict[str, int], prefix: str) -> str:
    """Add the number of the worst severity that there is: ``3 secrets (1 high)``."""
    for severity in SEVERITIES:
        if number := fields[f"{prefix}{severity}"]:
            return f"{words} ({number} {severity})"
    return words


def _vulnerability(found: Vulnerability, path: str) -> Finding:
    package = f"{found.PkgName}@{found.InstalledVersion}"
    fix = f"fixed in {found.FixedVersion}" if found.FixedVersion else "no fix known"
    severity = _severity(found.Severity)
    message = f"{package}: {found.Title or found.VulnerabilityID} ({severity}; {fix})"
    level = _LEVEL.get(severity, Severity.NOTE)
    return Finding(found.VulnerabilityID, level, message, path, 0)


def _secret(found: Secret, path: str) -> Finding:
    message = f"secret: {found.Title or found.RuleID}"
    return Finding(found.RuleID, Severity.ERROR, message, path, found.StartLine)


def _misconfiguration(found: Misconfiguration, path: str) -> Finding:
    severity = _severity(found.Severity)
    message = f"{found.Message or found.Title} ({severity})"
    level = _LEVEL.get(severity, Severity.NOTE)
    return Finding(found.ID, level, message, path, found.CauseMetadata.StartLine)
