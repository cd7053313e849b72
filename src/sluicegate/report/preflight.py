"""What to expect of a rollout, for a person and for a program. Pure."""

import json
from math import ceil, inf, isfinite

from sluicegate.canary import preflight
from sluicegate.canary.outlook import RUNS, Forecast, Outlook, Reach
from sluicegate.canary.writing import format_digits, format_seconds
from sluicegate.report.escape import escape

_LARGER_STEP = 50  # percent: where a copy of stable is told from others soonest
_WORTHWHILE = 0.9  # of the time that it takes now
_WHOLE_MINUTES = 600  # seconds from which limits are written in whole minutes


def forecast_document(found: Forecast) -> str:
    """The JSON document; null for what never comes."""
    schedule, traffic, settings = found.schedule, found.traffic, found.settings
    return json.dumps(
        {
            "verdict": found.reach.value,
            "stage": found.stage,
            "requests_per_second": traffic.requests_per_second,
            "error_rate": traffic.error_rate,
            "steps": schedule.steps,
            "block_seconds": schedule.block_seconds,
            "step_blocks": schedule.step_blocks,
            "min_seconds": settings.min_seconds,
            "deadline_seconds": schedule.deadline_seconds,
            "sigma": settings.sigma,
            "least_regression": found.least_regression,
            "outlooks": [_outlook_document(each) for each in found.outlooks],
            "warnings": [_warn(found, each) for each in _doubtful(found)],
            "hints": _hints(found),
        },
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )


def _outlook_document(found: Outlook) -> dict[str, object]:
    return {
        "times": found.times,
        "limit_seconds": round(found.limit_seconds, 1),
        "half_seconds": _finite(found.half_seconds),
        "most_seconds": _finite(found.most_seconds),
        "promoted": found.promoted,
        "aborted": found.aborted,
        "reach": found.reach.value,
    }


def _finite(seconds: float) -> float | None:
    return seconds if isfinite(seconds) else None


def forecast_text(found: Forecast) -> str:
    """What to expect as a table, then what is in doubt, and what would help."""
    head = ("the canary", "any method", "half within", "nine in ten", "by the deadline")
    table = _align([head, *map(_row, found.outlooks)])
    doubts = [_warn(found, each) for each in _doubtful(found)]
    parts = [
        _describe(found),
        "\n".join(table),
        _explain(found),
        _describe_noise(found),
        "\n".join(doubts),
        "\n".join(f"  {hint}" for hint in _hints(found)),
    ]
    return "\n\n".join(part for part in parts if part)


def _explain(found: Forecast) -> str:
    good = f"{100 * (1 - found.settings.alpha):g} of 100 good canaries"
    worse = f"{100 * (1 - found.settings.beta):g} of 100 worse ones"
    return (
        f"Any method takes at least so long to promote {good}, or to abort\n"
        f"{worse}. The rest is from {RUNS} rehearsals of each, judged by failed\n"
        "requests alone; real traffic is noisier."
    )


