"""Unit tests of `sluicegate.tlog.belief`: its tree is that of `growth`."""

import pytest

from sluicegate.tlog.belief import Belief
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.growth import plan_growth
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.tiles import Tile

EMPTY = Checkpoint("log.example/churn", 0, EMPTY_ROOT)


def grow(size: int) -> tuple[dict[str, bytes], Checkpoint]:
    growth = plan_growth(
        lambda _: None, EMPTY, [b"%d" % number for number in range(size)]
    )
    return dict(growth.files), growth.checkpoint


def believe(files: dict[str, bytes], head: Checkpoint) -> Belief:
    belief = Belief(files.get, head, {})
    for index in range(-(-head.size // 256)):
        width = min(256, head.size - 256 * index)
        belief.add(index, files[Tile(0, index, width).path], None, None)
    return belief


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 65_535, 65_536, 66_000])
def test_its_root_is_that_of_the_log(size: int) -> None:
    files, head = grow(size)

    belief = believe(files, head)

    assert belief.finish() == head.root
    assert belief.problems == []


def test_it_holds_every_tile_above_against_the_leaves() -> None:
    files, head = grow(66_000)
    above = [name for name in files if name.startswith(("tile/1/", "tile/2/"))]
    assert len(above) == 3

    for name in above:
        changed = bytes([files[name][0] ^ 1]) + files[name][1:]
        belief = believe({**files, name: changed}, head)
        assert belief.finish() == head.root
        assert belief.problems == [f"{name}: not over the level below"]


def test_forks_share_the_past_and_nothing_else() -> None:
    files, head = grow(512)
    belief = Belief(files.get, head, {})
    belief.add(0, files["tile/0/000"], bytes(8192), None)

    other = belief.fork()
    other.add(1, bytes(8192), None, None)
    belief.add(1, files["tile/0/001"], None, None)

    assert belief.finish() == head.root != other.finish()
    assert belief.problems == ["tile/0/000: not over the entries"]
    assert other.problems[:1] == belief.problems
