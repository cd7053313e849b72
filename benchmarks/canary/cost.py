"""What a block costs to judge, and that a million of them take no more memory.

Seconds of one machine say little, so they are told beside what else is done for every
block: writing it as JSON, and hashing that.
"""

import hashlib
import json
import pickle
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random

from canary.steady import SEED
from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    JudgeState,
    Observation,
    decide,
    observe,
)
from sluicegate.model.traffic import Block, RequestCounts

_ROUNDS = 15
_BLOCKS = 400  # in a round
_MOST_GROWTH = 4096  # KiB that a process may grow by for other reasons


@dataclass(frozen=True)
class Cost:
    """Of judging one block after another.

    Attributes:
        microseconds: for one block, in the default form, with the verdict.
        to_json: how many times as long as `json.dumps` of the block.
        to_hash: how many times as long as SHA-256 of 1 KiB.
        blocks: judged in one go, with one state.
        state_bytes: of the state, pickled, after the first thousand and after all.
        growth: KiB by which the process's largest size grew in between.
    """

    microseconds: float
    to_json: float
    to_hash: float
    blocks: int
    state_bytes: tuple[int, int]
    growth: int

    @property
    def is_constant(self) -> bool:
        """Whether memory does not depend on the number of blocks.

        Numbers in the state grow by some digits, and so by some bytes.
        """
        before, after = self.state_bytes
        return self.growth <= _MOST_GROWTH and after <= before + 64


def measure_cost(blocks: int) -> Cost:
    """Judge *blocks* blocks, at least 2000."""
    settings, seen = JudgeSettings(), _blocks(_BLOCKS)
    payload = b"x" * 1024
    judged, dumped, hashed = [], [], []
    for _ in range(_ROUNDS):
        judged.append(_time(lambda: _judge(settings, START, seen)))
        dumped.append(_time(lambda: [json.dumps(_plain(each)) for each in seen]))
        hashed.append(_time(lambda: [hashlib.sha256(payload).digest() for _ in seen]))
    state = _judge(settings, START, list(islice(cycle(seen), 1000)))
    early = len(pickle.dumps(state))
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range((blocks - 1000) // _BLOCKS):
        state = _judge(settings, state, seen)
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size
    return Cost(
        microseconds=round(statistics.median(judged) / _BLOCKS * 1e6, 1),
        to_json=_ratio(judged, dumped),
        to_hash=_ratio(judged, hashed),
        blocks=blocks,
        state_bytes=(early, len(pickle.dumps(state))),
        growth=growth,
    )


def _blocks(count: int) -> list[Observation]:
    random = Random(SEED)  # noqa: S311 - not for secrets
    return [
        Observation(
            Block(
                stable=RequestCounts(random.randint(500, 600), random.randint(0, 6)),
                canary=RequestCounts(random.randint(50, 70), random.randint(0, 1)),
            ),
            seconds=60.0,
            percent=10,
        )
        for _ in range(count)
    ]


def _judge(
    settings: JudgeSettings, state: JudgeState, blocks: list[Observation]
) -> JudgeState:
    for block in blocks:
        state = observe(settings, state, block)
        decide(settings, state)
    return state


def _plain(observation: Observation) -> dict[str, int]:
    """A block as an entry of the log has it, roughly."""
    stable, canary = observation.errors.stable, observation.errors.canary
    return {
        "canary_failed": canary.failed,
        "canary_total": canary.total,
        "percent": observation.percent or 0,
        "stable_failed": stable.failed,
        "stable_total": stable.total,
    }


def _time(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _ratio(mine: list[float], others: list[float]) -> float:
    pairs = zip(mine, others, strict=True)
    return round(statistics.median(a / b for a, b in pairs), 1)
