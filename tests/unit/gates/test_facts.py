"""Unit tests of `sluicegate.gates.facts`: what conditions may read besides evidence."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from fakes_target import release
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.facts import FACTS, ROOTS, facts_of, hangs_on_release, values_of
from sluicegate.gates.kinds import FieldType, kind_of
from sluicegate.model.decision import Verdict
from sluicegate.model.evidence import Value
from sluicegate.model.state_item import StableRelease

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # a Sunday
TYPES: dict[str, FieldType] = {"scan.critical": "integer", "test.coverage": "number"}


def stable(since: datetime) -> StableRelease:
    return StableRelease("production", release("v1"), "R", since, 7)


def values(
    now: datetime = NOW, since: datetime | None = None, *, rollback: bool = False
) -> dict[str, Value]:
    return values_of(
        {"scan": {"critical": 1}},
        environment="production",
        now=now,
        stable=None if since is None else stable(since),
        stable_evidence={"scan": {"critical": 2}},
        rollback=rollback,
    )


def test_every_fact_that_has_a_name_has_a_value_of_its_type() -> None:
    found = values(since=NOW - timedelta(hours=1))

    types = facts_of({"scan.critical": "integer"})
    assert found.keys() == {*types, "scan.critical"}
    for name, kind in types.items():
        assert kind_of(found[name]) == kind


def test_the_stable_release_is_asked_for_the_same_evidence() -> None:
    assert facts_of(TYPES)["stable.scan.critical"] == "integer"
    assert facts_of(TYPES)["stable.test.coverage"] == "number"
    assert values(since=NOW)["stable.scan.critical"] == 2
    assert values(since=NOW)["scan.critical"] == 1


def test_every_name_begins_with_a_word_that_no_stage_may_have() -> None:
    assert {name.partition(".")[0] for name in facts_of(TYPES)} == set(ROOTS)


def test_nothing_of_an_earlier_release_is_there_at_the_first() -> None:
    found = values()

    assert found["environment.first_release"] is True
    assert "environment.release_age_hours" not in found
    assert not [name for name in found if name.startswith("stable.")]


def test_the_age_of_a_release_is_in_hours() -> None:
    found = values(since=NOW - timedelta(days=1, minutes=30))

    assert found["environment.first_release"] is False
    assert found["environment.release_age_hours"] == 24.5


def test_a_release_from_the_future_has_no_negative_age() -> None:
    found = values(since=NOW + timedelta(hours=2))

    assert found["environment.release_age_hours"] == 0.0


def test_the_environment_is_named_and_a_rollback_is_called_one() -> None:
    assert values()["environment.name"] == "production"
    assert values()["environment.rollback"] is False
    assert values(rollback=True)["environment.rollback"] is True


@pytest.mark.parametrize(
    ("day", "word"),
    [*enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start=23)],
)
def test_the_days_of_the_week_are_words(day: int, word: str) -> None:
    assert values(datetime(2026, 11, day, tzinfo=UTC))["time.weekday"] == word


def test_time_is_that_of_utc_wherever_the_clock_stands() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))

    assert tokyo.day == 23
    assert values(tokyo) == values(NOW)
    assert values(tokyo)["time.date"] == "2026-11-22"
    assert values(tokyo)["time.weekday"] == "sun"
    assert values(tokyo)["time.hour"] == 23


@given(st.dates(), st.dates())
def test_dates_compare_as_conditions_compare_them(one: date, other: date) -> None:
    moment = datetime(one.year, one.month, one.day, tzinfo=UTC)
    condition = compile_condition(
        f'time.date < "{other.isoformat()}"', ["time.date"], {"time.date": "text"}
    )

    judged = condition.judge(values(moment))

    assert (judged.verdict is Verdict.OPEN) == (one < other)


def test_only_what_an_earlier_release_had_hangs_on_one() -> None:
    assert hangs_on_release(["stable.scan.critical", "environment.release_age_hours"])
    assert not hangs_on_release([])
    for name in ("scan.critical", *FACTS):
        if name != "environment.release_age_hours":
            assert not hangs_on_release(["stable.scan.critical", name])
