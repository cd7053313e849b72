"""Overrides that nobody has looked into yet, for a person and for machines. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sluicegate.model.state_item import Override
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago, format_moment
from sluicegate.report.request import Line, Tone

Reasons = Mapping[str, Sequence[str]]
"""Why the glass was broken, by the id of the override."""


def override_lines(
    overrides: Sequence[Override], reasons: Reasons, now: datetime
) -> list[Line]:
    """Write them, in the order given; or that there are none."""
    if not overrides:
        return [Line("no override waits to be looked into")]
    lines = [line for each in overrides for line in _lines(each, reasons, now)]
    return [Line(escape(line.text), line.tone) for line in lines]


def _lines(each: Override, reasons: Reasons, now: datetime) -> Iterator[Line]:
    who = ", ".join(each.by) or "somebody"
    when = f"{format_ago(each.at, now)}, at {format_moment(each.at)}"
    yield Line(f"OVERRIDDEN: {each.environment}, by {who}, {when}", Tone.BAD)
    for why in reasons.get(each.override, ()):
        yield Line(f"    {' '.join(why.split())}")
    yield Line(f"    run {each.run_id}, entry {each.index}")
    yield Line(f"    `sluice overrides close {each.override} --reason TEXT`")


def overrides_document(overrides: Sequence[Override], reasons: Reasons) -> str:
    """The same as JSON."""
    document = {
        "overrides": [
            {
                "override": each.override,
                "environment": each.environment,
                "run_id": each.run_id,
                "by": list(each.by),
                "reasons": list(reasons.get(each.override, ())),
                "at": each.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "entry": each.index,
            }
            for each in overrides
        ]
    }
    return json.dumps(document, indent=2)
