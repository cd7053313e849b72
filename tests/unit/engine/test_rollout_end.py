"""What an attempt at a canary stage says of its rollout."""

import pytest
from rollouts import PLAN, world

from sluicegate.engine.rollout import fold
from sluicegate.engine.rollout_end import describe_unfinished, summarise
from sluicegate.engine.steering import Pace
from sluicegate.errors import TransientError
from sluicegate.model.rollout import Direction


def test_a_paused_rollout_says_since_when_and_names_no_deadline() -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=1_000)
    it.conduct(Pace.TICK)
    text = describe_unfinished(PLAN, fold(PLAN, it.log.events))
    assert "paused since 2026-11-22T00:00:01Z" in text
    assert "deadline" not in text


def test_a_weight_in_doubt_is_said_to_be() -> None:
    it = world()
    it.target.unreadable_ms = range(10**9)
    it.conduct(Pace.TICK)
    text = describe_unfinished(PLAN, fold(PLAN, it.log.events))
    assert "5 % is set, and its counters are awaited" in text


def test_a_weight_that_is_not_reached_is_said_to_be() -> None:
    it = world()
    it.target.unreachable = {5: "exceeded quota"}
    with pytest.raises(TransientError, match="exceeded quota"):
        it.conduct(Pace.TICK)
    text = describe_unfinished(PLAN, fold(PLAN, it.log.events))
    assert "5 % was announced and is not reached yet" in text


def test_a_first_release_that_waits_has_no_evidence_to_speak_of() -> None:
    it = world(stable=False)
    it.people.say(Direction.PAUSE)
    it.conduct(Pace.TICK)
    text = describe_unfinished(PLAN, fold(PLAN, it.log.events))
    assert text == "new has 0 % of production; paused since 2026-11-22T00:00:00Z"


def test_evidence_says_what_decided_and_how_long_people_paused_it() -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=20_000)
    it.people.say(Direction.RESUME, at_ms=60_000)
    it.people.say(Direction.PAUSE, at_ms=80_000)
    it.people.say(Direction.ABORT, at_ms=120_000)
    it.conduct()
    fields = summarise(it.log.events)
    assert fields["cause"] == "directed"
    assert fields["paused_seconds"] in range(75, 90)
    assert fields["promoted"] is False
    assert fields["result"] == "rolled_back"


def test_a_rollout_that_goes_on_has_neither_cause_nor_result() -> None:
    it = world()
    it.conduct(Pace.TICK)
    assert summarise(it.log.events) == {
        "requests": 0,
        "failed": 0,
        "stable_requests": 0,
        "stable_failed": 0,
        "blocks": 0,
        "paused_seconds": 0,
    }
