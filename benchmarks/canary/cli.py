"""The command line of the benchmark."""

import argparse
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from math import inf
from pathlib import Path

from measure import describe_commit, describe_place, publish

from canary import matrix
from canary.checks import (
    Check,
    check_aborts,
    check_no_verdicts,
    check_outages,
    check_promotions,
    check_races,
    duel,
)
from canary.cost import Cost, measure_cost
from canary.decided import (
    RATES,
    RATIOS,
    Outcome,
    decide,
    format_outcomes,
    replace_block,
)
from canary.field import OURS, OURS_IID, OURS_RESTARTS, OURS_WAITING
from canary.plot import plot_delays, plot_errors
from canary.races import RACES, Time, run_races
from canary.report import (
    format_checks,
    format_cost,
    format_duels,
    format_matrix,
    format_races,
)
from canary.result import Results
from canary.steady import SEED
from canary.world import SEED as WORLD_SEED
from canary.world import Cell
from sluicegate.canary.judge import JudgeSettings

_QUICK_CELLS = 12
_FORMS = (OURS, OURS_IID, OURS_WAITING, OURS_RESTARTS)
_ALPHA, _BETA = JudgeSettings().alpha, JudgeSettings().beta


def main() -> None:
    arguments = _parse()
    place = describe_place("src/sluicegate/canary")
    outcomes, decided = [], ""
    if not arguments.quick:
        outcomes = [
            decide(rate, ratio, releases=arguments.releases)
            for rate in RATES
            for ratio in RATIOS
        ]
        decided = format_outcomes(outcomes)
    raced = 20 if arguments.quick else arguments.releases // 2
    times = run_races(
        RACES[2:3] if arguments.quick else RACES,
        releases=raced,
        processes=arguments.processes,
    )
    cells, results = _run_matrix(arguments)
    cost = measure_cost(20_000 if arguments.quick else arguments.blocks)
    checks = _check(cells, results, times, cost, quick=arguments.quick)
    grouped = f"{arguments.releases:,}".replace(",", " ")
    origin = f"From {grouped} simulated releases each, seed {SEED}."
    parts = [
        decided,
        origin if decided else "",
        format_races(times, releases=raced),
        format_matrix(cells, results),
        format_duels({name: duel(cells, results, name) for name in _FORMS}),
        format_cost(cost),
        format_checks(checks),
        _describe_matrix(cells, results),
        describe_commit(place),
    ]
    text = "\n\n".join(part for part in parts if part)
    publish(
        arguments.out,
        _document(
            place, arguments.releases, outcomes, times, cells, results, cost, checks
        ),
        text,
    )
    if arguments.out is not None:
        _draw(arguments.out, cells, results)
    if arguments.docs is not None:
        replace_block(arguments.docs, f"{decided}\n\n{origin}")
    if arguments.check and not all(check.passed is not False for check in checks):
        raise SystemExit(1)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="How the canary judge does, beside its peers and the limits."
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--quick", action="store_true", help="a sample of the cells, under a minute"
    )
    extent.add_argument(
        "--full", action="store_true", help="the whole matrix (what is done by default)"
    )
    parser.add_argument("--seed", type=int, help="of --quick's sample")
    parser.add_argument("--scale", type=float, default=1.0, help="of releases per cell")
    parser.add_argument("--releases", type=int, default=1000, help="beside the matrix")
    parser.add_argument(
        "--blocks", type=int, default=1_000_000, help="to judge in one go"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="end with 1 if one fails")
    parser.add_argument(
        "--work", type=Path, help="file of finished cells, to go on from"
    )
    parser.add_argument(
        "--minutes", type=float, default=inf, help="after which no cell is waited for"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--docs", type=Path)
    return parser.parse_args()


def _run_matrix(arguments: argparse.Namespace) -> tuple[Sequence[Cell], Results]:
    cells, scale = matrix.all_cells(), arguments.scale
    if arguments.quick:
        seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
        print(f"seed {seed} of the sample")
        cells, scale = matrix.sample(_QUICK_CELLS, seed), 0.25 * scale
    results = matrix.run(
        cells,
        scale=scale,
        processes=arguments.processes,
        out=arguments.work,
        minutes=arguments.minutes,
    )
    return cells, results


def _check(
    cells: Sequence[Cell],
    results: Results,
    times: Sequence[Time],
    cost: Cost,
    *,
    quick: bool,
) -> list[Check]:
    checks = []
    for name in _FORMS:
        checks += [
            check_aborts(cells, results, name),
            check_promotions(cells, results, name),
        ]
    checks += [check_no_verdicts(cells, results), check_outages(cells)]
    if not quick:  # a few releases say too little of a mean
        checks += check_races(times)
    memory = f"{cost.growth} KiB over {cost.blocks} blocks"
    return [*checks, Check("constant memory", cost.is_constant, memory)]


def _describe_matrix(cells: Sequence[Cell], results: Results) -> str:
    releases = sum(
        result.releases for found in results.values() for result in found.values()
    )
    grouped = f"{releases:,}".replace(",", " ")
    return (
        f"{len(results)} of {len(cells)} cells, {grouped} verdicts, seed {WORLD_SEED}."
    )


def _document(
    place: dict[str, object],
    releases: int,
    outcomes: Sequence[Outcome],
    times: Sequence[Time],
    cells: Sequence[Cell],
    results: Results,
    cost: Cost,
    checks: Sequence[Check],
) -> dict[str, object]:
    return {
        "benchmark": "canary",
        "place": place,
        "releases": releases,
        "seed": SEED,
        "decided": [
            {
                "stable_rate": each.rate,
                "ratio": each.ratio,
                "verdicts": {verdict.value: n for verdict, n in each.tally.items()},
                "median": each.median,
                "ninth_decile": each.ninth_decile,
            }
            for each in outcomes
        ],
        "raced": [
            {
                "name": time.race.name,
                "limit": time.race.limit,
                "mean": time.singly,
                "mean_batched": time.batched,
            }
            for time in times
        ],
        "cost": asdict(cost),
        "checks": [asdict(check) for check in checks],
        "counted": ["releases", "aborts", "promotes"],
        "matrix": _count(cells, results),
    }


def _count(
    cells: Sequence[Cell], results: Results
) -> dict[str, dict[str, dict[str, str]]]:
    """Verdicts by contestant, scenario and ratio, over all other things together.

    A string of the three counts, which keeps the file readable.
    """
    counts: dict[str, dict[str, dict[str, list[int]]]] = {}
    for cell in cells:
        ratio = "margin" if cell.ratio is None else f"{cell.ratio:g}"
        for name, result in results.get(cell.key, {}).items():
            by_ratio = counts.setdefault(name, {}).setdefault(cell.scenario.value, {})
            sums = by_ratio.setdefault(ratio, [0, 0, 0])
            for index, number in enumerate(
                (result.releases, result.aborts, result.promotes)
            ):
                sums[index] += number
    return {
        name: {
            scenario: {
                ratio: " ".join(map(str, sums))
                for ratio, sums in sorted(ratios.items())
            }
            for scenario, ratios in scenarios.items()
        }
        for name, scenarios in counts.items()
    }


def _draw(out: Path, cells: Sequence[Cell], results: Results) -> None:
    errors = plot_errors(cells, results, alpha=_ALPHA, beta=_BETA)
    out.with_name(f"{out.stem}_errors.svg").write_text(errors)
    out.with_name(f"{out.stem}_delays.svg").write_text(plot_delays(results))
