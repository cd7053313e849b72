"""What of a log may be pruned, and what stands in the way of more. Pure.

Only whole bundles go, from the oldest on, and only while everything permits: the age of
every entry, the holds, the runs and rollouts that are open, and the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.evidence_names import Named
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import LogPruned
from sluicegate.model.log_state import LogState
from sluicegate.model.retention import add_days
from sluicegate.model.state_item import CutRun, OpenRun
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, Tile


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is to be known of a full bundle before it may go.

    ``newest`` is the latest time in it and in all before it: an entry is not older than
    one that it follows, whatever its clock said. ``runs`` are the first and the last
    sequence number of each run's entries in it, ``named`` is the evidence they name.
    ``until`` is when the store lets go of it, None if that sets no date.
    """

    place: int
    digest: Digest
    oldest: datetime
    newest: datetime
    runs: Mapping[str, tuple[int, int]]
    named: Named
    until: datetime | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        return Tile(ENTRIES, self.place).path

    @property
    def start(self) -> int:
        """The index of its first entry."""
        return self.place * TILE_WIDTH

    @property
    def stop(self) -> int:
        """The index after its last entry."""
        return self.start + TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Choice:
    """Bundles that may go, oldest first, and why no more of them."""

    bundles: tuple[Bundle, ...]
    reason: str


def choose(bundles: Sequence[Bundle], state: LogState, now: datetime) -> Choice:
    """Choose those of *bundles*, in order, that may go at *now*.

    A run that was never finished goes when all of it is old enough, unless it has left
    an environment between two releases; it never goes in part.
    """
    if state.unknown:
        return Choice(
            (),
            f"{state.unknown} entries are of types that this version does not know; a "
            "newer one wrote them: use that one",
        )
    chosen: list[Bundle] = []
    which = "next" if bundles else "oldest"
    reason = f"the {which} bundle of 256 entries is not full"
    for bundle in bundles:
        found = _obstacle(bundle, state, now)
        if found is not None:
            reason = found
            break
        chosen.append(bundle)
    while chosen:
        run = _find_open(state, chosen[-1].stop)
        if run is None:
            break
        chosen = [each for each in chosen if each.stop <= run.first]
        reason = f"run {run.run_id}, from entry {run.first} on, has not finished"
    return Choice(tuple(chosen), reason)


def describe_pruning(
    choice: Choice, state: LogState, later: Mapping[str, int]
) -> LogPruned:
    """The entry that announces that the bundles of *choice*, at least one, go.

    ``later`` is the first sequence number of every run among the entries that stay.
    """
    bundles = choice.bundles
    gone = {run_id for bundle in bundles for run_id in bundle.runs}
    listing = "".join(f"{each.digest.hex}  {each.name}\n" for each in bundles)
    return LogPruned(
        min_index=bundles[-1].stop,
        entries=bundles[-1].stop - bundles[0].start,
        first_ts=bundles[0].oldest,
        last_ts=bundles[-1].newest,
        bundles=Digest.of(listing.encode()),
        retention_days=state.retention_days,
        cut=tuple(
            CutRun(run_id, later[run_id]) for run_id in sorted(gone & later.keys())
        ),
    )


def _obstacle(bundle: Bundle, state: LogState, now: datetime) -> str | None:
    """Why *bundle* stays, None if nothing in it or about it says so."""
    due = add_days(bundle.newest, state.retention_days)
    if due > now:
        return (
            f"entry {bundle.stop - 1}, or one before it, is of {bundle.newest:%Y-%m-%d}"
            f": younger than {state.retention_days} days until {due:%Y-%m-%d}"
        )
    for hold in state.holds.values():
        run_id = hold.scope.run_id
        held = (
            run_id in bundle.runs
            if run_id is not None
            else any(
                hold.scope.covers(index, None)
                for index in range(bundle.start, bundle.stop)
            )
        )
        if held:
            return (
                f"hold {hold.hold} on {hold.scope} covers entries from {bundle.start}"
            )
    if bundle.until is not None and bundle.until > now:
        return f"the store keeps {bundle.name} until {bundle.until:%Y-%m-%d}"
    for lease in state.leases.values():
        if lease.fence < bundle.stop and lease.expires > now:
            return f"run {lease.run_id} has the lease of {lease.environment}"
    return None


def _find_open(state: LogState, stop: int) -> OpenRun | None:
    """A run that would lose entries before *stop* though it may go on."""
    turning = {rollout.run_id for rollout in state.rollouts.values()}
    for run in state.runs.values():
        if run.first < stop and (run.last >= stop or run.run_id in turning):
            return run
    return None
