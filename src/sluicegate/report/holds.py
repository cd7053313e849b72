"""Legal holds, for a person and for machines."""

import json
from collections.abc import Sequence
from datetime import datetime

from sluicegate.model.state_item import Hold
from sluicegate.report.escape import escape


def holds_text(holds: Sequence[Hold]) -> str:
    """The holds in force, or that there are none."""
    if not holds:
        return "no hold is in force"
    lines = []
    for hold in holds:
        placed = f"{hold.placed_ts:%Y-%m-%d %H:%M:%S} UTC"
        lines += [
            f"{hold.hold}  {hold.scope}",
            f"    placed {placed} by {hold.by}, entry {hold.index}",
            f"    {' '.join(hold.reason.split())}",
        ]
    return "\n".join(map(escape, lines))


def holds_document(holds: Sequence[Hold]) -> str:
    """The same as JSON."""
    document = {
        "holds": [
            {
                "hold": hold.hold,
                "scope": str(hold.scope),
                "reason": hold.reason,
                "by": hold.by,
                "placed_ts": _iso(hold.placed_ts),
                "entry": hold.index,
            }
            for hold in holds
        ]
    }
    return json.dumps(document, indent=2)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def describe_keeper(*, stored: bool) -> str:
    """Who obeys the hold: the store, or this tool alone."""
    if stored:
        return (
            "The store itself keeps what is held now until the hold is released;"
            " what is\nwritten later, `sluice audit prune` keeps."
        )
    return (
        "`sluice audit prune` obeys it. This store has no holds of its own: whoever can"
        "\nwrite there can still delete."
    )
