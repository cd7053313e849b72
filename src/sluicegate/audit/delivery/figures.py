"""From what a log says to figures: counted in a window, for one environment. Pure.

What is counted belongs to the window in which it ended, so that two windows that meet
have together what the whole has. What became of a release is asked of all the log.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

from sluicegate.model.delivery import Facts, Fate, PastRollout, ReleaseAsked
from sluicegate.model.delivery_figures import (
    Approvals,
    Changes,
    Group,
    LeadTimes,
    Restores,
    Spread,
    Window,
)

_MS = timedelta(milliseconds=1)
_MOST_EARLIER = 1000  # releases that Git is told of; a command line has room for them
_FAILED = frozenset({Fate.ABORTED, Fate.GONE_BACK})


class CommittedAt(Protocol):
    """When the commits were made that a release brought; None where nobody knows."""

    def __call__(
        self, row: PastRollout, earlier: Sequence[str]
    ) -> Sequence[datetime] | None:
        """*earlier* are the commits that the environment has had, newest first."""
        ...


def select(facts: Facts, service: str | None) -> Facts:
    """The part of *facts* that is about *service*; all of it for None."""
    if service is None:
        return facts
    runs = [run for run in facts.runs if run.service == service]
    own = {run.run_id for run in runs}
    return replace(
        facts,
        rollouts=[row for row in facts.rollouts if row.service == service],
        aborts=[each for each in facts.aborts if each.service == service],
        gates=[each for each in facts.gates if each.service == service],
        asked=[each for each in facts.asked if each.service == service],
        spent=[each for each in facts.spent if each.run_id in own],
        runs=runs,
    )


def environments_of(facts: Facts) -> Sequence[str]:
    """The environments that anything is known of, in the order they came up."""
    places = chain(
        ((row.started_at, row.environment) for row in facts.rollouts),
        ((each.asked_at, each.environment) for each in facts.asked),
    )
    return tuple(dict.fromkeys(place for _, place in sorted(places)))


def count(
    facts: Facts, environment: str, window: Window, committed_at: CommittedAt
) -> Group:
    """The figures of *environment* in *window*."""
    here = [row for row in facts.rollouts if row.environment == environment]
    rows = [row for row in here if row.at in window]
    changes = [row for row in rows if not row.is_rollback and row.traffic_at]
    aborts = (
        each.cause
        for each in facts.aborts
        if each.environment == environment and each.at in window
    )
    asked = [each for each in facts.asked if each.environment == environment]
    return Group(
        environment=environment,
        window=window,
        releases=sum(row.has_arrived and not row.is_rollback for row in rows),
        rollbacks=sum(row.has_arrived and row.is_rollback for row in rows),
        changes=_count_changes(changes),
        lead=_lead(here, rows, committed_at),
        restores=_restores(changes),
        aborts=dict(sorted(Counter(aborts).items())),
        approvals=_approvals(asked, window),
    )


def spread(lengths: Iterable[timedelta]) -> Spread | None:
    """Median and ninth decile of *lengths*; None of none.

    The median of an even number is the mean of the two in the middle, the decile the
    smallest of them that nine of ten do not exceed (nearest rank).
    """
    found = sorted(max(each, timedelta(0)) // _MS for each in lengths)
    if not found:
        return None
    middle = len(found) // 2
    low = found[middle] if len(found) % 2 else found[middle - 1]
    rank = -(-9 * len(found) // 10)
    return Spread(len(found), (low + found[middle]) // 2, found[rank - 1])


def _count_changes(changes: Sequence[PastRollout]) -> Changes:
    fates = Counter(row.fate for row in changes)
    failed = [row for row in changes if row.fate in _FAILED]
    return Changes(
        good=fates[Fate.GOOD],
        aborted=fates[Fate.ABORTED],
        gone_back=fates[Fate.GONE_BACK],
        undecided=fates[Fate.UNDECIDED],
        overridden_failed=sum(row.overridden for row in failed),
    )


def _lead(
    here: Sequence[PastRollout],
    rows: Sequence[PastRollout],
    committed_at: CommittedAt,
) -> LeadTimes:
    commits: list[timedelta] = []
    runs: list[timedelta] = []
    unknown = 0
    arrived = [row for row in here if row.has_arrived]
    wanted = {row.index for row in rows}
    for place, row in enumerate(arrived):
        if row.is_rollback or row.index not in wanted or row.ended_at is None:
            continue
        runs.append(row.ended_at - row.run_at)
        past = arrived[max(place - _MOST_EARLIER, 0) : place]
        earlier = [before.release.commit for before in reversed(past)]
        if row.before is not None:
            earlier.insert(0, row.before.commit)
        made = committed_at(row, tuple(dict.fromkeys(earlier)))
        if made is None:
            unknown += 1
        else:
            commits += [row.ended_at - at for at in made]
    return LeadTimes(spread(commits), spread(runs), unknown)


def _restores(changes: Sequence[PastRollout]) -> Restores:
    failed = [row for row in changes if row.fate in _FAILED]
    over = [row for row in failed if row.restored_at is not None]

    def since(begin: Callable[[PastRollout], datetime | None]) -> Spread | None:
        return spread(
            row.restored_at - (begin(row) or row.restored_at)
            for row in over
            if row.restored_at is not None
        )

    return Restores(
        since(lambda row: row.traffic_at),
        since(lambda row: row.sign_at),
        len(failed) - len(over),
    )


def _approvals(asked: Sequence[ReleaseAsked], window: Window) -> Approvals:
    waited = spread(
        each.entered_at - each.asked_at
        for each in asked
        if each.entered_at is not None and each.entered_at in window
    )
    still = [each.asked_at for each in asked if _is_open(each, window.end)]
    oldest = (window.end - min(still)) // _MS if still else None
    return Approvals(waited, len(still), oldest)


def _is_open(each: ReleaseAsked, moment: datetime) -> bool:
    ends = (each.entered_at, each.ended_at)
    over = any(end is not None and end < moment for end in ends)
    return each.asked_at < moment < each.expires_at and not over
