"""Leases of environments: one run alone changes an environment, for a while.

A lease is an entry of the log. Its index is the fence that goes with every change of
the target, which refuses a lower one: a run that lost its lease while it slept changes
nothing any more. A lease that nobody renews expires.

Source:
    Kleppmann, "How to do distributed locking", 2016 (fencing tokens).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.record import decode_entry
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import TransientError
from sluicegate.model.log_event import LeaseReleased, LeaseTaken
from sluicegate.model.state_item import Lease
from sluicegate.ports.fence import OvertakenError
from sluicegate.tlog.checkpoint import Checkpoint

TERM = timedelta(minutes=30)
"""How long a lease lasts: longer than a rollout sleeps between two blocks."""

_Check = Callable[[Lease | None], None]
"""Raises unless the environment may be leased, given who has it."""

_HINT = "`sluice status` shows that run; `sluice resume` goes on with it"


class _HeldError(Exception):
    """Another run has it. No `TransientError`: the append must not be tried again."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(lease)
        self.lease = lease


def _check_mine(lease: Lease, held: Lease | None) -> None:
    if held is None or held.fence != lease.fence:
        who = f"run {held.run_id}" if held else "somebody"
        raise OvertakenError(
            f"this run's lease of {lease.environment} is over: {who} took it",
            hint=_HINT,
        )


@dataclass(frozen=True, slots=True)
class Leases:
    """Takes, renews and returns the leases of the run *run_id*."""

    recorder: LogRecorder
    run_id: str

    def take(self, environment: str, *, holder_is_gone: bool) -> Lease:
        """Lease *environment* for this run.

        One that this run took on this machine is taken again. With *holder_is_gone*,
        so is one that any run took here: the caller knows that nobody else here changes
        the environment. Of other machines nobody knows that, whatever run it is.

        Raises:
            TransientError: another run has it.
        """

        def decide(held: Lease | None) -> None:
            if held is None or held.expires <= self._now():
                return
            is_mine = holder_is_gone or held.run_id == self.run_id
            if not (is_mine and self._is_of_here(held)):
                raise _HeldError(held)

        try:
            return self._take(environment, decide)
        except _HeldError as error:
            held = error.lease
            raise TransientError(
                f"run {held.run_id} is changing {environment}: its lease lasts until"
                f" {held.expires:%Y-%m-%d %H:%M:%S} UTC unless it is renewed",
                hint=_HINT,
            ) from None

    def check(self, lease: Lease) -> None:
        """Ask the log whether *lease* is in force still, before something changes.

        Raises:
            OvertakenError: another run has the environment now.
        """
        _check_mine(lease, self._held(lease.environment, self.recorder.log.head()))

    def keep(self, lease: Lease) -> Lease:
        """Renew *lease* if half of its term is over.

        Raises:
            OvertakenError: another run has the environment now.
        """
        if lease.expires - self._now() > TERM / 2:
            return lease
        return self._take(lease.environment, partial(_check_mine, lease))

    def give_back(self, lease: Lease) -> None:
        """Let others lease the environment, if this run still has it."""

        def decide(old: Checkpoint) -> Sequence[LeaseReleased]:
            held = self._held(lease.environment, old)
            if held is None or held.fence != lease.fence:
                return ()
            return (LeaseReleased(lease.environment, self.run_id, lease.fence),)

        self.recorder.record_after(decide)

    def _take(self, environment: str, check: _Check) -> Lease:
        taken: list[LeaseTaken] = []

        def decide(old: Checkpoint) -> Sequence[LeaseTaken]:
            check(self._held(environment, old))
            expires = self._now() + TERM
            taken[:] = [LeaseTaken(environment, self.run_id, expires)]
            return taken

        index = self.recorder.record_after(decide).size - 1
        return Lease(environment, self.run_id, taken[0].expires, index)

    def _is_of_here(self, lease: Lease) -> bool:
        """Whether this machine took it; it stays in the log for as long as it lasts."""
        taken = decode_entry(self.recorder.log.entry(lease.fence))
        return taken.envelope.machine == self.recorder.machine

    def _held(self, environment: str, at: Checkpoint) -> Lease | None:
        state = read_state(self.recorder.log, size=at.size)
        return state.leases.get(environment)

    def _now(self) -> datetime:
        return self.recorder.clock.now()
