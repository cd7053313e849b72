"""What statements would do to a log, and which of them would do nothing. Pure.

A statement that changes nothing is refused with the reason, so that whoever signed it
learns of it; the log holds only what had an effect.
"""

from datetime import datetime

from sluicegate.audit.statements.predicates import (
    Answering,
    Directing,
    HoldPlacing,
    HoldReleasing,
    Locking,
    OverrideClosing,
    Predicate,
    Unlocking,
)
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import Direction

_NEED_REASON = (Answer.REJECT, Answer.OVERRIDE)


class Effects:
    """The state of a log as statements change it, one after the other, at *now*."""

    def __init__(self, state: LogState, now: datetime) -> None:
        self._now = now
        self._requests = state.requests
        self._holds = set(state.holds)
        self._locks = {place: lock.lock for place, lock in state.locks.items()}
        self._overrides = set(state.overrides)
        self._terms = state.terms

    def refuse(self, said: Predicate) -> str:
        """Why *said* would do nothing; if it does something (""), that is so now."""
        match said:
            case HoldPlacing():
                return ""
            case HoldReleasing(hold, _):
                return _take(self._holds, hold, f"no hold {hold} is in force")
            case Answering():
                return self._refuse_answer(said)
            case Locking(environment, _):
                return self._lock(environment)
            case Unlocking(lock, environment, _):
                if self._locks.get(environment) != lock:
                    return f"no lock {lock} of {environment} is in force"
                del self._locks[environment]
                return ""
            case OverrideClosing(override, _):
                return _take(
                    self._overrides, override, f"no override {override} is open"
                )
            case Directing():
                return self._refuse_direction(said)

    def _refuse_direction(self, said: Directing) -> str:
        if said.direction is Direction.SUPERSEDE:
            return "only a newer release supersedes a rollout"
        term = self._terms.get(said.environment)
        is_open = term is not None and term.rollout == said.rollout
        return "" if is_open else f"no rollout {said.rollout} is open there"

    def _refuse_answer(self, said: Answering) -> str:
        asked = self._requests.get(said.request)
        if asked is None:
            return f"no release request {said.request} is in this log"
        if asked.environment != said.environment:
            return f"that request is about {asked.environment}, not {said.environment}"
        if asked.entered is not None:
            return f"that request was used already, by entry {asked.entered}"
        if asked.expires <= self._now:
            return f"that request expired on {asked.expires:%Y-%m-%d %H:%M:%S} UTC"
        if said.answer in _NEED_REASON and not said.reason:
            return f"to {said.answer.value} needs a reason"
        return ""

    def _lock(self, environment: str) -> str:
        if environment in self._locks:
            return f"{environment} is locked already"
        self._locks[environment] = ""  # its id is not known before it is recorded
        return ""


def _take(known: set[str], name: str, unknown: str) -> str:
    if name not in known:
        return unknown
    known.remove(name)
    return ""
