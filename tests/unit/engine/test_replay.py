"""A recorded rollout is judged again: all follows, or it is said what does not."""

from dataclasses import replace

import pytest
from fakes_target import Behaviour
from rollouts import world

from sluicegate.engine.replay import replay
from sluicegate.errors import IntegrityError
from sluicegate.model.event import BlockObserved, CanaryJudged
from sluicegate.model.rollout import CanaryVerdict


def test_replaying_gives_exactly_the_recorded_evidence_and_verdict() -> None:
    done = world(canary=Behaviour(fails=0.1))
    done.conduct()

    (found,) = replay(done.plan, done.log.events)

    last = done.blocks()[-1]
    assert found.evidence == (("errors", last.abort_micronats, last.promote_micronats),)
    assert found.blocks == len(done.blocks())
    assert (found.verdict, found.cause) == ("abort", "evidence")
    assert found.reason == done.judged().reason
    assert found.result == "rolled_back"


def test_a_rollout_under_way_is_replayed_as_far_as_it_has_come() -> None:
    done = world()
    done.conduct()
    until = next(
        i for i, event in enumerate(done.log.events) if isinstance(event, BlockObserved)
    )

    (found,) = replay(done.plan, done.log.events[: until + 1])

    assert (found.blocks, found.verdict, found.result) == (1, "", "")


def test_every_rollout_of_a_stage_is_replayed() -> None:
    once = world()
    once.conduct()
    events = list(once.log.events)

    assert len(replay(once.plan, [*events, *events])) == 2


def test_evidence_that_is_off_by_a_millionth_is_found() -> None:
    done = world()
    done.conduct()
    changed = [
        replace(event, promote_micronats=event.promote_micronats + 1)
        if isinstance(event, BlockObserved)
        else event
        for event in done.log.events
    ]

    with pytest.raises(IntegrityError, match="replaying gives"):
        replay(done.plan, changed)


def test_a_verdict_that_the_evidence_does_not_give_is_found() -> None:
    done = world(canary=Behaviour(fails=0.1))
    done.conduct()
    changed = [
        replace(event, verdict=CanaryVerdict.PROMOTE)
        if isinstance(event, CanaryJudged)
        else event
        for event in done.log.events
    ]

    with pytest.raises(IntegrityError, match="nothing before it leads to promote"):
        replay(done.plan, changed)
