"""Pruning: removing the oldest bundles of a log, and leaving every proof.

First a snapshot of the state is committed, so that nothing is lost that holds still;
then the entry that says what goes; then the policy is published beside the log; only
then files are removed: evidence that nothing else names, then bundles. Whatever a crash
leaves undone, the next pruning does. Tiles and checkpoints stay.

Source:
    https://c2sp.org/tlog-tiles, "Pruning".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.evidence_names import Named, find_removable
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.prunable import Choice, choose, describe_pruning
from sluicegate.audit.published import (
    POLICY_FILE,
    Policy,
    format_policy,
    search_pruned,
)
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state, write_snapshot
from sluicegate.audit.survey import Survey, files_named
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import LogPruned
from sluicegate.model.log_state import LogState
from sluicegate.model.retention import add_days
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, parse_path


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pruning would do now.

    ``pruned`` is the entry that would announce it, None if nothing goes. ``evidence``
    are files that only entries name which go. ``leftover`` are files of entries that
    were pruned before and not removed.
    """

    state: LogState
    choice: Choice
    pruned: LogPruned | None
    evidence: frozenset[Digest]
    leftover: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed: bundles and evidence. ``refused`` the store would not."""

    bundles: int
    evidence: int
    refused: tuple[str, ...]


def plan_pruning(log: LogReader, evidence: EvidenceStore | None, now: datetime) -> Plan:
    """What of *log* may go at *now*. Nothing is written, and all of it is read.

    Args:
        log: the log.
        evidence: its evidence; None leaves all of it where it is.
        now: the time that gates go by.

    Raises:
        IntegrityError: it is not what was committed.
        ExternalError: the store cannot be read.
    """
    state = read_state(log)
    survey = Survey(log, state, now)
    survey.extend(state.size)
    choice = choose(survey.bundles, state, now)
    runs, kept = survey.named_after(choice)
    gone = Named()
    for bundle in choice.bundles:
        gone.join(bundle.named)
    return Plan(
        state,
        choice,
        describe_pruning(choice, state, runs) if choice.bundles else None,
        frozenset(find_removable(evidence, gone, kept) if evidence else ()),
        _list_leftover(log.store, state.min_index),
    )


def announce(recorder: LogRecorder, now: datetime) -> LogPruned | None:
    """Commit a snapshot, and the entry that says what goes; remove nothing.

    What goes is decided again under the state that the entry comes after: a hold placed
    meanwhile holds.

    Returns:
        The entry, None if nothing may go.

    Raises:
        IntegrityError: the log is not what was committed, or holds entries that this
            version does not know.
        ExternalError: whether it is committed is unknown; try again.
    """
    log = recorder.log
    states = [read_state(log)]
    survey = Survey(log, states[0], now)
    survey.extend(states[0].size)
    if not choose(survey.bundles, states[0], now).bundles:
        return None
    write_snapshot(recorder, always=True)
    events: list[LogPruned] = []

    def decide(old: Checkpoint) -> Sequence[LogPruned]:
        states.append(read_state(log, states[-1], size=old.size))
        survey.extend(old.size)
        choice = choose(survey.bundles, states[-1], now)
        runs, _ = survey.named_after(choice)
        events[:] = (
            [describe_pruning(choice, states[-1], runs)] if choice.bundles else []
        )
        return events

    recorder.record_after(decide)
    return events[0] if events else None


def remove(log: LogReader, evidence: EvidenceStore | None, now: datetime) -> Removal:
    """Remove what the newest ``log.pruned`` entry says; finish what was begun.

    Evidence that was kept again since is not removed, and none that a kept entry names.

    Args:
        log: the log.
        evidence: its evidence; None leaves all of it where it is.
        now: the time that gates go by.

    Raises:
        IntegrityError: the log is not what was committed.
        ExternalError: files may be there still; try again.
    """
    state = read_state(log)
    found = search_pruned(log.pick, state.size)
    if found is None or state.created is None:
        return Removal(0, 0, ())
    index, event = found
    policy = Policy(state.created.origin, state.retention_days, event.min_index, index)
    published = format_policy(policy)
    if log.store.get(POLICY_FILE) != published:
        log.store.attach(POLICY_FILE, published)
    names = _list_leftover(log.store, event.min_index)
    files = _remove_evidence(log, evidence, state, names, now) if evidence else 0
    if names:
        with log.store.exclusive():
            log.store.drop(names)
    refused = _list_leftover(log.store, event.min_index)
    gone = [parse_path(name) for name in names if name not in refused]
    return Removal(sum(each == each.whole for each in gone), files, refused)


def _remove_evidence(
    log: LogReader,
    evidence: EvidenceStore,
    state: LogState,
    names: Sequence[str],
    now: datetime,
) -> int:
    """Before the bundles: afterwards nobody could tell which files those were."""
    gone = Named()
    for name in names:
        bundle = parse_path(name)
        if bundle.width == TILE_WIDTH:
            gone.join(files_named(log, bundle.index))
    if not gone.files:
        return 0
    survey = Survey(log, state, now)
    survey.extend(state.size)
    _, kept = survey.named_after(Choice((), ""))
    since = add_days(now, -state.retention_days)
    files = find_removable(evidence, gone, kept)
    # What a list names goes before the list, so that a crash in between loses no trace.
    ordered = sorted(files, key=lambda file: (file in gone.lists, file))
    return sum(evidence.drop(file, since) for file in ordered)


def _list_leftover(store: LogStore, min_index: int) -> tuple[str, ...]:
    """The bundles before *min_index* that are there, oldest first, partial ones too."""
    found = []
    for name in store.names("tile/entries/"):
        try:
            bundle = parse_path(name)
        except IntegrityError:
            continue  # whoever verifies reports it
        if bundle.level == ENTRIES and bundle.end <= min_index:
            found.append(bundle)
    return tuple(bundle.path for bundle in sorted(found))
