"""Taking statements in, and recording holds: what the holder of the log's key does."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sluicegate.adapters.ssh_keygen import SshKeygenChecker
from sluicegate.audit.envelope import Actor
from sluicegate.audit.holds import apply_holds
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.absorbing import Absorber, Outcome
from sluicegate.audit.time import GateClock
from sluicegate.model.log_event import (
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldPlaced,
    HoldReleased,
    OverrideClosed,
    RequestAnswered,
    RolloutAnswered,
)
from sluicegate.ports.inbox import Inbox
from sluicegate.report.statements import Taken
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.masking import build_machine_redactor
from sluicegate.wiring.record import TOOL
from sluicegate.wiring.writing import open_to_write


def open_recorder(place: LogPlace) -> LogRecorder:
    """Record what happens to the log in *place*, which is there, without a run.

    Raises:
        UsageError: there is no log, or its key is not on this machine.
        IntegrityError: it is not what it was when it was last seen.
    """
    log, machine = open_to_write(place), place.machine
    return LogRecorder(
        log,
        GateClock(machine.clock, log.newest()),
        machine.new_id,
        Actor("user", machine.user),
        TOOL,
        machine.id,
        redactor=build_machine_redactor(machine),
    )


@dataclass(frozen=True)
class Absorption:
    """Takes statements into the log that *recorder* appends to."""

    inboxes: Inboxes
    recorder: LogRecorder

    def absorb(self, more: Iterable[Inbox] = ()) -> list[Outcome]:
        """Take in what waits in the usual inboxes, and in *more*.

        Raises:
            IntegrityError: the log is not what it was.
            ExternalError: whether they are in the log is unknown.
        """
        place = self.inboxes.place
        absorber = Absorber(
            self.recorder,
            place.evidence,
            SshKeygenChecker(place.machine.environ_without()),
            cache(self.inboxes.read_signers),
        )
        outcomes = absorber.absorb((*self.inboxes.usual(), *more))
        events = [one.event for one in outcomes]
        if any(isinstance(event, HoldPlaced | HoldReleased) for event in events):
            before, log = absorber.before.holds, self.recorder.log
            ended = [
                before[event.hold].scope
                for event in events
                if isinstance(event, HoldReleased) and event.hold in before
            ]
            now = read_state(log, absorber.before).holds
            apply_holds(log, [hold.scope for hold in now.values()], ended)
        return outcomes


def describe(outcome: Outcome) -> Taken:
    """What became of a statement, for those who show it."""
    match outcome.event:
        case HoldPlaced(scope, reason):
            what = f"hold on {scope}: {reason}"
        case HoldReleased(hold, reason):
            what = f"released {hold}: {reason}"
        case RequestAnswered(request, environment, answer, reason):
            what = f"{answer.value} {environment}, request {request.hex[:12]}"
            what += f": {reason}" if reason else ""
        case EnvironmentLocked(environment, reason):
            what = f"lock on {environment}: {reason}"
        case EnvironmentUnlocked(_, environment, reason):
            what = f"unlocked {environment}: {reason}"
        case RolloutAnswered(_, environment, direction, reason):
            what = f"{direction.value} the rollout in {environment}: {reason}"
        case OverrideClosed(override, reason):
            what = f"closed override {override}: {reason}"
        case _:
            what = ""
    digest = None if outcome.statement is None else str(outcome.statement)
    return Taken(outcome.place, what, outcome.reason, digest, outcome.names)
