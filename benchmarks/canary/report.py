"""The figures of the matrix as tables."""

from collections.abc import Callable, Iterable, Sequence
from math import ceil, inf
from statistics import fmean

from measure import format_table

from canary.checks import REASONS, Check, Duel
from canary.cost import Cost
from canary.field import CONTESTANTS, OURS, OURS_IID
from canary.limit import least_batches
from canary.plot import SHOWN_RATE, SHOWN_WEIGHT
from canary.races import DEFAULT, Time
from canary.result import Result, Results
from canary.world import RATIOS, TRAFFIC, Cell, Scenario
from sluicegate.canary.plan import abort_limit

NAMES = tuple(each.name for each in CONTESTANTS)


def format_matrix(cells: Sequence[Cell], results: Results) -> str:
    """What became of the releases of all cells."""
    shown = (
        f"{100 * SHOWN_RATE:g} % errors in stable, {SHOWN_WEIGHT.value} on the canary"
    )
    good = [cell for cell in cells if cell.ratio == 1]
    margin = [cell for cell in cells if cell.ratio is None]
    held = _percent(lambda r: r.releases - r.aborts - r.promotes)
    worse = [cell for cell in cells if cell.ratio == RATIOS[3]]
    tables = {
        "Good canaries that are aborted, in percent of the releases of all cells.": (
            _by_scenario(good, results, _percent(lambda r: r.aborts))
        ),
        "Unacceptable canaries, just at the margin, that are promoted, in percent.": (
            _by_scenario(margin, results, _percent(lambda r: r.promotes))
        ),
        "Good canaries that are still held after an hour, in percent.": (
            _by_scenario(good, results, held)
        ),
        "Canaries that fail 5 times as often: percent aborted within the hour,"
        " whatever else goes on.": (
            _by_scenario(worse, results, _percent(lambda r: r.aborts))
        ),
        f"Minutes until half of the releases are aborted; {shown}. In brackets the"
        " percent aborted within the hour.": _by_ratio(results, _format_delay),
        "Failed requests in the hour that the canary causes, in the mean;"
        f" {shown}.": _by_ratio(results, lambda result: _count(result.excess)),
        "Mean canary requests until the verdict, by the limit for any test that knows"
        f" no noise; {shown}. In brackets the batches of the default form, and the"
        f" fewest that sigma {DEFAULT.sigma:g} allows.": _limits(results),
    }
    return "\n\n".join(f"{title}\n\n{table}" for title, table in tables.items())


def _by_scenario(
    cells: Iterable[Cell], results: Results, form: Callable[[list[Result]], str]
) -> str:
    cells = list(cells)
    rows = []
    for scenario in Scenario:
        chosen = [cell.key for cell in cells if cell.scenario is scenario]
        row = [
            form([results[key][name] for key in chosen if name in results.get(key, {})])
            for name in NAMES
        ]
        if any(row):
            rows.append([scenario.value, *row])
    return format_table(["", *NAMES], rows)


def _percent(count: Callable[[Result], int]) -> Callable[[list[Result]], str]:
    """Of all releases together."""

    def form(chosen: list[Result]) -> str:
        if not chosen:
            return ""
        share = sum(map(count, chosen)) / sum(each.releases for each in chosen)
        return f"{100 * share:.0f}" if share > 0.1 else f"{100 * share:.2g}"

    return form


def _by_ratio(results: Results, form: Callable[[Result], str]) -> str:
    rows = []
    for ratio in RATIOS[1:]:
        for traffic in TRAFFIC:
            cell = Cell(traffic, SHOWN_WEIGHT, SHOWN_RATE, ratio, Scenario.CLEAN)
            found = results.get(cell.key)
            if found is not None:
                row = [form(found[name]) if name in found else "" for name in NAMES]
                rows.append([f"{ratio:g} times, {traffic}/s", *row])
    return format_table(["", *NAMES], rows)


def _format_delay(result: Result) -> str:
    share = f"({100 * result.abort_rate:.0f})"
    return f"{'-' if result.delay == inf else f'{result.delay:.3g}'} {share}"


