"""Who takes part, and how many releases each of them judges in a cell."""

from dataclasses import dataclass

from canary.argo import Argo, Limits
from canary.contestant import Arm, Contestant
from canary.flagger import Flagger
from canary.kayenta import Kayenta
from canary.ours import Sluicegate
from canary.world import Cell, Scenario
from sluicegate.canary.judge import JudgeSettings

OURS = "sluicegate"
OURS_IID = "sluicegate, i.i.d."
OURS_WAITING = "sluicegate, 30 min"
OURS_RESTARTS = "sluicegate, 30 min, restarts"

_WAIT = 1800.0  # seconds before a promotion

CONTESTANTS: tuple[Contestant, ...] = (
    Sluicegate(OURS, JudgeSettings()),
    Sluicegate(OURS_IID, JudgeSettings(sigma=None), block=15),
    # What is promoted after three minutes cannot be seen to turn bad in the twentieth,
    # so whoever looks for that has to wait, as the peers do.
    Sluicegate(OURS_WAITING, JudgeSettings(min_seconds=_WAIT)),
    Sluicegate(OURS_RESTARTS, JudgeSettings(min_seconds=_WAIT, restarts=True)),
    # Each peer as its documentation has it, with a success rate of 99 % where the user
    # has to name one, which is Flagger's; 25 minutes are its 25 steps of weight.
    Argo("argo", 0.99, Limits(failure=0, count=25)),
    Argo("argo, failureLimit 3", 0.99, Limits(failure=3, count=25)),
    Argo("argo, 95 %", 0.95, Limits(failure=3, count=5), interval=300),
    Flagger("flagger", threshold=10, checks=25),
    Flagger("flagger, A/B", threshold=2, checks=10),
    Kayenta("kayenta", Arm.BASELINE, interval=10),
    Kayenta("kayenta, production", Arm.STABLE, interval=60),
)

PEERS = tuple(each.name for each in CONTESTANTS if not isinstance(each, Sluicegate))

_CHECKED = 300  # releases in a cell that a promise is tested in, before scaling
_OTHERS = 40

# A share of the cell's releases: what takes long to judge judges fewer.
_SHARES = {
    OURS_IID: 0.4,
    OURS_WAITING: 0.4,
    OURS_RESTARTS: 0.4,
    "kayenta": 0.15,
    "kayenta, production": 0.15,
}
_LEAST = 16

_IID_SCENARIOS = {
    Scenario.CLEAN,
    Scenario.COMMON_OUTAGE,
    Scenario.NOISE_32,
    Scenario.LATE,
    Scenario.MISSING,
    Scenario.OUTAGE_5,
}
_WAITING_SCENARIOS = {Scenario.CLEAN, Scenario.LATE}

WITHIN_SIGMA = {
    Scenario.CLEAN,
    Scenario.NOISE_14,
    Scenario.RESET,
    Scenario.MISSING,
    Scenario.NO_TRAFFIC,
    Scenario.OUTAGE_1,
    Scenario.OUTAGE_5,
    Scenario.OUTAGE_20,
}
"""Where a margin cell's canary is unacceptable throughout, with noise up to sigma."""

HARMLESS = WITHIN_SIGMA | {Scenario.COMMON_OUTAGE}
"""Where a canary as good as stable is no worse in any block, with noise up to sigma."""

NOISELESS = HARMLESS - {Scenario.NOISE_14}


@dataclass(frozen=True)
class Entry:
    """A contestant in a cell."""

    contestant: Contestant
    releases: int


def enter(cell: Cell, *, scale: float) -> list[Entry]:
    """Who judges *cell*, and how many of its releases."""
    base = _CHECKED if is_checked(cell) else _OTHERS
    if cell.scenario is Scenario.NO_TRAFFIC:
        base = _OTHERS  # nothing is random about it but stable
    entries = []
    for contestant in CONTESTANTS:
        name = contestant.name
        if name == OURS_IID and cell.scenario not in _IID_SCENARIOS:
            continue
        waits = name in {OURS_WAITING, OURS_RESTARTS}
        if waits and cell.scenario not in _WAITING_SCENARIOS:
            continue
        wanted = round(base * scale * _SHARES.get(name, 1.0))
        entries.append(Entry(contestant, max(_LEAST, wanted)))
    return entries


def is_checked(cell: Cell) -> bool:
    """Whether a promise of the default judge is about this cell."""
    return (cell.ratio == 1 and cell.scenario in HARMLESS) or (
        cell.ratio is None and cell.scenario in WITHIN_SIGMA
    )