def _align(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _describe(found: Forecast) -> str:
    schedule, traffic = found.schedule, found.traffic
    stage = "" if found.stage is None else f"{escape(found.stage)}: "
    steps = ", ".join(map(str, schedule.steps))
    return (
        f"{stage}{format_digits(traffic.requests_per_second)} requests/s,"
        f" {_percent(traffic.error_rate)} of them fail; {steps} % on the canary,"
        f" blocks of {format_seconds(schedule.block_seconds)},"
        f" {format_seconds(schedule.deadline_seconds)} in all"
    )


def _row(each: Outlook) -> tuple[str, ...]:
    return (
        _canary(each),
        _at_least(each.limit_seconds),
        _within(each.half_seconds),
        _within(each.most_seconds),
        _shares(each),
    )


def _canary(each: Outlook) -> str:
    if each.times == 1:
        return "is as good as stable"
    return f"fails {each.times:g} times as often"


def _within(seconds: float) -> str:
    return "-" if seconds == inf else format_seconds(seconds)


def _at_least(seconds: float) -> str:
    if seconds >= _WHOLE_MINUTES:
        return format_seconds(60 * ceil(seconds / 60))
    return format_seconds(ceil(seconds))


def _shares(each: Outlook) -> str:
    parts = ((each.promoted, "promoted"), (each.aborted, "aborted"))
    said = [f"{100 * share:.0f} % {name}" for share, name in parts if share > 0]
    return ", ".join(said) or "undecided"


def _percent(share: float) -> str:
    return f"{format_digits(100 * share)} %"


def _doubtful(found: Forecast) -> list[Outlook]:
    return [each for each in found.outlooks if each.reach is not Reach.LIKELY]


def _warn(found: Forecast, each: Outlook) -> str:
    deadline = format_seconds(found.schedule.deadline_seconds)
    if each.reach is Reach.UNLIKELY:
        end = "promoted" if each.times == 1 else "aborted"
        half = "never" if each.half_seconds == inf else _within(each.half_seconds)
        return (
            f"A canary that {_canary(each)} is not likely to be {end} within"
            f" {deadline}: half of them take {half} or longer."
        )
    if each.times == 1:
        least = found.schedule.ascent_seconds, found.settings.min_seconds
        if max(least) > found.schedule.deadline_seconds:
            return (
                f"Nothing is promoted within {deadline}: the steps and min_duration"
                f" alone take {_at_least(max(least))}."
            )
    return f"{_where(found)} {_impossible(found, each, deadline)}"


def _where(found: Forecast) -> str:
    traffic, steps = found.traffic, "/".join(map(str, found.schedule.steps))
    return (
        f"{format_digits(traffic.requests_per_second)} requests/s x {steps} %: at"
        f" {_percent(traffic.error_rate)} errors"
    )


def _impossible(found: Forecast, each: Outlook, deadline: str) -> str:
    settings, least = found.settings, _at_least(each.limit_seconds)
    if each.times == 1:
        return (
            f"no method can promote a good canary in {deadline}: it takes at least"
            f" {least} to promote {100 * (1 - settings.alpha):g} of 100 good ones and"
            f" at most {100 * settings.beta:g} of 100 unacceptable ones."
        )
    return (
        f"no method can tell a canary that fails {each.times:g} times as often in"
        f" {deadline}: it takes at least {least} to find"
        f" {100 * (1 - settings.beta):g} of 100 such and abort at most"
        f" {100 * settings.alpha:g} of 100 good ones."
    )


def _describe_noise(found: Forecast) -> str:
    noise = found.noise
    if noise is None:
        return ""
    if noise.upper is None:
        return (
            f"The history says too little of the noise ({noise.blocks} blocks with"
            f" failures): sigma stays {found.settings.sigma or 'null'}."
        )
    return (
        f"Noise between two alike: sigma {noise.sigma:.2f}, at most {noise.upper:.2f}"
        f" by {noise.blocks} blocks, which is used here; set judge: {{sigma:"
        f" {noise.upper:.2f}}}."
    )


def _hints(found: Forecast) -> list[str]:
    """What would help where the deadline is too short."""
    doubtful = _doubtful(found)
    if not doubtful:
        return []
    needed = [each.most_seconds for each in doubtful if isfinite(each.most_seconds)]
    longest = max([each.limit_seconds for each in doubtful] + needed)
    more = "or more"
    if len(needed) < len(doubtful):  # its rehearsals did not come to an end
        more = "at the very least: nine in ten took longer than was tried"
    hints = [f"a longer deadline: {_at_least(longest)} {more}"]
    larger = _with_larger_steps(found)
    limit = max(each.limit_seconds for each in doubtful)
    if larger is not None and larger < _WORTHWHILE * limit:
        hints.append(
            f"a larger share: steps: [{_LARGER_STEP}] takes any method at least"
            f" {_at_least(larger)}"
        )
    if doubtful[0].times == 1:
        hints.append("a wider margin (ratio, slack): fewer requests promote by it")
    least = found.least_regression
    if doubtful[-1].times > 1 and least is not None:
        hints.append(
            f"less to ask for: a regression of {format_digits(least)} times can be told"
            " in time (--times)"
        )
    return hints


def _with_larger_steps(found: Forecast) -> float | None:
    """The limit if all doubtful verdicts came from an even split from the start."""
    schedule, traffic, settings = found.schedule, found.traffic, found.settings
    if schedule.steps[0] >= _LARGER_STEP:
        return None
    even = preflight.Schedule(
        (_LARGER_STEP,),
        schedule.block_seconds,
        schedule.step_blocks,
        schedule.deadline_seconds,
    )
    return max(
        preflight.earliest_promotion(even, traffic, settings)
        if each.times == 1
        else preflight.earliest_abort(even, traffic, settings, times=each.times)
        for each in _doubtful(found)
    )
