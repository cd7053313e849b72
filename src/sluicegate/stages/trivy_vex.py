"""What VEX documents suppress, and what they do not. Pure.

Trivy leaves out whatever a document calls *not affected* or *fixed*, with a
justification or without. Here a vulnerability that does no harm needs a reason, as the
standards demand; without one it stands.

Source:
    OpenVEX 0.2.0, "Status Justifications"; CSAF 2.0, 6.1.27.7; Trivy 0.59,
    pkg/vex and pkg/types/finding.go.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.trivy_findings import vulnerability_hit
from sluicegate.stages.trivy_hit import Hit, Part, distinct
from sluicegate.stages.trivy_report import Modified, TrivyReport

_FIXED, _NOT_AFFECTED = "fixed", "not_affected"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """``hits`` are left out for a reason; ``standing`` are not, and count."""

    hits: tuple[Hit, ...]
    standing: tuple[Hit, ...]
    findings: tuple[Finding, ...]

    def part(self) -> Part:
        """How many of both, each problem once."""
        fields = {
            "vex_suppressed": len(self.hits),
            "vex_unjustified": len(distinct(self.standing)),
        }
        said = {
            "suppressed by VEX": len(self.hits),
            "not, for want of a reason": len(distinct(self.standing)),
        }
        words = tuple(f"{number} {what}" for what, number in said.items() if number)
        return Part(fields, self.findings, words)


def read_suppressed(
    reports: Iterable[TrivyReport], *, has_documents: bool
) -> Suppressed:
    """Sort what Trivy left out into what may be left out, and what may not.

    Where the stage *has_documents*, something may be: nothing else explains anything.
    """
    hits: list[Hit] = []
    standing: list[Hit] = []
    findings: dict[tuple[str, ...], Finding] = {}
    for report in reports:
        for result in report.results:
            for modified in result.ExperimentalModifiedFindings or ():
                hit = vulnerability_hit(report, result, modified.Finding)
                is_justified = has_documents and _is_justified(modified)
                (hits if is_justified else standing).append(hit)
                note = _tell(hit, modified, is_justified=is_justified)
                findings.setdefault(hit.key, note)
    return Suppressed(distinct(hits), tuple(standing), tuple(findings.values()))


def _is_justified(modified: Modified) -> bool:
    if modified.Status == _NOT_AFFECTED:
        return bool(modified.Statement.strip())
    return modified.Status == _FIXED


def _tell(hit: Hit, modified: Modified, *, is_justified: bool) -> Finding:
    source = modified.Source.rpartition("/")[2] or "nothing"
    said = f"{source} says {modified.Status or 'nothing'}"
    if is_justified:
        why = f": {modified.Statement}" if modified.Statement else ""
        return hit.finding(Severity.NOTE, f"suppressed ({said}{why}): ")
    return hit.finding(Severity.WARNING, f"not suppressed ({said} without a reason): ")
