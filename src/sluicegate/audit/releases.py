"""The releases of every environment, folded from the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.history import read_events
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state
from sluicegate.model.deployment import ARRIVED, Deployment, Entrance, Standing
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    RolloutFinished,
    RolloutStarted,
    RunStarted,
    StageFinished,
)
from sluicegate.model.rollout import Release, RolloutResult
from sluicegate.model.state_item import StableRelease

_STANDING = {
    RolloutResult.DEPLOYED: Standing.DEPLOYED,
    RolloutResult.PROMOTED: Standing.PROMOTED,
    RolloutResult.ROLLED_BACK: Standing.ROLLED_BACK,
    RolloutResult.HELD: Standing.HELD,
}


def read_deployments(log: LogReader) -> list[Deployment]:
    """What every environment runs and ran, in the order in which it came there.

    A release that was found live and stayed so is no news, and not in the list.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    rows = fold_deployments(read_events(log))
    if not log.min_index():
        return rows
    known = {row.environment for row in rows if row.live}
    stable = read_state(log).stable.values()
    return [*(recall(each) for each in stable if each.environment not in known), *rows]


def recall(stable: StableRelease) -> Deployment:
    """What is live since before the log begins, in the words of its snapshots."""
    return Deployment(
        environment=stable.environment,
        release=stable.release,
        before=None,
        standing=Standing.FOUND,
        reason="the entries of its rollout were pruned",
        run_id=stable.run_id,
        run=None,
        stages=(),
        start_ts=stable.since_ts,
        end_ts=stable.since_ts,
        live=True,
        index=stable.index,
    )


def fold_deployments(
    events: Iterable[tuple[int, Envelope, Event]], before: Iterable[StableRelease] = ()
) -> list[Deployment]:
    """As `read_deployments`, from events of runs with the indices of their entries.

    *before* is what was live before the first of them; it is not in the list.
    """
    state = _State()
    for stable in before:
        state.live[stable.environment] = state.add(recall(stable))
    older = frozenset(state.rows)
    for index, envelope, event in events:
        run_id, state.index = envelope.run_id, index
        match event:
            case RunStarted():
                state.runs[run_id] = _Run(event)
            case StageFinished() if run_id in state.runs:
                ends = state.runs[run_id].ends
                ends.pop(event.stage, None)  # the last attempt counts, where it ended
                ends[event.stage] = event
            case EnvironmentEntered() if run_id in state.runs:
                state.runs[run_id].entered[event.stage] = Entrance(
                    event, index, envelope.event_id, envelope.recorded_ts
                )
            case RolloutStarted() if run_id in state.runs:
                _begin(state, run_id, event)
            case RolloutFinished() if (run_id, event.stage) in state.open:
                _end(state, run_id, event)
            case _:
                pass
    live = set(state.live.values())
    return [
        _complete(state, row, live=at in live)
        for at, row in state.rows.items()
        if at not in older
    ]


@dataclass
class _Run:
    started: RunStarted
    ends: dict[str, StageFinished] = field(default_factory=dict)
    entered: dict[str, Entrance] = field(default_factory=dict)


@dataclass
class _State:
    """``rows`` by number; ``live``, ``open`` and ``held`` hold numbers of rows.

    ``index`` is that of the entry that is folded in.
    """

    runs: dict[str, _Run] = field(default_factory=dict)
    rows: dict[int, Deployment] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    open: dict[tuple[str, str], int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    count: int = 0
    index: int = 0

    def add(self, row: Deployment) -> int:
        self.count += 1
        self.rows[self.count] = row
        return self.count

    def leave(self, at: int | None, when: datetime) -> None:
        """The row *at*, if any, serves no more."""
        if at is not None:
            self.rows[at] = replace(self.rows[at], until_ts=when)


def _complete(state: _State, row: Deployment, *, live: bool) -> Deployment:
    run = state.runs[row.run_id]
    origin = state.runs.get(row.rollback or "")
    return replace(
        row,
        live=live,
        stages=tuple(run.ends.values()),
        earlier=() if origin is None else tuple(origin.ends.values()),
    )


def _begin(state: _State, run_id: str, event: RolloutStarted) -> None:
    place = event.environment
    for key, at in list(state.open.items()):
        if state.rows[at].environment == place:
            state.rows[at] = replace(state.rows[at], standing=Standing.UNFINISHED)
            state.leave(at, event.start_ts)
            del state.open[key]
    state.leave(state.held.pop(place, None), event.start_ts)
    _believe(state, run_id, event)
    row = _row(state, run_id, event, event.canary, Standing.UNDER_WAY)
    entrance = state.runs[run_id].entered.get(event.stage)
    row = replace(row, before=event.stable, entrance=entrance)
    state.open[run_id, event.stage] = state.add(row)


def _believe(state: _State, run_id: str, event: RolloutStarted) -> None:
    """What the rollout found live is live, whatever the log says up to here."""
    place, known = event.environment, state.live.get(event.environment)
    if event.stable is None:
        state.leave(state.live.pop(place, None), event.start_ts)
    elif known is None or state.rows[known].release.image != event.stable.image:
        state.leave(known, event.start_ts)
        row = _row(state, run_id, event, event.stable, Standing.FOUND)
        state.live[place] = state.add(replace(row, end_ts=event.start_ts))


def _row(
    state: _State,
    run_id: str,
    event: RolloutStarted,
    release: Release,
    standing: Standing,
) -> Deployment:
    return Deployment(
        environment=event.environment,
        release=release,
        before=None,
        standing=standing,
        reason="",
        run_id=run_id,
        run=state.runs[run_id].started,
        stages=(),
        start_ts=event.start_ts,
        end_ts=None,
        live=False,
        index=state.index,
    )


def _end(state: _State, run_id: str, event: RolloutFinished) -> None:
    at = state.open.pop((run_id, event.stage))
    row = state.rows[at]
    if event.result is RolloutResult.UNCHANGED:
        del state.rows[at]
        return
    standing, place = _STANDING[event.result], row.environment
    state.rows[at] = replace(
        row,
        standing=standing,
        reason=event.reason,
        end_ts=event.end_ts,
        index=state.index,
    )
    if standing in ARRIVED:
        state.leave(state.live.get(place), event.end_ts)
        state.live[place] = at
    elif standing is Standing.HELD:
        state.held[place] = at
    else:
        state.leave(at, event.end_ts)
