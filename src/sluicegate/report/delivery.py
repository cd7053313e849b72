"""The figures of delivery as lines for people. Pure.

Where there is nothing to count from, that is said, and no number is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from textwrap import wrap

from sluicegate.model.delivery_figures import (
    Approvals,
    Delivery,
    GateCount,
    Group,
    ReleaseCost,
    Restores,
    Spread,
    Window,
)
from sluicegate.report.amount import format_gpu_minutes, format_money
from sluicegate.report.duration import format_long
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_moment

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LABEL = 21  # columns
_LEAST = 40  # columns; a narrower terminal wraps by itself


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and whether it heads what follows or says that there is nothing."""

    text: str
    is_head: bool = False
    is_faint: bool = False


def delivery_lines(delivery: Delivery, width: int) -> Iterator[Line]:
    """Write it for *width* columns."""
    return fit(_lines(delivery, width), width)


def fit(lines: Iterable[Line], width: int) -> Iterator[Line]:
    """Wrap *lines* that are wider than *width* columns; rows below their text."""
    for line in lines:
        parts = wrap(line.text, max(width, _LEAST), subsequent_indent=_indent(line))
        yield from (replace(line, text=part) for part in parts or [""])


def _indent(line: Line) -> str:
    return " " * (_LABEL + 2) if line.text.startswith("  ") else ""


def _lines(delivery: Delivery, width: int) -> Iterator[Line]:
    yield from _head(delivery)
    if delivery.known is None:
        return
    if not delivery.groups:
        yield Line("")
        yield Line("no release in this window: a canary stage makes one", is_faint=True)
    elif delivery.by == "environment":
        costs = {each.environment: each for each in delivery.costs}
        for group in delivery.groups:
            yield Line("")
            yield from _environment(
                group, costs.get(group.environment), delivery.currency
            )
    else:
        yield Line("")
        yield from _periods(delivery, width)
    if delivery.gates:
        yield Line("")
        yield from _gates(delivery.gates)
    yield from _doubts(delivery)


def _head(delivery: Delivery) -> Iterator[Line]:
    of = "" if delivery.service is None else f" of {escape(delivery.service)}"
    days = delivery.window.length / _DAY
    length = f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours"  # noqa: PLR2004
    window = delivery.window
    yield Line(f"Deliveries{of}, {between(window)} ({length})", is_head=True)
    yield Line(f"by the log {escape(delivery.log)}")
    known = delivery.known
    if known is None:
        yield Line("no release in this window: the log says nothing of it")
    elif known.start > window.start:
        why = ": older entries were pruned" if delivery.pruned else ""
        yield Line(f"the log begins on {format_moment(known.start)} only{why}")


def between(window: Window) -> str:
    """From when to when it is, for people."""
    return f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC"


def _environment(
    group: Group, cost: ReleaseCost | None, currency: str | None
) -> Iterator[Line]:
    yield Line(escape(group.environment), is_head=True)
    if _is_empty(group):
        yield Line("  no release in this window", is_faint=True)
        if group.approvals.open:
            yield _row("approvals", _waiting(group.approvals))
        return
    yield _row("releases", _releases(group))
    yield _row("lead time", _spread(group.lead.since_commit, "commit"))
    if group.lead.unknown:
        count = _count(group.lead.unknown, "release")
        yield _row("", f"without {count} whose commits are not in this clone")
    yield _row("  since its run", _spread(group.lead.since_run, "release"))
    yield _row("change failure rate", _failures(group))
    yield from _restores(group.restores)
    yield _row("approvals", _approvals(group.approvals))
    aborts = ", ".join(f"{escape(cause)} {n}" for cause, n in group.aborts.items())
    yield _row("canary aborts", aborts or "none")
    if cost is not None and cost.each is not None and cost.spent.machine_ms:
        yield _row("cost of a release", _cost(cost, currency))


def _is_empty(group: Group) -> bool:
    changes = group.changes
    none = not (group.releases or group.rollbacks or changes.decided)
    return none and not (changes.undecided or group.aborts or group.approvals.waited)


def _row(label: str, text: str) -> Line:
    return Line(f"  {label:<{_LABEL}}{text}")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _releases(group: Group) -> str:
    rate = rate_of(group.releases, group.window)
    parts = [str(group.releases)]
    if rate is not None:
        parts.append(rate)
    if group.rollbacks:
        parts.append(f"besides {_count(group.rollbacks, 'rollback')}")
    return ", ".join(parts)


def rate_of(number: int, window: Window) -> str | None:
    """How often that is, None where *window* is too short to say so, or of none."""
    if not number or window.length < _DAY:
        return None
    a_day = number / (window.length / _DAY)
    if a_day >= 1:
        return f"{a_day:.1f} a day"
    if window.length < _WEEK:
        return None
    return f"{a_day * 7:.1f} a week"


def _spread(found: Spread | None, word: str, words: str | None = None) -> str:
    if found is None:
        return f"no {word} in this window"
    many = words or f"{word}s"
    n = f"({found.n} {word if found.n == 1 else many})"
    if found.n == 1:
        return f"{format_long(found.median_ms)} {n}"
    median, decile = format_long(found.median_ms), format_long(found.p90_ms)
    return f"median {median}, nine of ten within {decile} {n}"


