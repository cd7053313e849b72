"""What ``sluice audit verify`` does and shows."""

from dataclasses import replace
from pathlib import Path

from sluicegate.audit.verify import VerifyReport
from sluicegate.audit.witnessed import Witnessing
from sluicegate.cli.audit.progress import ProgressLine
from sluicegate.cli.audit.witnessing import configured_policy
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.model.address import parse_evidence
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.report.audit import (
    Cosigner,
    Unfinished,
    Verification,
    Witnessed,
    verification_document,
    verification_text,
)
from sluicegate.wiring.anchoring import read_policy
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(
    place: str | None,
    vkey: str | None,
    evidence: str | None,
    policy: Path | None,
    *,
    anchored: bool,
    no_evidence: bool,
    as_json: bool,
) -> ExitCode:
    """Verify the log in *place* and say what was found.

    If it is to be *anchored*, also hold it against what GitHub shows of it.
    """
    machine = Machine()
    log = LogPlace.of(machine, place, vkey)
    kept: EvidenceStore | None = None
    if not no_evidence:
        kept = (
            log.evidence
            if evidence is None
            else (log.open_evidence(parse_evidence(evidence)))
        )
    named = policy or (configured_policy() if place is None else None)
    believed = None if named is None else read_policy(named)
    with ProgressLine() as line:
        report = log.verify(
            kept,
            policy=believed,
            needs_quorum=policy is not None,
            progress=line.show,
        )
    found = build_view(log, report, has_evidence=kept is not None)
    if anchored and report.ok:  # else there is nothing to hold against anything
        found = _anchor(log, found)
    write = verification_document if as_json else verification_text
    write_result(write(found))
    return ExitCode.TAMPERED if found.problems else ExitCode.OPEN


def _anchor(log: LogPlace, found: Verification) -> Verification:
    """*found*, and what the statuses of commits say of the log."""
    from sluicegate.wiring.github.anchored import read_anchor  # noqa: PLC0415 - slow

    hosted = read_anchor(log, Path())
    return replace(
        found, hosted=hosted, problems=(*found.problems, *hosted.contradictions)
    )


def build_view(
    log: LogPlace, report: VerifyReport, *, has_evidence: bool
) -> Verification:
    """What *report* says of *log*, for those who show it."""
    anchors = report.anchors
    return Verification(
        origin=report.origin,
        size=report.size,
        root=report.root,
        vkey=report.vkey,
        key_source=log.key_source,
        key_outside=log.has_key,
        evidence_files=report.evidence_files if has_evidence else None,
        seen=anchors.seen,
        held=anchors.held,
        problems=report.problems,
        witnessed=_view_witnesses(anchors.witnesses),
        store=anchors.store,
        min_index=report.min_index,
        unfinished=tuple(
            Unfinished(run.run_id, run.index, run.recorded_ts)
            for run in report.open_runs
        ),
        unknown=report.unknown,
        signatures=report.signatures,
        unchecked=report.unchecked,
        attested=report.attested,
        doubts=report.doubts,
    )


def _view_witnesses(found: Witnessing | None) -> Witnessed | None:
    if found is None:
        return None
    return Witnessed(
        quorum=found.quorum,
        reached=found.reached,
        size=found.size,
        signed=tuple(
            Cosigner(each.witness.key.name, each.size, each.at) for each in found.seen
        ),
        missing=tuple(each.key.name for each in found.missing),
    )
