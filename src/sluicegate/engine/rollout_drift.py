"""When others change what a rollout has set: a hand, a GitOps tool. Pure.

While what serves differs from what was set, the rollout holds: no weight rises and
nothing is promoted, neither by evidence nor by the deadline. Blocks are recorded as
ever, but those that any of this fell into speak only against the canary
(`sluicegate.canary.judge.observe`): evidence may still abort it, and so may a crash.

It is over when what serves is seen to be as it was set again, or by people: to resume
sets it all anew, release and weight, to promote releases it, to abort rolls it back.
Sluicegate by itself does not write over what others have written, except to carry out
a verdict: a rollback takes the canary out of the traffic, whoever gave it some.

A weight that was announced, and that nobody has seen confirmed, may have been set or
not: either way, and all that lies in between, is no drift. Others may have changed it
meanwhile all the same, so it is not announced weights alone that are held against what
serves before they are set again.

The deadline does not wait for it. A pause is a decision of people who mean to come
back; a drift may be nobody's, and two releases should not serve for ever because of it.
A deadline that would promote rolls back instead.

Something that comes and goes, say two tools at odds, is recorded `MOST_DRIFTS` times;
then it is over only by people, and what they decide counts anew.
"""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.engine.rollout_state import RolloutState
from sluicegate.model.event import DriftEnded, RolloutDrifted
from sluicegate.model.rollout import CanaryVerdict

MOST_DRIFTS = 10
"""How many drifts of a rollout are recorded, until people decide."""

MOST_LETTERS = 1000
"""Of what is said about one."""

_ALL = 100  # percent


def see(
    state: RolloutState, stage: str, what: str | None, at: datetime
) -> RolloutDrifted | DriftEnded | None:
    """What is to be recorded of a look at what serves, None if nothing is.

    Args:
        state: in which it may be compared (`find_due`).
        stage: of the rollout.
        what: how it differs from what was set, None if it does not.
        at: the time of the look, not before the newest that is recorded.
    """
    if what is None:
        ended = DriftEnded(stage, at)
        return ended if find_end_flaw(state) is None else None
    drifted = RolloutDrifted(stage, shorten(what), at)
    return drifted if find_drift_flaw(state) is None else None


@dataclass(frozen=True, slots=True)
class Due:
    """What is to serve: the canary at *percent*, or still at *before*, or in between.

    ``before`` is None if it is known to have *percent*.
    """

    percent: int
    before: int | None = None


def find_due(state: RolloutState) -> Due | None:
    """What serves is to be so, by what was set last; None if it is not to be compared.

    Not while it is taken out of the traffic or people have everything set anew, nor
    once the rollout holds by its verdict, which leaves all as it is.
    """
    if not state.ready or state.anew is not None or state.finished is not None:
        return None
    if not _is_kept(state):
        return None
    if state.requested is None:
        return Due(state.weight)
    return Due(state.requested, state.weight if state.applied is None else None)


def _is_kept(state: RolloutState) -> bool:
    """Whether the canary is to keep the weight that it has, or was to have."""
    if state.requested == 0:
        return False
    if state.judged is None:
        return state.directed is None
    match state.judged.verdict:
        case CanaryVerdict.PROMOTE:
            return not state.withdrawn or state.weight == 0
        case CanaryVerdict.ABORT:
            return state.weight == 0 and state.requested is None
        case CanaryVerdict.HOLD:
            return False


def find_drift_flaw(state: RolloutState) -> str | None:
    """Why no drift can be recorded now, or None if one can."""
    if find_due(state) is None:
        return "nothing was set that it could differ from"
    if state.drift is not None:
        return "it had drifted before"
    if state.drifts >= MOST_DRIFTS:
        return f"it has drifted {MOST_DRIFTS} times, and nobody has decided"
    return None


def find_end_flaw(state: RolloutState) -> str | None:
    """Why no drift can have ended by itself now, or None if one can."""
    if state.drift is None or find_due(state) is None:
        return "nothing had drifted"
    if state.judged is not None and not state.may_be_directed:
        return "what is left to do sets it anew"
    if state.drifts >= MOST_DRIFTS:
        return f"it has drifted {MOST_DRIFTS} times, so people decide"
    return None


def describe(state: RolloutState) -> str:
    """What has drifted since when; "" if nothing has."""
    drift = state.drift
    if drift is None:
        return ""
    said = f"drifted since {drift.at:%Y-%m-%dT%H:%M:%SZ}: {drift.what}"
    if state.drifts >= MOST_DRIFTS:
        return f"{said} (the {MOST_DRIFTS}th time: only people let it go on)"
    return said


def describe_announced(state: RolloutState) -> str:
    """Which weight was announced, and is not confirmed; "" if none is."""
    if state.requested is None:
        return ""
    if state.applied is None:
        return f"{state.requested} % was announced and is not reached yet"
    return f"{state.requested} % is set, and its counters are awaited"


def shorten(what: str) -> str:
    """*what* on one line, in at most `MOST_LETTERS`."""
    said = " ".join(what.split())
    return said if len(said) <= MOST_LETTERS else f"{said[: MOST_LETTERS - 1]}…"
