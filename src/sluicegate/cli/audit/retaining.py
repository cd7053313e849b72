"""What ``sluice audit retention`` does and shows."""

from sluicegate.audit.kept import look_at_retention
from sluicegate.audit.time import GateClock
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.report.retention import retention_document, retention_text
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(
    place: str | None, vkey: str | None, *, no_evidence: bool, as_json: bool
) -> ExitCode:
    """Look at what is kept of the log in *place*, and say it."""
    log = LogPlace.of(Machine(), place, vkey)
    reader = log.reader()
    now = GateClock(log.machine.clock, reader.newest()).now()
    evidence = None if no_evidence else log.evidence
    found = look_at_retention(reader, evidence, now)
    write_result((retention_document if as_json else retention_text)(found))
    if found.is_damaged:
        return ExitCode.TAMPERED
    return ExitCode.CLOSED if found.problems else ExitCode.OPEN
