"""How long a log is kept, as it was found, as text and as JSON. Pure."""

import json
from collections.abc import Iterator
from datetime import datetime

from sluicegate.model.retention import (
    PRESETS,
    SIX_MONTHS_DAYS,
    Keeping,
    Kept,
    Retention,
)
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_moment

NO_HALF_YEAR = (
    "180 days are not six months: six calendar months are 181 to 184 days. A rule that"
    f" asks for six months needs {SIX_MONTHS_DAYS}d."
)


def retention_text(found: Retention) -> str:
    """Write it for a person: what is wrong, what is promised, what the stores say."""
    lines = [f"✗ {escape(problem)}" for problem in found.problems]
    if not found.problems:
        lines.append(f"✓ nothing contradicts the promise of {found.promised_days} days")
    label = ""
    for name, text in _rows(found):
        lines.append(f"  {'' if name == label else name:<11}{escape(text)}".rstrip())
        label = name
    return "\n".join(lines)


def _rows(found: Retention) -> Iterator[tuple[str, str]]:
    yield "promised", f"{found.promised_days} days, written in the log"
    yield "", _presets(found.promised_days)
    if found.promised_days < SIX_MONTHS_DAYS:
        yield "", NO_HALF_YEAR
    yield from _keeping_rows("log", "files", found.log)
    if found.evidence is not None:
        yield from _keeping_rows("evidence", "files", found.evidence)
    yield from _entry_rows(found)
    for hold in found.holds:
        yield "holds", hold
    if not found.holds:
        yield "holds", "none"


def _presets(days: int) -> str:
    met = [f"{name} ({least})" for name, least in PRESETS.items() if days >= least]
    missed = [f"{name} ({least})" for name, least in PRESETS.items() if days < least]
    covers = f"as long as {', '.join(met)} ask" if met else "shorter than all presets"
    return covers + (f"; shorter than {', '.join(missed)}" if missed else "")


def _keeping_rows(name: str, what: str, kept: Kept) -> Iterator[tuple[str, str]]:
    word = kept.promise.keeping.value
    if kept.promise.keeping is Keeping.EXPIRES and kept.earliest is not None:
        word += f" {kept.earliest:%Y-%m-%d}"
    yield name, f"{word}: {kept.promise.statement}"
    yield name, f"{kept.files} {what} there, {kept.missing or 'none'} missing"
    if kept.earliest is not None:
        yield name, f"the first date on which the store lets go: {_day(kept.earliest)}"
    if kept.least_days is not None:
        yield name, f"no file is let go before its newest entry is {kept.least_days} d"


def _entry_rows(found: Retention) -> Iterator[tuple[str, str]]:
    pruned = f", from {found.min_index} on; those before were pruned"
    count = found.size - found.min_index
    yield "entries", f"{count}{pruned if found.min_index else ''}"
    if found.oldest_ts is None or found.newest_ts is None:
        return
    span = f"{format_moment(found.oldest_ts)} to {format_moment(found.newest_ts)}"
    yield "entries", span
    if found.age_days < found.promised_days:
        age = f"the oldest is {found.age_days} days old: the log is younger than its"
        yield "entries", f"{age} promise, and cannot show yet that it keeps it"
    if found.silent_since is not None:
        length = _length(found)
        since = _day(found.silent_since)
        yield "heartbeat", f"longest silence: {length}, from {since} on"


def _length(found: Retention) -> str:
    hours = round(found.silence.total_seconds() / 3600)
    return f"{hours} h" if hours < 48 else f"{found.silence.days} days"  # noqa: PLR2004


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def retention_document(found: Retention) -> str:
    """Write it as JSON. What is not known is null."""
    document = {
        "ok": not found.problems,
        "problems": list(found.problems),
        "promised_days": found.promised_days,
        "is_six_months": found.promised_days >= SIX_MONTHS_DAYS,
        "presets": {
            name: found.promised_days >= least for name, least in PRESETS.items()
        },
        "log": _document(found.log),
        "evidence": None if found.evidence is None else _document(found.evidence),
        "size": found.size,
        "min_index": found.min_index,
        "oldest": _stamp(found.oldest_ts),
        "newest": _stamp(found.newest_ts),
        "age_days": found.age_days,
        "younger_than_promised": found.age_days < found.promised_days,
        "longest_silence_s": round(found.silence.total_seconds()),
        "silent_since": _stamp(found.silent_since),
        "holds": list(found.holds),
    }
    return json.dumps(document, indent=2)


def _document(kept: Kept) -> dict[str, object]:
    return {
        "keeping": kept.promise.keeping.value,
        "statement": kept.promise.statement,
        "files": kept.files,
        "missing": kept.missing,
        "earliest_expiry": _stamp(kept.earliest),
        "least_days": kept.least_days,
        "undated": kept.undated,
    }


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
