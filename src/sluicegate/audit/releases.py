"""The releases of every environment, folded from the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sluicegate.audit.history import read_events
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state
from sluicegate.model.deployment import Deployment, Standing
from sluicegate.model.event import (
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
    rows = fold_deployments(
        (envelope.run_id, event) for _, envelope, event in read_events(log)
    )
    if not log.min_index():
        return rows
    known = {row.environment for row in rows if row.live}
    stable = read_state(log).stable.values()
    return [*(_recall(each) for each in stable if each.environment not in known), *rows]


def _recall(stable: StableRelease) -> Deployment:
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
    )


def fold_deployments(
    events: Iterable[tuple[str, Event]], before: Iterable[StableRelease] = ()
) -> list[Deployment]:
    """As `read_deployments`, from (run id, event) in the order of the log.

    *before* is what was live before the first of them; it is not in the list.
    """
    state = _State()
    for stable in before:
        state.live[stable.environment] = state.add(_recall(stable))
    older = frozenset(state.rows)
    for run_id, event in events:
        match event:
            case RunStarted():
                state.runs[run_id] = _Run(event)
            case StageFinished() if run_id in state.runs:
                ends = state.runs[run_id].ends
                ends.pop(event.stage, None)  # the last attempt counts, where it ended
                ends[event.stage] = event
            case RolloutStarted() if run_id in state.runs:
                _begin(state, run_id, event)
            case RolloutFinished() if (run_id, event.stage) in state.open:
                _end(state, run_id, event)
            case _:
                pass
    live = set(state.live.values())
    return [
        replace(
            row, stages=tuple(state.runs[row.run_id].ends.values()), live=at in live
        )
        for at, row in state.rows.items()
        if at not in older
    ]


@dataclass
class _Run:
    started: RunStarted
    ends: dict[str, StageFinished] = field(default_factory=dict)


@dataclass
class _State:
    """``rows`` by number; ``live`` and ``open`` hold numbers of rows."""

    runs: dict[str, _Run] = field(default_factory=dict)
    rows: dict[int, Deployment] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    open: dict[tuple[str, str], int] = field(default_factory=dict)
    count: int = 0

    def add(self, row: Deployment) -> int:
        self.count += 1
        self.rows[self.count] = row
        return self.count


def _begin(state: _State, run_id: str, event: RolloutStarted) -> None:
    place = event.environment
    for key, at in list(state.open.items()):
        if state.rows[at].environment == place:
            state.rows[at] = replace(state.rows[at], standing=Standing.UNFINISHED)
            del state.open[key]
    _believe(state, run_id, event)
    row = _row(state, run_id, event, event.canary, Standing.UNDER_WAY)
    state.open[run_id, event.stage] = state.add(replace(row, before=event.stable))


def _believe(state: _State, run_id: str, event: RolloutStarted) -> None:
    """What the rollout found live is live, whatever the log says up to here."""
    place, known = event.environment, state.live.get(event.environment)
    if event.stable is None:
        state.live.pop(place, None)
    elif known is None or state.rows[known].release.image != event.stable.image:
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
    )


def _end(state: _State, run_id: str, event: RolloutFinished) -> None:
    at = state.open.pop((run_id, event.stage))
    row = state.rows[at]
    if event.result is RolloutResult.UNCHANGED:
        del state.rows[at]
        return
    standing = _STANDING[event.result]
    state.rows[at] = replace(
        row, standing=standing, reason=event.reason, end_ts=event.end_ts
    )
    if standing in {Standing.DEPLOYED, Standing.PROMOTED}:
        state.live[row.environment] = at
