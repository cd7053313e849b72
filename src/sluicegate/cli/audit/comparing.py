"""What ``sluice audit consistency`` does and shows."""

from pathlib import Path

from sluicegate.audit.pinning import recall
from sluicegate.audit.proofs import prove_growth
from sluicegate.audit.reader import LogReader
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.report.proof import growth_document, growth_text
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.tree import VerifiedTree
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

_NOW = "log"
_PIN = "pin"
_MAX_BYTES = 1 << 20


def compare(
    old: str, new: str, place: str | None, vkey: str | None, *, as_json: bool
) -> ExitCode:
    """Prove by the log that it only grew between the states that are named."""
    source = LogPlace.of(Machine(), place, vkey)
    log = source.reader(follows_pins=False)
    tree = log.tree()
    states = [_find_state(text, source, log, tree) for text in (old, new)]
    if _is_size(old) and _is_size(new) and int(old) > int(new):
        raise UsageError(  # of one log at hand: nobody rolled anything back
            f"OLD has {int(old)} entries, and NEW only {int(new)}",
            hint="name the smaller size first",
        )
    proof = prove_growth(tree, *states)
    write = growth_document if as_json else growth_text
    before, after = ((state.size, state.root_text) for state in states)
    write_result(write(tree.head.origin, before, after, proof))
    return ExitCode.OPEN


def _find_state(
    text: str, source: LogPlace, log: LogReader, tree: VerifiedTree
) -> Checkpoint:
    """The state of the log that *text* names; that of a file is signed by the log."""
    if text == _NOW:
        return tree.head
    if text == _PIN:
        return _read_pin(source, log)
    if _is_size(text):
        size = int(text)
        if size > tree.head.size:
            raise UsageError(
                f"the log has {tree.head.size} entries, not {size}",
                hint="a file of that name is written with a folder, as ./600",
            )
        return Checkpoint(tree.head.origin, size, tree.root_at(size))
    try:
        with Path(text).open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot read the checkpoint {text}: {error.strerror}",
            hint="name a file, a size, pin or log",
        ) from error
    if len(raw) > _MAX_BYTES:
        raise UsageError(f"{text} has more than 1 MiB: this is no checkpoint")
    try:
        return log.keys.open(raw)
    except IntegrityError as error:
        raise IntegrityError(f"{text}: {error}", hint=error.hint) from error


def _is_size(text: str) -> bool:
    """Whether *text* is a size of the log as it is, which nobody signed."""
    return text.isascii() and text.isdigit()


def _read_pin(source: LogPlace, log: LogReader) -> Checkpoint:
    """The newest state of the log that this machine has seen."""
    seen = [each.read() for each in recall(source.pin, *log.keys.vkeys)]
    if not seen:
        raise UsageError(
            "this machine has never seen the log",
            hint="it remembers the last checkpoint whenever it writes, or when told by "
            "`sluice audit pin`",
        )
    return max(seen, key=lambda state: state.size)
