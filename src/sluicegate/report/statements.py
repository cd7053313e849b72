"""What became of signed statements, for a person and for machines."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.report.escape import escape

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that was in an inbox.

    ``what`` says what is in the log now by it, empty if it was there already;
    ``reason`` why it was refused, empty if it was not. ``statement`` is its digest,
    None of what is no statement; ``names`` are those of who signed it.
    """

    place: str
    what: str
    reason: str
    statement: str | None
    names: Sequence[str]


def statements_text(taken: Sequence[Taken]) -> str:
    """What was taken in."""
    lines = [
        f"{one.what}, signed by {', '.join(one.names)}" for one in taken if one.what
    ]
    again = sum(1 for one in taken if not one.what and not one.reason)
    if again:
        lines.append(f"{again} in the log already")
    return "\n".join(map(escape, lines)) or "nothing to take in"


def describe_refused(taken: Sequence[Taken]) -> Iterator[str]:
    """What was not taken in, and why: the first few, and how many more."""
    refused = [one for one in taken if one.reason]
    for one in refused[:_SHOWN]:
        yield f"not taken into the log: {one.place}: {one.reason}"
    if len(refused) > _SHOWN:
        yield (
            f"not taken into the log: {len(refused) - _SHOWN} more; `sluice audit"
            " absorb --json` names all"
        )


def statements_document(taken: Sequence[Taken]) -> str:
    """All of it, as JSON."""
    document = {
        "statements": [
            {
                "place": one.place,
                "statement": one.statement,
                "recorded": one.what or None,
                "refused": one.reason or None,
                "signed_by": list(one.names),
            }
            for one in taken
        ]
    }
    return json.dumps(document, indent=2)
