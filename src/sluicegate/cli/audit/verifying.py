"""What ``sluice audit verify`` does and shows."""

from pathlib import Path

from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.report.audit import (
    Verification,
    verification_document,
    verification_text,
)
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(
    place: str | None,
    vkey: str | None,
    evidence: Path | None,
    *,
    no_evidence: bool,
    as_json: bool,
) -> ExitCode:
    """Verify the log in *place* and say what was found."""
    log = LogPlace.of(Machine(), place, vkey)
    kept: EvidenceStore | None = None
    if not no_evidence:
        kept = log.evidence if evidence is None else EvidenceDirectory(evidence)
    report = log.verify(kept)
    found = Verification(
        origin=report.origin,
        size=report.size,
        root=report.root,
        vkey=report.vkey,
        key_source=log.key_source,
        evidence_files=None if kept is None else report.evidence_files,
        seen=report.seen,
        problems=report.problems,
    )
    write = verification_document if as_json else verification_text
    write_result(write(found))
    return ExitCode.OPEN if report.ok else ExitCode.TAMPERED
