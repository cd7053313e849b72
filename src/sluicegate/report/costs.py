"""What was spent, as lines for people. Pure."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from sluicegate.model.delivery_figures import CostRow, Costs
from sluicegate.report.amount import format_gpu_minutes, format_money
from sluicegate.report.audit import shorten_run
from sluicegate.report.delivery import Line, between, fit
from sluicegate.report.duration import format_long
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_moment

NO_RATES = (
    "no rates, so no money: write them into the pipeline file, like"
    " costs: {currency: EUR, gpu_hour: 2.50}"
)
_SHORT = 12
_GAP = "  "


def cost_lines(costs: Costs, width: int) -> Iterator[Line]:
    """Write it; where *width* columns are too few for the table, row by row."""
    return fit(_lines(costs, width), width)


def _lines(costs: Costs, width: int) -> Iterator[Line]:
    yield from _head(costs)
    if not costs.rows:
        yield Line("nothing was spent in this window", is_faint=True)
        return
    yield Line("")
    yield from _table(costs, width)
    yield from _doubts(costs)


def _head(costs: Costs) -> Iterator[Line]:
    window = costs.window
    of = "" if costs.service is None else f" of {escape(costs.service)}"
    to = "" if costs.environment is None else f" for {escape(costs.environment)}"
    yield Line(f"Spent{of}{to}, {between(window)}", is_head=True)
    yield Line(f"by the log {escape(costs.log)}")
    if costs.known is not None and costs.known.start > window.start:
        why = ": older entries were pruned" if costs.pruned else ""
        yield Line(f"the log begins on {format_moment(costs.known.start)} only{why}")


def _table(costs: Costs, width: int) -> Iterator[Line]:
    heads = _heads(costs)
    body = [_cells(costs, row, _name(costs, row)) for row in costs.rows]
    cells = [heads, *body, _cells(costs, costs.total, ("total", *_blank(costs)))]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    left = len(_name(costs, costs.rows[0]))
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        yield from _stacked(cells, left)
        return
    for number, row in enumerate(cells):
        texts = (
            f"{cell:<{size}}" if place < left else f"{cell:>{size}}"
            for place, (cell, size) in enumerate(zip(row, widths, strict=True))
        )
        edge = number in {0, len(cells) - 1}
        yield Line(_GAP.join(texts).rstrip(), is_head=edge)


def _stacked(cells: Sequence[Sequence[str]], left: int) -> Iterator[Line]:
    heads, *rows = cells
    for row in rows:
        yield Line(" ".join(filter(None, row[:left])), is_head=True)
        for head, cell in zip(heads[left:], row[left:], strict=True):
            yield Line(f"  {head.lower():<14}{cell}")


def _heads(costs: Costs) -> tuple[str, ...]:
    by = ("RUN", "COMMIT", "OUTCOME") if costs.by == "run" else (costs.by.upper(),)
    runs = () if costs.by == "run" else ("RUNS",)
    money = () if costs.rates is None else (costs.rates.currency, "SHARE")
    return (*by, *runs, "MACHINE TIME", "GPU-MINUTES", *money)


def _blank(costs: Costs) -> tuple[str, ...]:
    return ("", "") if costs.by == "run" else ()


def _name(costs: Costs, row: CostRow) -> tuple[str, ...]:
    if costs.by != "run":
        return (escape(row.key) or "(none reached)",)
    run = costs.runs_of.get(row.key)
    if run is None:
        return shorten_run(row.key), "", ""
    outcome = "not ended" if run.outcome is None else run.outcome.value
    return escape(shorten_run(row.key)), escape(run.commit[:_SHORT]), outcome


def _cells(costs: Costs, row: CostRow, name: tuple[str, ...]) -> tuple[str, ...]:
    spent = row.spent
    runs = () if costs.by == "run" else (str(row.runs),)
    money: tuple[str, ...] = ()
    if costs.rates is not None:
        amount = format_money(spent.money, costs.rates.currency)
        share = _share(spent.money, costs.total.spent.money)
        money = (amount.removesuffix(f" {costs.rates.currency}"), share)
    time = format_long(round(spent.machine_ms))
    return (*name, *runs, time, format_gpu_minutes(spent.gpu_ms), *money)


def _share(part: Fraction, whole: Fraction) -> str:
    return f"{float(part / whole) * 100:.0f} %" if whole else "-"


def _doubts(costs: Costs) -> Iterator[Line]:
    if costs.rates is None:
        yield Line("")
        yield Line(NO_RATES, is_faint=True)
    elif costs.unpriced:
        names = ", ".join(map(escape, costs.unpriced))
        yield Line("")
        yield Line(f"time without a rate, at no cost: {names}", is_faint=True)
