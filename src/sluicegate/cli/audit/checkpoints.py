"""What ``sluice audit checkpoint`` and ``sluice audit pin`` do and show."""

import json
from pathlib import Path

from sluicegate.cli.audit.witnessing import anchor_after, configured_policy
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.errors import IntegrityError
from sluicegate.report.escape import escape
from sluicegate.tlog.note import parse_note
from sluicegate.tlog.policy import Policy
from sluicegate.wiring.anchoring import read_policy
from sluicegate.wiring.checkpoints import (
    Signed,
    pin_checkpoint,
    read_checkpoint,
    read_given,
    sign_again,
)
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(place: str | None, vkey: str | None, *, sign: bool, as_json: bool) -> ExitCode:
    """Show the checkpoint of the log in *place*, signed again if asked to."""
    log = LogPlace.of(Machine(), place, vkey)
    found = sign_again(log, _policy()) if sign else read_checkpoint(log)
    if as_json:
        write_result(_document(found))
    else:
        write_result(found.raw.decode().rstrip("\n"))
    if sign:
        anchor_after(log, place)
    return ExitCode.OPEN


def save(place: str | None, vkey: str | None, source: str | None) -> ExitCode:
    """Trust the checkpoint in *source*, or the log's own."""
    machine = Machine()
    log = LogPlace.of(machine, place, vkey)
    given = None if source is None else read_given(source, machine.ca_bundle)
    try:
        head, size = pin_checkpoint(log, given)
    except IntegrityError as error:
        if source is None:
            raise
        raise IntegrityError(
            f"{source} and the log in {log.name} disagree: {error}",
            hint=error.hint
            or "Nothing was pinned. Ask whoever gave it to you, and "
            "find out whose log is the right one.",
        ) from error
    held = "" if given is None else f"; it extends the {size} entries you were given"
    write_result(
        escape(f"pinned: the log {head.origin} with {head.size} entries{held}")
        + "\nfrom now on this machine refuses any state of it that does not extend this"
    )
    return ExitCode.OPEN


def _policy() -> Policy | None:
    named: Path | None = configured_policy()
    return None if named is None else read_policy(named)


def _document(found: Signed) -> str:
    note = parse_note(found.raw)
    return json.dumps(
        {
            "origin": found.state.origin,
            "size": found.state.size,
            "root": found.state.root_text,
            "key": found.keys.vkeys[-1],
            "signatures": [
                {"name": line.name, "key_id": line.key_id.hex()}
                for line in note.signatures
            ],
            "checkpoint": found.raw.decode(),
        },
        indent=2,
    )
