"""What conditions may read besides the evidence of the run. Pure.

- ``stable.<stage>.<field>``: what the stages found for the release that is stable in
  the environment, in the run that put it there;
- ``environment.*``: the environment itself, and what is released there;
- ``time.*``: the time that gates go by, in UTC. Windows and freezes have time zones of
  their own; a condition on time has one meaning wherever it is judged.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from sluicegate.gates.kinds import FieldType
from sluicegate.model.evidence import Value, round_value
from sluicegate.model.state_item import StableRelease

STABLE = "stable."
"""What the names of the stable release's evidence begin with."""

ROOTS = ("stable", "environment", "time")
"""How names of facts begin: no stage is called like that."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FIRST_RELEASE = "environment.first_release"
"""By what a condition says itself what holds while nothing is released."""

_AGE = "environment.release_age_hours"


class Fact(NamedTuple):
    """A name that conditions may read: its type, its unit if it has one, its sense."""

    type: FieldType
    unit: str
    meaning: str


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        "environment.name": Fact("text", "", "What the environment is called."),
        FIRST_RELEASE: Fact("boolean", "", "Nothing is released there so far."),
        _AGE: Fact(
            "number",
            "hours",
            "Since what is stable there came there; not measured while nothing is.",
        ),
        "environment.rollback": Fact(
            "boolean", "", "It goes back to an earlier release."
        ),
        "time.weekday": Fact(
            "text", "", "mon, tue, wed, thu, fri, sat or sun, in UTC."
        ),
        "time.hour": Fact("integer", "hours", "Of the day, 0 to 23, in UTC."),
        "time.date": Fact(
            "text", "", "Like 2026-12-24, in UTC; dates compare as text."
        ),
    }
)
"""Every fact but the stable release's evidence, which is named like the run's own."""


def facts_of(evidence: Mapping[str, FieldType]) -> dict[str, FieldType]:
    """What conditions of an environment may read besides *evidence*, with types.

    Args:
        evidence: the fields of the stages, as ``<stage>.<field>``: the stable release
            is asked for the same.
    """
    return {
        **stable_of(evidence),
        **{name: fact.type for name, fact in FACTS.items()},
    }


def stable_of(evidence: Mapping[str, FieldType]) -> dict[str, FieldType]:
    """The names of *evidence* as those of the stable release, with types."""
    return {f"{STABLE}{name}": kind for name, kind in evidence.items()}


def values_of(
    evidence: Mapping[str, Mapping[str, Value]],
    *,
    environment: str,
    now: datetime,
    stable: StableRelease | None,
    stable_evidence: Mapping[str, Mapping[str, Value]],
    rollback: bool = False,
) -> dict[str, Value]:
    """What conditions of *environment* read, by name; what was not measured is absent.

    Args:
        evidence: of the stages before the environment, by stage.
        environment: its name.
        now: the time that gates go by, with a time zone.
        stable: what the log says is released there, None if nothing is.
        stable_evidence: what the stages found for that release, by stage.
        rollback: whether it goes back to an earlier release.
    """
    values: dict[str, Value] = {
        **_named(evidence),
        "environment.name": environment,
        FIRST_RELEASE: stable is None,
        "environment.rollback": rollback,
        **_time(now),
    }
    if stable is not None:
        age = max(now - stable.since_ts, timedelta(0)) / timedelta(hours=1)
        values |= {_AGE: round_value(age), **stable_values(stable_evidence)}
    return values


def stable_values(evidence: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    """The stable release's *evidence*, by stage, as conditions name it."""
    return {f"{STABLE}{name}": value for name, value in _named(evidence).items()}


def hangs_on_release(names: Iterable[str]) -> bool:
    """Whether all of *names* are such that only an earlier release could be measured.

    Of nothing, that is false.
    """
    found = [name.startswith(STABLE) or name == _AGE for name in names]
    return bool(found) and all(found)


def _named(evidence: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    return {
        f"{stage}.{field}": value
        for stage, fields in evidence.items()
        for field, value in fields.items()
    }


def _time(now: datetime) -> dict[str, Value]:
    utc = now.astimezone(UTC)
    return {
        "time.weekday": WEEKDAYS[utc.weekday()],
        "time.hour": utc.hour,
        "time.date": utc.date().isoformat(),
    }
