"""Unit tests of `sluicegate.audit.recent_releases`: as of all, without reading all."""

from collections.abc import Sequence

import pytest
from fakes import FakeClock
from fakes_audit import FACTS, FakeSigner, FakeStore, begin_log, event_ids
from fakes_target import release
from hypothesis import given, settings
from hypothesis import strategies as st
from run_events import NOW, end, started

from sluicegate.audit import recent_releases
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.recent_releases import read_newest
from sluicegate.audit.record import encode
from sluicegate.audit.releases import read_deployments
from sluicegate.audit.snapshot import write_snapshot
from sluicegate.model.event import Event, RolloutFinished, RolloutStarted
from sluicegate.model.rollout import RolloutResult

IDS = event_ids()
PLACES = ("production", "staging")
RELEASES = [release(f"v{number}") for number in range(4)]

Rollout = tuple[str, int, int | None, RolloutResult | None, int | None]
"""Environment, what comes, what was live, and how it ended, if it did.

The last says how many rollouts before it the run was that it goes back to, if to any.
"""

ROLLOUTS = st.tuples(
    st.sampled_from(PLACES),
    st.integers(0, 3),
    st.none() | st.integers(0, 3),
    st.none() | st.sampled_from(RolloutResult),
    st.none() | st.integers(1, 4),
)


@pytest.fixture(autouse=True)
def few_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_releases, "_FIRST", 1)


def events_of(rollout: Rollout, number: int = 0) -> list[Event]:
    place, new, old, result, back = rollout
    stable = None if old is None else RELEASES[old]
    goes_back = back is not None and back <= number
    events: list[Event] = [
        started(rollback=f"R{number - (back or 0)}" if goes_back else None),
        end("test"),
        RolloutStarted("canary", place, RELEASES[new], stable, NOW),
    ]
    if result is not None:
        events.append(RolloutFinished("canary", result, "why", NOW))
    return events


def build(
    rollouts: Sequence[Rollout], order: Sequence[int]
) -> tuple[AuditLog, FakeStore]:
    """A log of a run for each rollout; *order* says whose turn is next."""
    store = FakeStore()
    begin_log(store)
    log = AuditLog(store, FakeSigner())
    waiting = {f"R{at}": events_of(each, at) for at, each in enumerate(rollouts)}
    entries = []
    seqs = dict.fromkeys(waiting, 0)
    for turn in [*order, *([0] * 4 * len(rollouts))]:
        left = [run for run, events in waiting.items() if events]
        if left:
            run = left[turn % min(len(left), 3)]
            envelope = Envelope(
                IDS(), run, seqs[run], NOW, FACTS.source, FACTS.actor, FACTS.tool
            )
            entries.append(encode(envelope, waiting[run].pop(0)))
            seqs[run] += 1
    log.append(entries)
    return log, store


@settings(max_examples=150)
@given(
    st.lists(ROLLOUTS, max_size=10),
    st.lists(st.integers(0, 2), max_size=40),
    st.integers(1, 8),
)
def test_the_newest_are_the_end_of_all(
    rollouts: list[Rollout], order: list[int], count: int
) -> None:
    log, _ = build(rollouts, order)

    rows, are_all = read_newest(log, lambda rows: len(rows) >= count)

    everything = read_deployments(log)
    assert list(rows) == everything[len(everything) - len(rows) :]
    assert len(rows) >= min(count, len(everything))
    assert not are_all or len(rows) == len(everything)


def test_old_entries_are_not_read() -> None:
    rollout: Rollout = ("production", 1, 0, RolloutResult.PROMOTED, None)
    log, store = build([rollout] * 150, [])
    recorder = LogRecorder(log, FakeClock(), IDS, FACTS.actor, FACTS.tool)
    write_snapshot(recorder, always=True)
    for seq, event in enumerate(
        events_of(("production", 2, 1, RolloutResult.PROMOTED, None))
    ):
        envelope = Envelope(
            IDS(), "NEW", seq, NOW, FACTS.source, FACTS.actor, FACTS.tool
        )
        log.append([encode(envelope, event)])
    for name in ("tile/entries/000", "tile/0/000"):
        del store.objects[name]

    rows, are_all = read_newest(log, lambda rows: len(rows) >= 1)

    assert [(row.release.name, row.live) for row in rows] == [("v2", True)]
    assert not are_all
