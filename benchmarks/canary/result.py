"""What became of the releases of a cell, and how it is kept from run to run."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from statistics import fmean, median

from canary.contestant import SCRAPE, SCRAPES, Contestant, Verdict
from canary.field import enter
from canary.world import Cell, Releases, simulate


@dataclass(frozen=True)
class Result:
    """How one contestant did in one cell.

    Attributes:
        releases: how many it judged.
        aborts: how many of them it aborted; likewise *promotes*. The rest it held.
        delay: minutes until half of the releases were aborted; infinite if fewer were.
        spent: canary requests until the verdict or the end of the hour, in the mean.
        excess: failed requests within the hour that the canary caused, in the mean; at
            all of the traffic once it was promoted.
    """

    releases: int
    aborts: int
    promotes: int
    delay: float
    spent: float
    excess: float

    @property
    def abort_rate(self) -> float:
        return self.aborts / self.releases

    @property
    def promote_rate(self) -> float:
        return self.promotes / self.releases

    @property
    def hold_rate(self) -> float:
        return 1 - self.abort_rate - self.promote_rate


Results = dict[str, dict[str, Result]]
"""By key of the cell and name of the contestant."""


def run_cell(cell: Cell, *, scale: float) -> dict[str, Result]:
    """Let everyone who entered judge the same releases."""
    entries = enter(cell, scale=scale)
    releases = simulate(cell, max(entry.releases for entry in entries))
    return {
        entry.contestant.name: _judge(entry.contestant, releases, entry.releases)
        for entry in entries
    }


def _judge(contestant: Contestant, releases: Releases, count: int) -> Result:
    spent = [0.0, *releases.canary_requests.cumsum().tolist()]
    before = [0.0, *releases.excess.cumsum().tolist()]
    promoted = [0.0, *releases.excess_if_promoted.cumsum().tolist()]
    aborts, promotes, minutes, requests, failures = 0, 0, [], [], []
    for view in releases.views[:count]:
        outcome = contestant.decide(view)
        end = min(SCRAPES, round(outcome.minute * 60 / SCRAPE))
        aborts += outcome.verdict is Verdict.ABORT
        promotes += outcome.verdict is Verdict.PROMOTE
        minutes.append(outcome.minute if outcome.verdict is Verdict.ABORT else inf)
        requests.append(spent[end])
        later = outcome.verdict is Verdict.PROMOTE
        failures.append(before[end] + later * (promoted[-1] - promoted[end]))
    return Result(
        releases=count,
        aborts=aborts,
        promotes=promotes,
        delay=median(minutes),
        spent=round(fmean(requests), 1),
        excess=round(fmean(failures), 2),
    )


def append(path: Path, key: str, results: dict[str, Result]) -> None:
    """Write the results of one cell, whole: a run that is cut short goes on there."""
    line = {"cell": key, "results": {k: asdict(v) for k, v in results.items()}}
    # What a run that was killed left of its last line must not spoil this one.
    torn = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write("\n" * torn + json.dumps(line) + "\n")


def read(path: Path) -> Results:
    """What was written so far; the last line may be half a one."""
    return dict(_lines(path)) if path.exists() else {}


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Result]]]:
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        yield entry["cell"], {k: Result(**v) for k, v in entry["results"].items()}