def _failures(group: Group) -> str:
    changes, rate = group.changes, group.changes.failure_rate
    undecided = f"{_count(changes.undecided, 'change')} not decided"
    if rate is None:
        return undecided if changes.undecided else "no change took traffic"
    parts = [f"{_percent(rate)}: {changes.failed} of {changes.decided}"]
    if changes.aborted:
        parts.append(f"{changes.aborted} aborted")
    if changes.gone_back:
        parts.append(f"{changes.gone_back} gone back from")
    if changes.overridden_failed:
        parts.append(f"{changes.overridden_failed} of them by an override")
    if changes.undecided:
        parts.append(undecided)
    return ", ".join(parts)


def _percent(rate: Fraction) -> str:
    return f"{float(rate) * 100:.1f} %"


def _restores(restores: Restores) -> Iterator[Line]:
    if restores.since_traffic is None and not restores.waiting:
        yield _row("time to restore", "nothing failed")
        return
    if restores.since_traffic is not None:
        yield _row("time to restore", _spread(restores.since_traffic, "failure"))
        yield _row("  since its sign", _spread(restores.since_sign, "failure"))
    if restores.waiting:
        count = _count(restores.waiting, "failure")
        yield _row("", f"{count} not restored yet")


def _approvals(approvals: Approvals) -> str:
    waiting = _waiting(approvals)
    if approvals.waited is None:
        return waiting or "none was waited for"
    waited = _spread(approvals.waited, "entry", "entries")
    return f"{waited}; {waiting}" if waiting else waited


def _waiting(approvals: Approvals) -> str:
    if approvals.oldest_ms is None:
        return ""
    return f"{approvals.open} open, for up to {format_long(approvals.oldest_ms)}"


def _cost(cost: ReleaseCost, currency: str | None) -> str:
    assert cost.each is not None
    parts = []
    if currency is not None:
        parts.append(format_money(cost.each.money, currency))
    if cost.each.gpu_ms:
        parts.append(f"{format_gpu_minutes(cost.each.gpu_ms)} GPU-minutes")
    parts.append(f"{format_long(round(cost.each.machine_ms))} of machines")
    return f"{', '.join(parts)} ({_count(cost.releases, 'release')})"


_COLUMNS = ("FROM (UTC)", "ENVIRONMENT", "RELEASES", "LEAD TIME", "FAILED", "RESTORED")
_NOTHING = "-"


def _periods(delivery: Delivery, width: int) -> Iterator[Line]:
    cells = [_COLUMNS, *map(_period, delivery.groups)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_COLUMNS))]
    if sum(widths) + 2 * len(widths) <= width:
        for number, row in enumerate(cells):
            pairs = zip(row, widths, strict=True)
            text = "  ".join(f"{cell:<{size}}" for cell, size in pairs)
            yield Line(text.rstrip(), is_head=number == 0)
        yield Line("lead time, restored: medians; failed: of the changes decided")
        return
    for row in cells[1:]:
        yield Line(f"{row[0]} {row[1]}", is_head=True)
        for label, cell in zip(_COLUMNS[2:], row[2:], strict=True):
            yield _row(label.lower(), cell)


def _period(group: Group) -> tuple[str, ...]:
    changes, lead = group.changes, group.lead.since_commit or group.lead.since_run
    of_runs = group.lead.since_commit is None and lead is not None
    restored = group.restores.since_traffic
    return (
        f"{group.window.start:%Y-%m-%d}",
        escape(group.environment),
        str(group.releases),
        _NOTHING
        if lead is None
        else f"{format_long(lead.median_ms)}{' (run)' if of_runs else ''}",
        f"{changes.failed} of {changes.decided}" if changes.decided else _NOTHING,
        _NOTHING if restored is None else format_long(restored.median_ms),
    )


_GATE_COLUMNS = ("STAGE", "ENDED", "CLOSED", "PENDING", "BROKEN")


def _gates(gates: Sequence[GateCount]) -> Iterator[Line]:
    cells = [_GATE_COLUMNS, *map(_gate, gates)]
    widths = [max(len(row[place]) for row in cells) for place in range(5)]
    for number, row in enumerate(cells):
        first, *rest = zip(row, widths, strict=True)
        texts = [f"{first[0]:<{first[1]}}", *(f"{cell:>{size}}" for cell, size in rest)]
        yield Line("  ".join(texts).rstrip(), is_head=number == 0)


def _gate(gate: GateCount) -> tuple[str, ...]:
    counts = gate.outcomes
    words = ("closed", "pending", "broken")
    numbers = (str(counts.get(word, 0)) for word in words)
    return (escape(gate.stage), str(sum(counts.values())), *numbers)


def _doubts(delivery: Delivery) -> Iterator[Line]:
    doubts = []
    if delivery.no_clone is not None:
        doubts.append(f"no commit was timed: {escape(delivery.no_clone)}")
    if delivery.shallow:
        doubts.append(
            "this clone is shallow, so commits may be missing: `git fetch --unshallow`"
        )
    if delivery.cut_rollouts:
        count = _count(delivery.cut_rollouts, "rollout")
        doubts.append(f"{count} began in entries that were pruned, and are left out")
    if doubts:
        yield Line("")
        yield from (Line(each, is_faint=True) for each in doubts)
