"""How a log stands with its witnesses, for a person and for machines."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sluicegate.report.escape import escape


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness. ``size`` and ``at`` are of the newest state it cosigned, or 0.

    ``at`` is in seconds since 1970. ``why`` says why it did not cosign when it was
    asked just now, empty if it did or was not asked; an ``alarm`` is evidence that the
    log is not what the witness saw before.
    """

    name: str
    key: str
    url: str
    size: int
    at: int
    why: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Anchor:
    """A log of ``size`` entries, of which a quorum has cosigned the first ``covered``.

    ``since`` is when the first of the others was recorded, None if there are none or it
    is not known. ``problems`` is what contradicts earlier cosignatures.
    """

    origin: str
    size: int
    root: str
    quorum: str
    covered: int
    since: datetime | None
    witnesses: tuple[Asked, ...]
    problems: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether a quorum has cosigned the log as it is."""
        return self.covered == self.size

    @property
    def alarms(self) -> tuple[str, ...]:
        """Evidence against the log, a sentence each."""
        told = (
            f"the witness {each.name}: {each.why}"
            for each in self.witnesses
            if each.alarm
        )
        return (*told, *self.problems)

    def pending(self) -> str | None:
        """One line if not all is well: what is pending and since when, or the alarm."""
        if self.alarms:
            return escape("; ".join(self.alarms))
        if self.reached:
            return None
        signed = sum(each.size == self.size for each in self.witnesses)
        return escape(
            f"anchor pending: {signed} of {len(self.witnesses)} witnesses"
            f"{_since(self)}; `sluice audit witness` says why"
        )


def anchor_text(anchor: Anchor) -> str:
    """The state of the witnesses as a person reads it."""
    lines = [f"log {anchor.origin}: {anchor.size} entries, root {anchor.root}"]
    lines += [_row(each, anchor) for each in anchor.witnesses]
    if anchor.quorum == "none":
        lines.append("quorum: the policy asks for none")
    elif anchor.reached:
        lines.append(f"quorum: reached ({anchor.quorum})")
    elif anchor.covered:
        lines.append(
            f"quorum: pending{_since(anchor)} ({anchor.quorum}); reached for the first "
            f"{anchor.covered} entries"
        )
    else:
        lines.append(f"quorum: not reached{_since(anchor)} ({anchor.quorum})")
    lines += [f"ALARM: {each}" for each in anchor.alarms]
    return "\n".join(map(escape, lines))


def anchor_document(anchor: Anchor) -> str:
    """The same as JSON."""
    document = {
        "origin": anchor.origin,
        "size": anchor.size,
        "root": anchor.root,
        "quorum": anchor.quorum,
        "reached": anchor.reached,
        "covered": anchor.covered,
        "pending_since": None if anchor.since is None else anchor.since.isoformat(),
        "witnesses": [
            {
                "name": each.name,
                "key": each.key,
                "url": each.url or None,
                "size": each.size or None,
                "at": _time(each.at, "T") if each.at else None,
                "why": each.why or None,
                "alarm": each.alarm,
            }
            for each in anchor.witnesses
        ],
        "alarms": list(anchor.alarms),
    }
    return json.dumps(document, indent=2)


def _row(each: Asked, anchor: Anchor) -> str:
    mark = "ok" if each.size == anchor.size else "--"
    if each.size == anchor.size:
        told = f"cosigned at {_time(each.at)}"
    elif each.size:
        told = f"cosigned {each.size} entries at {_time(each.at)}"
    else:
        told = "no cosignature of it is known here"
    if each.why:
        told += f"; {each.why}"
    return f"  {mark} {each.name}: {told}"


def _since(anchor: Anchor) -> str:
    if anchor.since is None:
        return ""
    return f", since {anchor.since.isoformat(sep=' ', timespec='seconds')}"


def _time(seconds: int, between: str = " ") -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=between)
    except (OverflowError, ValueError, OSError):
        return f"second {seconds}"
