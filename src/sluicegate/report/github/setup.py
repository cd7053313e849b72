"""What a look at a repository's settings found, for people and machines. Pure."""

import json
from collections.abc import Iterator, Sequence

from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.report.escape import escape

MARK = {
    Standing.FINE: "ok",
    Standing.NOTE: "i",
    Standing.WARNING: "!",
    Standing.UNKNOWN: "??",
    Standing.PROBLEM: "--",
}
_INDENT = " " * 4
_SHOWN = 12  # places of one check; --json has all


def is_ready(checks: Sequence[HostCheck]) -> bool:
    """Whether nothing is wrong, and nothing that was looked for is unknown."""
    return not any(
        check.standing in {Standing.PROBLEM, Standing.UNKNOWN} for check in checks
    )


def setup_lines(check: HostCheck) -> Iterator[tuple[str, str]]:
    """The lines of one check, each with its part: head, place, why or fix.

    A fix keeps its lines as they are: it is for copying.
    """
    yield (
        "head",
        f"{MARK[check.standing]:<2}  {escape(check.topic)}: {escape(check.what)}",
    )
    for place in check.places[:_SHOWN]:
        yield "place", _INDENT + describe_place(place)
    if len(check.places) > _SHOWN:
        yield "place", f"{_INDENT}and {len(check.places) - _SHOWN} more"
    if check.why:
        yield "why", f"{_INDENT}why: {escape(check.why)}"
    for number, line in enumerate(check.fix.splitlines()):
        lead = "fix: " if number == 0 else " " * 5
        yield "fix", f"{_INDENT}{lead}{escape(line)}"


def describe_place(place: Place) -> str:
    """A place as editors and terminals open it, ``file:line``."""
    line = f":{place.line}" if place.line else ""
    what = f"  {escape(place.what)}" if place.what else ""
    return f"{escape(place.path)}{line}{what}"


def setup_text(about: str, checks: Sequence[HostCheck]) -> str:
    """Lines without a terminal's means."""
    lines = [escape(about)]
    for check in checks:
        lines += [line for _, line in setup_lines(check)]
    return "\n".join((*lines, conclude(checks)))


def conclude(checks: Sequence[HostCheck]) -> str:
    """The last line: what there is to mend, and what nobody could tell."""
    counts = {
        standing: sum(check.standing is standing for check in checks)
        for standing in (Standing.PROBLEM, Standing.WARNING, Standing.UNKNOWN)
    }
    words = {
        Standing.PROBLEM: ("problem", "problems"),
        Standing.WARNING: ("warning", "warnings"),
        Standing.UNKNOWN: ("thing unknown", "things unknown"),
    }
    said = [
        f"{count} {words[standing][count != 1]}"
        for standing, count in counts.items()
        if count
    ]
    return ", ".join(said) if said else "all that was looked at is fine"


def setup_document(
    about: str, checks: Sequence[HostCheck], *, repository: str | None
) -> str:
    """The document of ``--json``; *repository* is None where files alone are judged."""
    return json.dumps(
        {
            "about": about,
            "repository": repository,
            "settings_read": repository is not None,
            "ready": is_ready(checks),
            "checks": [
                {
                    "topic": check.topic,
                    "standing": check.standing.value,
                    "what": check.what,
                    "why": check.why or None,
                    "fix": check.fix or None,
                    "places": [
                        {
                            "path": place.path,
                            "line": place.line or None,
                            "what": place.what or None,
                        }
                        for place in check.places
                    ],
                }
                for check in checks
            ],
        },
        indent=2,
    )
