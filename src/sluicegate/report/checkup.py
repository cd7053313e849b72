"""What a checkup found, for people and machines. Pure."""

import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.report.escape import escape


@enum.unique
class State(enum.Enum):
    """How it stands with one thing."""

    FOUND = "found"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a pipeline may need.

    ``version`` and ``where`` are "" where there is none; ``advice`` says what to do.
    """

    name: str
    state: State
    version: str = ""
    where: str = ""
    advice: str = ""
    is_needed: bool = True

    @property
    def is_lacking(self) -> bool:
        """Whether a run would break for want of it."""
        return self.is_needed and self.state is State.MISSING


MARK = {State.FOUND: "ok", State.WARNING: "!", State.MISSING: "--"}


def checkup_text(about: str, checks: Sequence[Check]) -> str:
    """Lines without a terminal's means."""
    width = max(len(check.name) for check in checks)
    lines = [about]
    for check in checks:
        said = describe(check)
        lines.append(f"{MARK[check.state]:<2}  {escape(check.name):<{width}}  {said}")
        if check.advice:
            lines.append(f"    {'':<{width}}  -> {escape(check.advice)}")
    return "\n".join((*lines, conclusion(checks)))


def describe(check: Check) -> str:
    """Version and place of a thing, and whether it is needed, on one line."""
    parts = [part for part in (check.version, check.where) if part]
    if check.state is State.MISSING:
        parts = [f"missing, {'needed' if check.is_needed else 'not needed'}", *parts]
    elif not check.is_needed:
        parts.append("(not needed)")
    return escape("  ".join(parts))


def conclusion(checks: Sequence[Check]) -> str:
    """The last line: whether a run can do its work."""
    lacking = [check.name for check in checks if check.is_lacking]
    if lacking:
        return f"not ready: {', '.join(lacking)}"
    return "all that is needed is there"


def checkup_document(about: str, checks: Sequence[Check]) -> str:
    """The document of ``--json``."""
    return json.dumps(
        {
            "about": about,
            "ready": not any(check.is_lacking for check in checks),
            "checks": [
                {
                    "name": check.name,
                    "state": check.state.value,
                    "needed": check.is_needed,
                    "version": check.version or None,
                    "where": check.where or None,
                    "advice": check.advice or None,
                }
                for check in checks
            ],
        },
        indent=2,
    )
