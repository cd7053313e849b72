"""Writing to a log that is there, without a run: its key, but no project, is needed."""

from sluicegate.audit.envelope import Actor, LogEnvelope
from sluicegate.audit.log import AuditLog
from sluicegate.audit.opening import open_log
from sluicegate.audit.pinning import explain_loss
from sluicegate.errors import UsageError
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.record import TOOL
from sluicegate.wiring.stores import wait_out_race


def open_to_write(place: LogPlace) -> AuditLog:
    """The log in *place*, for appending. None is begun.

    Raises:
        UsageError: there never was one, or its key is not on this machine.
        IntegrityError: it is not what it was when it was last seen.
    """
    if place.store.load() is None:
        loss = explain_loss(place.pin)
        raise loss or UsageError(
            f"there is no log in {place.name}",
            hint="`sluice run` begins one; --log names another place",
        )
    machine = place.machine
    return open_log(
        place.store,
        machine.keyring,
        place.pin,
        wait_out_race(machine),
        origin="",  # of a new log; there is one
        envelope=lambda: new_envelope(machine),
    )


def new_envelope(machine: Machine) -> LogEnvelope:
    """An entry's envelope, by the user of *machine*, now."""
    return LogEnvelope(
        event_id=machine.new_id(),
        recorded_ts=machine.clock.now(),
        actor=Actor("user", machine.user),
        tool=TOOL,
        machine=machine.id,
    )
