"""All cells of the matrix, run by several processes, and taken up where a run ended."""

import random
import time
from collections.abc import Iterable
from functools import partial
from math import inf
from multiprocessing import Pool
from pathlib import Path

from canary.result import Result, Results, append, read, run_cell
from canary.world import BASE_RATES, RATIOS, SEED, TRAFFIC, Cell, Scenario, Weight

# Where the ratio of a canary as good as stable would be one cell twice.
_NEEDS_REGRESSION = {Scenario.LATE}
# Where nobody sees what the canary does.
_NEEDS_NO_RATIO = {Scenario.NO_TRAFFIC}
# Cells at the margin tell of false promotions; in these they would not.
_NO_MARGIN = {Scenario.NO_TRAFFIC, Scenario.LATE, Scenario.WARM_UP}


def all_cells() -> list[Cell]:
    """The whole matrix, in an order that a run cut short leaves balanced."""
    cells = [
        Cell(traffic, weight, rate, ratio, scenario)
        for traffic in TRAFFIC
        for weight in Weight
        for rate in BASE_RATES
        for scenario in Scenario
        for ratio in (*RATIOS, None)
        if _is_wanted(scenario, ratio)
    ]
    random.Random(SEED).shuffle(cells)  # noqa: S311 - an order, no secret
    return cells


def _is_wanted(scenario: Scenario, ratio: float | None) -> bool:
    if ratio is None:
        return scenario not in _NO_MARGIN
    if ratio == 1:
        return scenario not in _NEEDS_REGRESSION
    return scenario not in _NEEDS_NO_RATIO


def sample(count: int, seed: int) -> list[Cell]:
    """Cells at random, each with the one it is compared with."""
    chosen = random.Random(seed).sample(all_cells(), count)  # noqa: S311 - no secret
    pairs = [(cell, cell.like_stable) for cell in chosen]
    cells = {each.key: each for pair in pairs for each in pair}
    return [each for each in cells.values() if _is_wanted(each.scenario, each.ratio)]


def run(
    cells: Iterable[Cell],
    *,
    scale: float,
    processes: int,
    out: Path | None,
    minutes: float = inf,
) -> Results:
    """Run every cell that *out* does not have yet, and return all of them.

    After *minutes* no more results are waited for.
    """
    wanted = {cell.key: cell for cell in cells}
    done = {} if out is None else read(out)
    left = [cell for key, cell in wanted.items() if key not in done]
    print(f"{len(left)} of {len(wanted)} cells to run", flush=True)
    task = partial(_run, scale=scale)
    if processes == 1:
        finished = map(task, left)
        return _collect(finished, wanted, done, out, minutes)
    with Pool(processes) as pool:  # which ends them when it is left
        return _collect(pool.imap_unordered(task, left), wanted, done, out, minutes)


def _collect(
    finished: Iterable[tuple[str, dict[str, Result]]],
    wanted: dict[str, Cell],
    done: Results,
    out: Path | None,
    minutes: float,
) -> Results:
    begin = time.monotonic()
    results = {key: result for key, result in done.items() if key in wanted}
    for number, (key, result) in enumerate(finished, start=1):
        results[key] = result
        if out is not None:
            append(out, key, result)
        if number % 250 == 0:
            print(f"{number} cells", flush=True)
        if time.monotonic() - begin > 60 * minutes:
            break
    return results


def _run(cell: Cell, *, scale: float) -> tuple[str, dict[str, Result]]:
    return cell.key, run_cell(cell, scale=scale)
