"""Unit tests of `sluicegate.engine.rollout_course`."""

from sluicegate.canary.effect import Effect
from sluicegate.canary.judge import JudgeSettings
from sluicegate.canary.rules import Rules
from sluicegate.engine.rollout_course import Course, measure
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.traffic import Block, RequestCounts

SETTINGS = JudgeSettings()
QUIET = Block(stable=RequestCounts(900, 5), canary=RequestCounts(100, 1))
WORSE = Block(stable=RequestCounts(900, 9), canary=RequestCounts(100, 30))


def course(blocks: list[Block]) -> Course | None:
    found: Course | None = None
    for block in blocks:
        found = Course(block, found)
    return found


def test_blocks_are_measured_in_the_order_in_which_they_were_seen() -> None:
    known = Effect(Rules.of(SETTINGS, SETTINGS.errors))
    for canary, stable in ((1, 5), (30, 9), (30, 9)):
        known = known.add(Pair(Tally(900, (stable,)), Tally(100, (canary,))))

    assert measure(SETTINGS, course([QUIET, WORSE, WORSE])) == known
    assert known.at_least(worse=True) != 1


def test_without_a_block_nothing_is_known() -> None:
    assert measure(SETTINGS, None).excluded is None


def test_a_course_of_a_hundred_thousand_blocks_is_taken_apart_without_recursion() -> (
    None
):
    empty = Block(stable=RequestCounts(0, 0), canary=RequestCounts(0, 0))

    assert measure(SETTINGS, course([empty] * 100_000)).excluded is None
