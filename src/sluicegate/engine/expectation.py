"""How long a run would take, going by how long its stages took before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.engine.forecast import Action, Forecast
from sluicegate.engine.machine import RunStage
from sluicegate.engine.schedule import choose
from sluicegate.model.resources import gpu_ms
from sluicegate.stages.pipeline import Pipeline

_WORK = (Action.RUN, Action.RECONCILE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """``wall_ms`` is the time on the clock, in milliseconds, ``gpu_ms`` that of GPUs.

    ``unknown`` are the stages that would run and of which nobody knows how long they
    take: they count as nothing.
    """

    wall_ms: int
    gpu_ms: int
    unknown: tuple[str, ...] = ()


def expect(forecasts: Sequence[Forecast], pipeline: Pipeline, jobs: int) -> Expectation:
    """Play the run through, with every gate open and *jobs* stages at once."""
    lengths = {each.name: _length(each) for each in forecasts}
    waiting = list(lengths)
    ends: dict[str, int] = {}
    now = 0
    while waiting or ends:
        ready = [
            RunStage(name, 1)
            for name in waiting
            if not {*waiting, *ends}.intersection(pipeline.stage(name).needs)
        ]
        chosen = choose(ready, ends.keys(), pipeline, jobs)
        for effect in chosen:
            waiting.remove(effect.stage)
            ends[effect.stage] = now + (lengths[effect.stage] or 0)
        if not ends:
            break  # a stage that fits into no pool
        if not chosen:
            first = min(ends, key=lambda name: ends[name])
            now = ends.pop(first)
    gpus = {each.name: each.gpu for each in forecasts}
    return Expectation(
        now,
        sum(gpu_ms(gpus[name], length or 0) for name, length in lengths.items()),
        tuple(name for name, length in lengths.items() if length is None),
    )


def _length(forecast: Forecast) -> int | None:
    """Milliseconds; None if that is not known."""
    return forecast.usual_ms if forecast.action in _WORK else 0
