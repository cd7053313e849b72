"""What a pruning would remove or has removed, as text and as JSON. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.model.log_event import LogPruned
from sluicegate.report.escape import escape


@dataclass(frozen=True, slots=True)
class Pruning:
    """What goes or went, and why no more of it.

    ``pruned`` is None where nothing may go. ``evidence`` counts files. ``leftover`` are
    those of an earlier pruning that are there still; after a pruning, those that the
    store would not give up. ``abandoned`` are runs that go without having finished.
    """

    is_done: bool
    size: int
    retention_days: int
    pruned: LogPruned | None
    bundles: int
    evidence: int
    leftover: Sequence[str]
    abandoned: Sequence[str]
    reason: str


def pruning_text(found: Pruning) -> str:
    """Write it for a person."""
    return "\n".join(escape(line) for line in _lines(found))


def _lines(found: Pruning) -> Iterator[str]:
    pruned = found.pruned
    if pruned is None:
        yield f"nothing {'was' if found.is_done else 'may be'} pruned"
    else:
        first, last = pruned.min_index - pruned.entries, pruned.min_index - 1
        verb = "pruned" if found.is_done else "may go:"
        mark = "✓ " if found.is_done else ""
        yield (
            f"{mark}{verb} {pruned.entries} of {found.size - first} entries,"
            f" {first} to {last}"
        )
        yield f"  recorded   {pruned.first_ts:%Y-%m-%d} to {pruned.last_ts:%Y-%m-%d}"
        for run in pruned.cut:
            yield f"  cut        run {run.run_id} keeps events from {run.next_seq} on"
        for run_id in found.abandoned:
            yield f"  abandoned  run {run_id}, which nobody has finished"
    if pruned is not None or found.bundles:
        label = "removed " if found.is_done else "would go"
        yield f"  {label}   {_count(found.bundles, 'bundle')} of entries"
        most = "" if found.is_done else "up to "
        yield f"             {most}{_count(found.evidence, 'evidence file')}"
        yield "  kept       all tiles and checkpoints, so that every proof still holds"
    if found.leftover:
        why = (
            "the store does not give them up yet"
            if found.is_done
            else "an earlier pruning was cut short"
        )
        yield f"  left over  {_count(len(found.leftover), 'file')}: {why}"
    yield f"  no more    {found.reason}"
    if not found.is_done and (pruned is not None or found.leftover):
        yield "Nothing was removed: `sluice audit prune --execute` does it, for good"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def pruning_document(found: Pruning) -> str:
    """Write it as JSON."""
    pruned = found.pruned
    document = {
        "executed": found.is_done,
        "size": found.size,
        "retention_days": found.retention_days,
        "pruned": None
        if pruned is None
        else {
            "min_index": pruned.min_index,
            "entries": pruned.entries,
            "first": pruned.first_ts.isoformat(),
            "last": pruned.last_ts.isoformat(),
            "bundles": str(pruned.bundles),
            "cut": {run.run_id: run.next_seq for run in pruned.cut},
        },
        "bundles": found.bundles,
        "evidence_files": found.evidence,
        "left_over": list(found.leftover),
        "abandoned_runs": list(found.abandoned),
        "no_more": found.reason,
    }
    return json.dumps(document, indent=2)
