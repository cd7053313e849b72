"""What the figures must show, each as a line that says whether they do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from canary.binomial import reject, upper_tail
from canary.contestant import SCRAPE, SCRAPES, Verdict
from canary.field import (
    CONTESTANTS,
    HARMLESS,
    NOISELESS,
    OURS_IID,
    PEERS,
    WITHIN_SIGMA,
)
from canary.limit import least_minutes
from canary.ours import Sluicegate
from canary.races import Time
from canary.result import Result, Results
from canary.world import Cell, Scenario, simulate
from sluicegate.canary.judge import JudgeSettings

LEVEL = 0.001
"""Of the test over all cells together: a right judge fails it once in a thousand."""

_DOUBT = 0.05
_DARK_RELEASES = 2
_DARK = (600.0, 3600.0)  # seconds
_DARK_FROM = 600 // SCRAPE

ALPHA, BETA = JudgeSettings().alpha, JudgeSettings().beta


@dataclass(frozen=True)
class Check:
    """``passed`` None is a figure that is only told."""

    name: str
    passed: bool | None
    detail: str


def check_aborts(cells: Iterable[Cell], results: Results, name: str) -> Check:
    """False aborts of *name* are at most alpha wherever its assumptions hold."""
    harmless = NOISELESS if name == OURS_IID else HARMLESS
    wanted = [cell for cell in cells if cell.ratio == 1 and cell.scenario in harmless]
    counts = {
        cell.key: (result.aborts, result.releases)
        for cell in wanted
        if (result := results.get(cell.key, {}).get(name)) is not None
    }
    return _check_counts(f"{name}: false aborts at most {ALPHA:g}", counts, ALPHA)


def check_promotions(cells: Iterable[Cell], results: Results, name: str) -> Check:
    """False promotions of *name* are at most beta wherever its assumptions hold."""
    within = WITHIN_SIGMA - ({Scenario.NOISE_14} if name == OURS_IID else set())
    counts = {
        cell.key: (result.promotes, result.releases)
        for cell in cells
        if cell.ratio is None
        and cell.scenario in within
        and (result := results.get(cell.key, {}).get(name)) is not None
    }
    return _check_counts(f"{name}: false promotions at most {BETA:g}", counts, BETA)


def _check_counts(
    name: str, counts: Mapping[str, tuple[int, int]], chance: float
) -> Check:
    tails = {key: upper_tail(*count, chance) for key, count in counts.items()}
    rejected = reject(tails, LEVEL)
    happened = sum(count for count, _ in counts.values())
    releases = sum(trials for _, trials in counts.values())
    worst = max(counts, key=lambda key: counts[key][0] / counts[key][1], default=None)
    detail = f"{happened} of {releases} in {len(counts)} cells"
    if worst is not None:
        detail += f"; most in {worst}: {counts[worst][0]} of {counts[worst][1]}"
    if rejected:
        shown = "; ".join(f"{key}: {counts[key]}" for key in rejected[:8])
        detail += f". Rejected in {len(rejected)}: {shown}"
    return Check(name, not rejected, detail)


def check_no_verdicts(cells: Iterable[Cell], results: Results) -> Check:
    """Without canary traffic nothing is aborted and nothing promoted."""
    found = [
        result
        for cell in cells
        if cell.scenario is Scenario.NO_TRAFFIC
        for name, result in results.get(cell.key, {}).items()
        if name not in PEERS
    ]
    releases = sum(each.releases for each in found)
    verdicts = sum(each.aborts + each.promotes for each in found)
    detail = f"{verdicts} of {releases} in {len(found)} cells"
    return Check("no verdict without canary traffic", verdicts == 0, detail)


def check_outages(cells: Iterable[Cell]) -> Check:
    """A metrics outage that does not end brings no verdict, whatever came before.

    The same releases are judged with all scrapes from minute 10 on missing: whoever had
    no verdict by then must still have none after the hour.
    """
    releases, wrong = 0, 0
    for cell in cells:
        if cell.scenario is not Scenario.CLEAN:
            continue
        for view in simulate(cell, _DARK_RELEASES).views:
            dark = replace(
                view, missing=frozenset(range(_DARK_FROM, SCRAPES + 1)), down=_DARK
            )
            for contestant in CONTESTANTS:
                if contestant.name not in PEERS:
                    outcome = contestant.decide(dark)
                    releases += 1
                    late = outcome.minute * 60 >= _DARK[0]
                    wrong += late and outcome.verdict is not Verdict.HOLD
    detail = f"{wrong} of {releases}"
    return Check("no verdict in a metrics outage without end", wrong == 0, detail)


def check_races(times: Iterable[Time]) -> list[Check]:
    """The i.i.d. form is near enough to the limit for any test."""
    return [
        Check(
            f"{time.race.name}: at most {time.allowed} times the limit",
            time.ratio <= time.allowed,
            f"{time.ratio:.2f}",
        )
        for time in times
    ]


REASONS = (
    "faster than any test",
    "begins late",
    "noise beyond sigma",
    "the margin allows it",
    "other",
)


@dataclass(frozen=True)
class Duel:
    """Of a cell with a regression: the fastest peer that may be trusted there.

    ``peer`` is None where no such peer finds the regression in half of the releases.
    ``delay`` and ``peer_delay`` are in minutes, and so is ``limit``, the least of any
    test with our error rates.
    """

    cell: Cell
    delay: float
    peer: str | None
    peer_delay: float
    limit: float

    @property
    def is_won(self) -> bool:
        return self.delay <= self.peer_delay

    @property
    def is_lucky(self) -> bool:
        """Whether the peer was faster than any test with our error rates can be.

        It knew better where to look: its threshold happens to lie between the arms.
        """
        return not self.is_won and self.peer_delay < self.limit

    @property
    def reason(self) -> str:
        """Why the peer was faster, as far as the cell tells."""
        if self.cell.scenario is Scenario.LATE:
            return "begins late"
        if self.cell.scenario in {Scenario.NOISE_32, Scenario.NOISE_71}:
            return "noise beyond sigma"
        if self.is_lucky:
            return "faster than any test"
        if not self.is_unacceptable and self.delay == inf:
            return "the margin allows it"
        return "other"

    @property
    def is_unacceptable(self) -> bool:
        """Whether the margin forbids this regression; a smaller one may be promoted."""
        return self.cell.canary_rate >= 2 * self.cell.rate + 0.001


def keeps_alpha(good: Result) -> bool:
    """Whether *good* canaries may well be aborted at most alpha often.

    Rejected at 5 %: the doubt that few releases leave is in favour of the judge.
    """
    return upper_tail(good.aborts, good.releases, ALPHA) >= _DOUBT


def duel(cells: Iterable[Cell], results: Results, name: str) -> list[Duel]:
    """Every cell with a regression in which *name* takes part.

    A peer may be trusted where `keeps_alpha` holds in the cell with a canary that is as
    good as stable. A cell that nobody finds is no duel.
    """
    duels = []
    for cell in cells:
        mine = results.get(cell.key, {}).get(name)
        null = results.get(_null(cell).key)
        if cell.ratio in {None, 1} or mine is None or null is None:
            continue
        rivals: list[tuple[float, str]] = [
            (result.delay, peer)
            for peer, result in results[cell.key].items()
            if peer in PEERS and keeps_alpha(null[peer])
        ]
        delay, peer = min(rivals, default=(inf, ""))
        if delay < inf or mine.delay < inf:
            found = peer if delay < inf else None
            duels.append(Duel(cell, mine.delay, found, delay, _limit(cell, name)))
    return duels


def _limit(cell: Cell, name: str) -> float:
    judge = next(each for each in CONTESTANTS if each.name == name)
    assert isinstance(judge, Sluicegate)
    return least_minutes(
        cell, block=judge.block, sigma=judge.settings.sigma, alpha=ALPHA, beta=BETA
    )


def _null(cell: Cell) -> Cell:
    """A good canary in the same world; one that turns bad late is good until then."""
    if cell.scenario is Scenario.LATE:
        return Cell(cell.traffic, cell.weight, cell.rate, 1.0, Scenario.CLEAN)
    return cell.like_stable
