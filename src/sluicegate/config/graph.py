"""The order of stages, and what is upstream of each. Pure."""

from collections.abc import Iterable, Mapping

Needs = Mapping[str, tuple[str, ...]]
"""What each stage needs, by name, in the order of the file; all of it exists."""


def order(needs: Needs) -> tuple[str, ...]:
    """The stages in the order of the file, each after everything it needs.

    Stages in a circle, and whatever comes after one, are left out.
    """
    placed: dict[str, None] = {}
    while True:
        ready = next(
            (
                name
                for name, wanted in needs.items()
                if name not in placed and all(need in placed for need in wanted)
            ),
            None,
        )
        if ready is None:
            return tuple(placed)
        placed[ready] = None


def find_circle(needs: Needs) -> tuple[str, ...]:
    """The stages that wait for each other, in the order of the file; () if none do."""
    placed = set(order(needs))
    left = {name: wanted for name, wanted in needs.items() if name not in placed}
    while True:
        wanted_by_left = {need for wanted in left.values() for need in wanted}
        circle = {name: left[name] for name in left if name in wanted_by_left}
        if len(circle) == len(left):
            return tuple(circle)
        left = circle


def upstream(needs: Needs, name: str) -> tuple[str, ...]:
    """Everything stage *name* needs, directly or not, nearest first."""
    found: dict[str, None] = {}
    waiting = list(needs[name])
    while waiting:
        nearest = waiting.pop(0)
        if nearest not in found and nearest != name:
            found[nearest] = None
            waiting.extend(needs[nearest])
    return tuple(found)


def default_needs(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each stage needs the one above it."""
    needs: dict[str, tuple[str, ...]] = {}
    above: tuple[str, ...] = ()
    for name in names:
        needs[name] = above
        above = (name,)
    return needs
