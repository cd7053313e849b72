"""A look ahead at a rollout: traffic, schedule and judge from wherever they are given.

Options go before a history, and before the canary stage of the pipeline file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from sluicegate.canary import preflight
from sluicegate.canary.history import History, read_history
from sluicegate.canary.outlook import Forecast, look_ahead
from sluicegate.canary.preflight import Schedule, Traffic
from sluicegate.canary.sigma import Estimate
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import UsageError
from sluicegate.stages.canary import MAX_PERCENT, CanaryStage
from sluicegate.wiring.judging import read_lines
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

SEED = 1
"""Of the rehearsals, so that the same question has the same answer."""


@dataclass(frozen=True)
class Question:
    """What is asked; None where it was left out.

    ``alike`` says that both releases of the history ran the same thing.
    """

    file: Path | None
    stage: str | None
    requests_per_second: float | None
    error_rate: float | None
    steps: tuple[int, ...]
    deadline: timedelta | None
    history: str | None
    alike: bool
    regressions: tuple[float, ...]


def look(question: Question) -> Forecast:
    """Answer *question*.

    Raises:
        UsageError: something is missing, or cannot be.
    """
    named = _stage(question)
    stage = CanaryStage(uses="canary", environment="-") if named is None else named[1]
    past = None if question.history is None else _read(question.history)
    schedule = _schedule(question, stage)
    traffic = _traffic(question, past)
    settings = preflight.of_errors(stage.judge_settings())
    noise = _noise(question, past, schedule)
    if noise is not None and noise.upper is not None:
        settings = replace(settings, sigma=noise.upper)
    preflight.check_margin(settings, traffic)
    return Forecast(
        schedule=schedule,
        traffic=traffic,
        settings=settings,
        outlooks=tuple(
            look_ahead(settings, schedule, traffic, times=times, draw=_draws(times))
            for times in (1.0, *_regressions(question, traffic))
        ),
        least_regression=preflight.least_regression(schedule, traffic, settings),
        noise=noise,
        stage=None if named is None else named[0],
    )


def _draws(times: float) -> Callable[[], float]:
    """Random numbers that do not depend on what else is asked."""
    return Random(f"{SEED} {times}").random  # noqa: S311 - nothing is kept secret by it


def _stage(question: Question) -> tuple[str, CanaryStage] | None:
    """The canary stage of the pipeline file; None if there is none, nor asked for."""
    file = question.file or Path(PIPELINE_FILE)
    asked = question.file is not None or question.stage is not None
    if not asked and not file.exists():
        return None
    found = {
        each.name: each.stage
        for each in Project(Machine(), file).pipeline.stages
        if isinstance(each.stage, CanaryStage)
    }
    if not asked and not found:
        return None
    return _choose(found, question.stage, str(file))


def _choose(
    found: Mapping[str, CanaryStage], wanted: str | None, file: str
) -> tuple[str, CanaryStage]:
    names = ", ".join(found)
    if wanted is not None and wanted not in found:
        hint = f"these are: {names}" if found else "it has no canary stage"
        raise UsageError(f"{file} has no canary stage {wanted!a}", hint=hint)
    if not found:
        raise UsageError(
            f"{file} has no canary stage",
            hint="without --file, say all with --weight and --deadline",
        )
    if wanted is None and len(found) > 1:
        raise UsageError(
            f"{file} has several canary stages", hint=f"name one: --stage {names}"
        )
    name = wanted or next(iter(found))
    return name, found[name]


def _read(path: str) -> History:
    lines = read_lines(path)
    try:
        return read_history(lines)
    except UsageError as error:
        raise UsageError(f"{path}: {error}", hint=error.hint) from error


def _schedule(question: Question, stage: CanaryStage) -> Schedule:
    steps = question.steps or stage.steps
    if (
        list(steps) != sorted(set(steps))
        or not 0 < steps[0] <= steps[-1] <= MAX_PERCENT
    ):
        raise UsageError(
            f"weights rise, from above 0 to at most {MAX_PERCENT} %, got "
            + ", ".join(map(str, steps))
        )
    deadline = question.deadline or stage.deadline
    return Schedule(
        steps=steps,
        block_seconds=stage.block.total_seconds(),
        step_blocks=stage.step_blocks,
        deadline_seconds=deadline.total_seconds(),
    )


def _traffic(question: Question, past: History | None) -> Traffic:
    speed, rate = question.requests_per_second, question.error_rate
    if past is not None:
        speed = past.requests_per_second if speed is None else speed
        rate = past.error_rate if rate is None else rate
    if speed is None or rate is None:
        missing = "--rps" if speed is None else "--error-rate"
        raise UsageError(
            f"without {missing} nothing can be said",
            hint="give --rps and --error-rate, or --history with numbers to read"
            " both from",
        )
    return Traffic(speed, rate)


def _noise(
    question: Question, past: History | None, schedule: Schedule
) -> Estimate | None:
    if not question.alike:
        return None
    if past is None:
        raise UsageError("--alike is about a history", hint="name it with --history")
    return past.estimate_noise(schedule.block_seconds)


def _regressions(question: Question, traffic: Traffic) -> tuple[float, ...]:
    """The factors asked for; of the default ones those that are possible."""
    possible = [
        times
        for times in question.regressions or preflight.REGRESSIONS
        if times * traffic.error_rate < 1
    ]
    asked = set(question.regressions)
    if asked - set(possible):
        raise UsageError(
            f"{max(asked):g} times {traffic.error_rate:g} is more than all requests"
        )
    if asked and min(asked) <= 1:
        raise UsageError(f"a regression is above 1 times, got {min(asked):g}")
    return tuple(sorted(set(possible)))
