"""A finished scan as a list of vulnerabilities.

Source:
    https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/vulns_02.md
"""

from collections.abc import Callable

from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence
from sluicegate.report.export.logged import Json, Moment
from sluicegate.report.export.statement import Statement, subject_of, write_time
from sluicegate.stages.trivy_report import TrivyReport, parse_report

VULNS = "https://in-toto.io/attestation/vulns/v0.2"
_SCANS = frozenset({"trivy"})
_REPORTS = frozenset({"trivy-image.json", "trivy-source.json"})


def vulns(moment: Moment) -> Statement | None:
    """What a scan found; None where vulnerabilities were not what it looked for.

    Their list is in the reports that are kept as evidence. Without those there is no
    statement: an empty list would say that nothing was found.
    """
    event = moment.logged.event
    if not isinstance(event, StageFinished) or event.cached or moment.evidence is None:
        return None
    fields = event.evidence.fields
    if moment.kinds.get(event.stage) not in _SCANS or "db_updated" not in fields:
        return None
    version = str(fields.get("trivy_version", ""))
    predicate: dict[str, Json] = {
        "scanner": {
            "uri": f"pkg:github/aquasecurity/trivy@v{version}",
            "version": version,
            "db": {"lastUpdate": str(fields["db_updated"])},
            "result": _results(moment, event.evidence, moment.evidence),
        },
        "metadata": {
            "scanStartedOn": write_time(event.start_ts),
            "scanFinishedOn": write_time(event.end_ts),
        },
    }
    return Statement(VULNS, subject_of(moment, event), predicate)


def _results(
    moment: Moment, evidence: Evidence, read: Callable[[Digest], bytes]
) -> list[Json]:
    reports = [file for file in evidence.files if file.name in _REPORTS]
    return [
        found
        for file in reports
        for found in _of_report(moment, parse_report(read(file.digest)))
    ]


def _of_report(moment: Moment, report: TrivyReport) -> list[Json]:
    return [
        {
            "id": each.VulnerabilityID,
            "severity": [{"method": "trivy", "score": each.Severity.lower()}],
            "annotations": [
                {
                    "package": each.PkgName,
                    "installed": each.InstalledVersion,
                    "fixed": each.FixedVersion,
                    "path": moment.redact(report.path(result)),
                }
            ],
        }
        for result in report.results
        for each in result.Vulnerabilities or ()
    ]
