"""Vulnerabilities, secrets and misconfigurations in Trivy's results. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from sluicegate.stages.output import count
from sluicegate.stages.trivy_hit import Hit, Part, by_severity, distinct, severity
from sluicegate.stages.trivy_report import (
    SEVERITIES,
    Misconfiguration,
    Result,
    Secret,
    TrivyReport,
    Vulnerability,
)

_PASSED = {"PASS", "EXCEPTION"}


def vulnerability_hit(report: TrivyReport, result: Result, found: Vulnerability) -> Hit:
    """A vulnerability, known or suppressed, of *result*.

    A package is often found twice, as a requirement in the source and installed in the
    image; that is one problem.
    """
    package = f"{found.PkgName}@{found.InstalledVersion}"
    fix = f"fixed in {found.FixedVersion}" if found.FixedVersion else "no fix known"
    grade = severity(found.Severity)
    return Hit(
        names=(found.VulnerabilityID,),
        key=("vuln", found.VulnerabilityID, found.PkgName, found.InstalledVersion),
        severity=grade,
        message=f"{package}: {found.Title or found.VulnerabilityID} ({grade}; {fix})",
        path=found.PkgPath or result.Target,
        shown=report.path(result),
        package=found.PkgName,
        fixable=bool(found.FixedVersion),
    )


def find_vulnerabilities(reports: Iterable[TrivyReport]) -> Iterator[Hit]:
    """Every vulnerability in every place; see `distinct`."""
    for report in reports:
        for result in report.results:
            for found in result.Vulnerabilities or ():
                yield vulnerability_hit(report, result, found)


def find_secrets(reports: Iterable[TrivyReport]) -> Iterator[Hit]:
    """Secrets of every severity: a secret in the open is one too many."""
    for report in reports:
        for result in report.results:
            for number, found in enumerate(result.Secrets or ()):
                yield _secret(report, result, found, number)


def find_misconfigurations(reports: Iterable[TrivyReport]) -> Iterator[Hit]:
    """The checks that did not pass, wherever they are found."""
    for report in reports:
        for result in report.results:
            for number, found in enumerate(result.Misconfigurations or ()):
                if found.Status not in _PASSED:
                    yield _misconfiguration(report, result, found, number)


def count_vulnerabilities(hits: Iterable[Hit]) -> Part:
    """Count each problem once. Fixable means that a fixed version is known."""
    found = distinct(hits)
    fixable = by_severity(hit for hit in found if hit.fixable)
    fields = by_severity(found)
    words = count(len(found), "vulnerability", "vulnerabilities")
    summary = _with_worst(words, fields, "")
    fields |= {f"{grade}_fixable": number for grade, number in fixable.items()}
    return Part(fields, tuple(hit.finding() for hit in found), (summary,))


def count_secrets(hits: Sequence[Hit]) -> Part:
    """Count secrets, whatever their severity."""
    findings = tuple(hit.finding() for hit in hits)
    return Part({"secrets": len(hits)}, findings, (count(len(hits), "secret"),))


def count_misconfigurations(hits: Sequence[Hit]) -> Part:
    """Count misconfigurations by severity."""
    fields = by_severity(hits, "misconfig_")
    words = _with_worst(count(len(hits), "misconfiguration"), fields, "misconfig_")
    return Part(fields, tuple(hit.finding() for hit in hits), (words,))


def _secret(report: TrivyReport, result: Result, found: Secret, number: int) -> Hit:
    shown = report.path(result)
    return Hit(
        names=(found.RuleID,),
        key=("secret", shown, str(number)),
        severity="critical",
        message=f"secret: {found.Title or found.RuleID}",
        path=result.Target,
        shown=shown,
        line=found.StartLine,
        needs_paths=True,  # or the next key that leaks would be accepted too
    )


def _misconfiguration(
    report: TrivyReport, result: Result, found: Misconfiguration, number: int
) -> Hit:
    shown, grade = report.path(result), severity(found.Severity)
    return Hit(
        names=(found.ID, *([found.AVDID] if found.AVDID else [])),
        key=("misconfig", shown, str(number)),
        severity=grade,
        message=f"{found.Message or found.Title} ({grade})",
        path=result.Target,
        shown=shown,
        line=found.CauseMetadata.StartLine,
    )


def _with_worst(words: str, fields: dict[str, int], prefix: str) -> str:
    """Add the number of the worst severity that there is: ``3 secrets (1 high)``."""
    for grade in SEVERITIES:
        if number := fields[f"{prefix}{grade}"]:
            return f"{words} ({number} {grade})"
    return words
