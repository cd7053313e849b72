"""Which of the stages that may start do start now. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable

from sluicegate.engine.machine import RunStage
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.stage import CommandStage


def choose(
    ready: Iterable[RunStage],
    running: Collection[str],
    pipeline: Pipeline,
    jobs: int,
) -> tuple[RunStage, ...]:
    """Take of *ready*, in its order, what fits beside what is *running*.

    At most *jobs* stages run programs at once; a stage that drives an environment or a
    registry mostly waits, and is not counted. A stage that takes slots of a pool waits
    until all of them are free; one behind it that fits goes first.
    """
    taken: Counter[str] = Counter()
    busy = 0
    for name in running:
        named = pipeline.stage(name)
        taken.update(named.stage.pools)
        busy += _is_busy(named)
    chosen = []
    for effect in ready:
        named = pipeline.stage(effect.stage)
        wanted = named.stage.pools
        is_free = all(
            taken[pool] + slots <= pipeline.pools.get(pool, 0)
            for pool, slots in wanted.items()
        )
        if is_free and busy + _is_busy(named) <= max(jobs, 1):
            taken.update(wanted)
            busy += _is_busy(named)
            chosen.append(effect)
    return tuple(chosen)


def _is_busy(named: NamedStage) -> bool:
    return isinstance(named.stage, CommandStage)
