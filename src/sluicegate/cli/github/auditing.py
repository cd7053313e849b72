"""What a step does that audits: the whole log, how long it is kept, its witnesses."""

from dataclasses import replace

from sluicegate.audit.kept import look_at_retention
from sluicegate.audit.time import GateClock
from sluicegate.cli.audit.verifying import build_view
from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.github.ended import Ended, outputs_of_head
from sluicegate.cli.github.step_context import Step
from sluicegate.errors import ExternalError
from sluicegate.report.audit import Verification, verification_text
from sluicegate.report.github.reason_codes import ReasonCode
from sluicegate.report.github.shown import Said
from sluicegate.report.retention import retention_text
from sluicegate.wiring.anchoring import anchor_in_passing, read_policy
from sluicegate.wiring.github.anchored import read_anchor
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.project import Project


def audit(step: Step) -> Ended:
    """Verify the log, compute its retention, and show it to those who witness it."""
    project = open_project(step.machine, step.inputs.file)
    log = LogPlace.of_project(project)
    found = _verify(step, project, log)
    lines = verification_text(found).splitlines()
    if found.problems:
        begun = log.store.load() is not None
        return _tampered(step, found, lines, begun=begun)
    reader = log.reader()
    now = GateClock(step.machine.clock, reader.newest()).now()
    kept = look_at_retention(reader, log.evidence, now)
    lines += retention_text(kept).splitlines()
    if pending := _witness(project, log):
        lines.append(pending)
    for line in lines:
        step.log.line(line)
    code, reason = ExitCode.OPEN, ReasonCode.AUDITED
    title, hint = "the log is what was written, and kept as promised", ""
    if kept.is_damaged:
        code, reason = ExitCode.TAMPERED, ReasonCode.TAMPERED
        title, hint = "evidence of the log is missing", "restore it from a copy"
    elif kept.problems:
        code, reason = ExitCode.CLOSED, ReasonCode.RETENTION_SHORT
        title = f"the log is not kept as promised: {kept.problems[0]}"
        hint = "see docs/retention.md for what each store can be told"
    head = reader.head()
    said = Said(code.name.lower(), title, tuple(lines), hint, head)
    return Ended(code, reason, (said,), outputs_of_head(head))


def _verify(step: Step, project: Project, log: LogPlace) -> Verification:
    """Verify the log, and hold it against what GitHub shows of it."""
    named = project.pipeline.audit.witnesses
    policy = None if named is None else read_policy(project.folder / named)
    report = log.verify(log.evidence, policy=policy, needs_quorum=False)
    found = build_view(log, report, has_evidence=True)
    if not report.ok or step.host is None:
        return found
    try:
        hosted = read_anchor(log, project.folder)
    except ExternalError as error:
        step.warn(f"the log was not held against statuses on GitHub: {error}")
        return found
    problems = (*found.problems, *hosted.contradictions)
    return replace(found, hosted=hosted, problems=problems)


def _witness(project: Project, log: LogPlace) -> str | None:
    """Show the log to its witnesses; a line if that is not done."""
    named = project.pipeline.audit.witnesses
    return None if named is None else anchor_in_passing(log, project.folder / named)


def _tampered(
    step: Step, found: Verification, lines: list[str], *, begun: bool
) -> Ended:
    for line in lines:
        step.log.line(line)
    count = len(found.problems)
    title = f"the log is not what was written: {count} problem{'s'[: count != 1]}"
    hint = "restore the log from a copy, and find out who could write to it"
    if not begun:  # which of the two it is, nobody can tell here
        title = "there is no log"
        hint = f"the first run that is recorded begins it; if there was one, {hint}"
    said = Said("tampered", title, tuple(lines), hint)
    return Ended(ExitCode.TAMPERED, ReasonCode.TAMPERED, (said,))
