"""How long a pipeline file wants its log kept: a time, or a law by name."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from sluicegate.model.retention import (
    DEFAULT_RETENTION_DAYS,
    MIN_RETENTION_DAYS,
    PRESETS,
)
from sluicegate.stages.stage import DURATION_PATTERN, parse_duration

_CEILING = timedelta(days=36_500)  # any date it leads to can be written
_WORDS = "|".join(PRESETS)


def _read(value: Any) -> timedelta:  # noqa: ANN401 - pydantic hands over anything
    if isinstance(value, str) and value in PRESETS:
        return timedelta(days=PRESETS[value])
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or one of {', '.join(PRESETS)}") from error


def _check(value: timedelta) -> timedelta:
    if value < timedelta(days=MIN_RETENTION_DAYS):
        raise ValueError(f"must be at least {MIN_RETENTION_DAYS}d")
    if value > _CEILING:
        raise ValueError(f"must be at most {_CEILING.days}d")
    return value


Retention = Annotated[
    timedelta,
    BeforeValidator(
        _read,
        json_schema_input_type=Annotated[
            str, Field(pattern=f"{DURATION_PATTERN}|^({_WORDS})$")
        ],
    ),
    AfterValidator(_check),
]
"""A time of at least 180 days, or one of `PRESETS`."""

DESCRIPTION = (
    "How long entries are kept: a number of days, at least 180d, or a preset:"
    f" {', '.join(f'{name} ({days}d)' for name, days in PRESETS.items())}."
    f" Default {DEFAULT_RETENTION_DAYS}d. Once a log has begun it can be lengthened"
    " only."
)
