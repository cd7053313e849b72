"""The blocks of a rollout in their order, for what only its end asks for. Pure.

How much worse a canary is, with confidence, takes every block, and nobody asks before
there is a verdict; so the blocks are kept, and measured once.
"""

from dataclasses import dataclass

from sluicegate.canary.bernoulli import pair_of
from sluicegate.canary.effect import Effect
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.model.traffic import Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Course:
    """A block, and all *before* it: a list that grows without being copied."""

    block: Block
    before: "Course | None" = None


def measure(settings: JudgeSettings, course: Course | None) -> Effect:
    """How much more often the canary fails than stable, by all blocks of *course*."""
    blocks = []
    while course is not None:
        blocks.append(course.block)
        course = course.before
    effect = Effect(Rules.of(settings, settings.errors))
    for block in reversed(blocks):
        effect = effect.add(pair_of(block))
    return effect