def _count(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def _limits(results: Results) -> str:
    share, rows = float(SHOWN_WEIGHT.value.removesuffix(" %")) / 100, []
    for ratio in RATIOS[2:]:
        for traffic in TRAFFIC:
            cell = Cell(traffic, SHOWN_WEIGHT, SHOWN_RATE, ratio, Scenario.CLEAN)
            found = results.get(cell.key)
            if found is None:
                continue
            limit = abort_limit(
                (cell.canary_rate, cell.rate),
                share=share,
                alpha=DEFAULT.alpha,
                beta=DEFAULT.beta,
            )
            rows.append(
                [
                    f"{ratio:g} times, {traffic}/s",
                    f"{limit:.0f}",
                    _by_limit(found.get(OURS_IID), limit),
                    _by_limit(found.get(OURS), limit) + _batches(cell, found[OURS]),
                ]
            )
    return format_table(["", "limit", OURS_IID, OURS], rows)


def _by_limit(result: Result | None, limit: float) -> str:
    if result is None or result.abort_rate < 0.95:
        return "-"
    return f"{result.spent / limit:.2f}"


def _batches(cell: Cell, result: Result) -> str:
    share = float(cell.weight.value.removesuffix(" %")) / 100
    mean = result.spent / (cell.traffic * share * 60)
    fewest = least_batches(
        cell.ratio or 1,
        sigma=DEFAULT.sigma or 0,
        alpha=DEFAULT.alpha,
        beta=DEFAULT.beta,
    )
    return f" ({mean:.1f}, {max(1.0, fewest):.1f})"


def format_races(times: Sequence[Time], *, releases: int) -> str:
    """Requests to the verdict beside the limit for any test."""
    rows = [
        [
            time.race.name,
            _count(ceil(time.race.limit)),
            _count(ceil(time.singly)),
            f"{time.ratio:.2f}",
            _count(ceil(time.batched)),
            f"{time.batched / time.race.limit:.2f}",
        ]
        for time in times
    ]
    header = ["", "limit", "i.i.d. form", "ratio", "default form", "ratio"]
    return (
        f"Mean canary requests until the verdict, over {releases} releases, and the"
        f" limit for any test.\n\n{format_table(header, rows)}"
    )


def format_duels(duels: dict[str, list[Duel]]) -> str:
    """In how many cells no trustworthy peer is faster, and where one is."""
    rows = []
    for name, fought in duels.items():
        for title, wanted in (("unacceptable", True), ("within the margin", False)):
            for traffic in TRAFFIC:
                chosen = [
                    each
                    for each in fought
                    if each.cell.traffic == traffic and each.is_unacceptable is wanted
                ]
                rows.append([f"{name}, {title}, {traffic}/s", *_summarize(chosen)])
    header = [
        "",
        "cells",
        "ours alone",
        "no later",
        "later",
        *(f"of these: {reason}" for reason in REASONS),
        "by minutes (mean)",
        "than",
    ]
    return (
        "Cells with a regression that somebody finds in half of the releases, the"
        " unacceptable ones and those that the margin allows: is any peer faster that"
        " does not surely abort more than 1 % of the good canaries there? A peer that"
        " is faster than any test with our error rates can be has a threshold that"
        " happens to lie between the arms."
        f"\n\n{format_table(header, rows)}"
    )


def _summarize(chosen: Sequence[Duel]) -> list[str]:
    alone = sum(each.peer is None for each in chosen)
    lost = [each for each in chosen if not each.is_won]
    return [
        str(len(chosen)),
        str(alone),
        str(len(chosen) - len(lost) - alone),
        str(len(lost)),
        *(str(sum(each.reason == reason for each in lost)) for reason in REASONS),
        _later(lost),
        _winners(lost),
    ]


def _later(lost: Sequence[Duel]) -> str:
    """How much later, where ours finds it at all."""
    late = [each.delay - each.peer_delay for each in lost if each.delay < inf]
    never = len(lost) - len(late)
    text = f"{fmean(late):.1f}" if late else "-"
    return f"{text}, never in {never}" if never else text


def _winners(lost: Sequence[Duel]) -> str:
    names = [each.peer for each in lost if each.peer is not None]
    ordered = sorted(set(names), key=names.count, reverse=True)
    return ", ".join(f"{name} ({names.count(name)})" for name in ordered)


def format_cost(cost: Cost) -> str:
    """What a block costs."""
    before, after = cost.state_bytes
    return (
        f"Judging a block takes {cost.microseconds:g} µs, {cost.to_json:g} times"
        f" `json.dumps` of it and {cost.to_hash:g} times SHA-256 of 1 KiB. After"
        f" {_count(cost.blocks)} blocks with one state the process is {cost.growth} KiB"
        f" larger than after the first thousand, and the state has {after} bytes"
        f" instead of {before}."
    )


def format_checks(checks: Sequence[Check]) -> str:
    """One line each."""
    marks = {True: "yes", False: "**no**", None: ""}
    rows = [[check.name, marks[check.passed], check.detail] for check in checks]
    return format_table(["check", "holds", ""], rows)
