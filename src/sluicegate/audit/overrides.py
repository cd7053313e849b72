"""Closing the follow-ups of overrides."""

from collections.abc import Iterable, Sequence

from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import UsageError
from sluicegate.model.log_event import OverrideClosed
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Answer
from sluicegate.model.state_item import Override
from sluicegate.model.ulid import is_meant
from sluicegate.tlog.checkpoint import Checkpoint

_LIST = "`sluice overrides` lists those that are open"


def close_override(recorder: LogRecorder, text: str, reason: str) -> Override:
    """Record that somebody has looked into the override that *text* names.

    Raises:
        UsageError: no such override is open.
        ExternalError: whether it is recorded is unknown.
    """
    found: list[Override] = []

    def decide(old: Checkpoint) -> Sequence[OverrideClosed]:
        state = read_state(recorder.log, size=old.size)
        found[:] = [find_override(state.overrides.values(), text)]
        return [OverrideClosed(found[0].override, reason)]

    recorder.record_after(decide)
    return found[0]


def reasons_of(state: LogState, found: Override) -> tuple[str, ...]:
    """Why the glass was broken, as far as the log still knows."""
    requests = {
        one.request for one in state.requests.values() if one.entered == found.index
    }
    return tuple(
        given.reason
        for given in state.answers.values()
        if given.request in requests and given.answer is Answer.OVERRIDE
    )


def find_override(overrides: Iterable[Override], text: str) -> Override:
    """The open override whose id is *text*, or begins or ends with it.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [each for each in overrides if is_meant(each.override, text)]
    if not found:
        raise UsageError(f"no override {text!r} is open", hint=_LIST)
    if len(found) > 1:
        names = ", ".join(sorted(each.override for each in found))
        raise UsageError(
            f"{len(found)} overrides begin or end with {text!r}: {names}",
            hint="name one of them",
        )
    return found[0]
