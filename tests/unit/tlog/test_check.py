"""Unit tests of `sluicegate.tlog.check`: the vectors, and every change to them.

Without SLUICE_FULL=1 every byte of the log of 3 entries is changed to one other value,
with it to all 255. Of the log of 600 entries every byte of the checkpoint is changed,
and one in twenty of the others; with it every byte, which takes minutes.
"""

import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from draws import begin_draw
from fakes_audit import FakeStore

from sluicegate.errors import IntegrityError
from sluicegate.tlog.bundles import parse_bundle
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.checkpoint import Checkpoint, check_cosigned, open_checkpoint
from sluicegate.tlog.hashes import fold_hashes, hash_leaves
from sluicegate.tlog.note import format_note, parse_note, parse_vkey

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
LOG = parse_vkey(KEYS["log_vkey"])
WITNESSES = [parse_vkey(witness["vkey"]) for witness in KEYS["witnesses"]]
FULL = bool(os.environ.get("SLUICE_FULL"))
ONE_IN = 20


def load(size: int) -> dict[str, bytes]:
    folder = VECTORS / f"log{size}"
    files = [folder / "checkpoint", *(folder / "tile").rglob("*")]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if path.is_file()
    }


def ignore(_start: int, _entries: Sequence[bytes]) -> None:
    pass


def find_problems(files: dict[str, bytes], *, quorum: int) -> tuple[str, ...]:
    """Verify as a stranger would: the log's signature, witnesses, every file."""
    try:
        head = open_checkpoint(files["checkpoint"], LOG)
        if quorum:
            check_cosigned(parse_note(files["checkpoint"]), WITNESSES, quorum=quorum)
    except IntegrityError as error:
        return (str(error),)
    return check_tree(FakeStore(files), head, ignore)


def strip_witnesses(files: dict[str, bytes]) -> dict[str, bytes]:
    note = parse_note(files["checkpoint"])
    own = type(note)(note.text, note.signatures[:1])
    return {**files, "checkpoint": format_note(own)}


def change_bytes(
    files: dict[str, bytes], places: list[tuple[str, int]], rng: random.Random | None
) -> Iterator[tuple[str, dict[str, bytes]]]:
    for name, at in places:
        for mask in range(1, 256) if rng is None else [rng.randrange(1, 256)]:
            data = bytearray(files[name])
            data[at] ^= mask
            yield f"{name}[{at}] ^ {mask}", {**files, name: bytes(data)}


def list_places(files: dict[str, bytes]) -> list[tuple[str, int]]:
    return [(name, at) for name, data in files.items() for at in range(len(data))]


@pytest.mark.parametrize("size", [0, 1, 3, 256, 600])
def test_the_logs_of_the_vectors_are_sound(size: int) -> None:
    files = load(size)
    seen: list[int] = []
    head = open_checkpoint(files["checkpoint"], LOG)

    problems = check_tree(
        FakeStore(files),
        head,
        lambda start, entries: seen.extend(range(start, start + len(entries))),
    )

    assert problems == ()
    assert seen == list(range(size))
    assert find_problems(files, quorum=2) == ()


@pytest.mark.parametrize("quorum", [0, 2])
def test_every_single_byte_change_of_the_small_log_is_found(quorum: int) -> None:
    # Cosignatures are for whoever knows the witnesses: with their quorum every byte of
    # the file counts, with the log's key alone every byte of its own lines.
    files = load(3) if quorum else strip_witnesses(load(3))
    rng = None if FULL else random.Random(3)
    places = list_places(files)
    assert len(places) >= (662 if quorum else 300)

    missed = [
        what
        for what, changed in change_bytes(files, places, rng)
        if not find_problems(changed, quorum=quorum)
    ]

    assert missed == []


def test_every_bit_flip_of_the_small_checkpoint_is_found() -> None:
    files = load(3)
    data = files["checkpoint"]
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        assert find_problems({**files, "checkpoint": bytes(changed)}, quorum=2), bit


@pytest.mark.exhaustive
def test_byte_changes_of_the_large_log_are_found() -> None:
    rng = begin_draw()
    files = load(600)
    places = list_places(files)
    assert len(places) > 39_000
    if not FULL:
        signed = [place for place in places if place[0] == "checkpoint"]
        places = signed + rng.sample(places, len(places) // ONE_IN)

    missed = [
        what
        for what, changed in change_bytes(files, places, rng)
        if not find_problems(changed, quorum=2)
    ]

    assert missed == []


@pytest.mark.parametrize("size", [3, 256, 600])
def test_every_missing_file_is_named(size: int) -> None:
    files = load(size)
    stale = {"tile/0/000.p/250", "tile/entries/000.p/250", "tile/1/000.p/1"}
    for name in files.keys() - {"checkpoint"} - (stale if size == 600 else set()):
        left = {other: data for other, data in files.items() if other != name}
        assert f"{name}: missing" in find_problems(left, quorum=0)


@pytest.mark.parametrize("name", sorted(load(600)))
def test_bytes_before_and_after_a_file_are_found(name: str) -> None:
    files = load(600)
    for data in (files[name] + b"\0", b"\0" + files[name], files[name][:-1], b""):
        assert find_problems({**files, name: data}, quorum=2)


def test_a_changed_entry_is_named_by_its_number() -> None:
    files = load(600)
    name = "tile/entries/001"
    changed = files[name].replace(b'"i":300,', b'"i":309,')

    assert find_problems({**files, name: changed}, quorum=0) == (
        "tile/entries/001: entry 300 is not what was committed",
    )


def test_a_changed_hash_is_blamed_on_its_tile() -> None:
    files = load(600)
    for name, problem in (
        ("tile/0/001", "tile/0/001: not over the entries"),
        ("tile/1/000.p/2", "tile/1/000.p/2: not over the level below"),
        ("tile/1/000.p/1", "tile/1/000.p/1: not what was committed"),
        ("tile/entries/000.p/250", "tile/entries/000.p/250: not what was committed"),
    ):
        data = files[name]
        changed = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
        assert find_problems({**files, name: changed}, quorum=0) == (problem,)


def test_all_problems_are_found_at_once() -> None:
    files = load(600)
    del files["tile/1/000.p/2"]
    files["tile/0/002.p/88"] += b"\0"
    files["tile/0/001.p/300"] = b""
    files["tile/entries/000.p/250"] = b""

    problems = find_problems(files, quorum=0)

    assert [problem.partition(":")[0] for problem in problems] == [
        "tile/0/002.p/88",
        "tile/entries/000.p/250",
        "tile/1/000.p/2",
        "tile/0/001.p/300",
    ]


def rewrite(files: dict[str, bytes], *names: str) -> None:
    """Change entry 7 and every file over it that is named."""
    bundle = files["tile/entries/000"].replace(b'"i":7,', b'"i":8,')
    leaves = hash_leaves(parse_bundle(bundle, 256))
    above = fold_hashes(leaves) + files["tile/1/000.p/2"][32:]
    changed = {
        "tile/entries/000": bundle,
        "tile/0/000": leaves,
        "tile/1/000.p/2": above,
    }
    files.update({name: changed[name] for name in names})


def test_entries_and_their_tile_rewritten_together_are_found_by_the_tile_above() -> (
    None
):
    files = load(600)
    rewrite(files, "tile/entries/000", "tile/0/000")

    assert find_problems(files, quorum=0) == (
        "tile/0/000: not what was committed",
        "tile/entries/000: not what was committed",
    )


def test_entries_and_all_tiles_rewritten_together_betray_themselves() -> None:
    files = load(600)
    rewrite(files, "tile/entries/000", "tile/0/000", "tile/1/000.p/2")

    assert find_problems(files, quorum=0) == (
        "checkpoint: its root is not that of the entries",
    )


def test_a_changed_entry_and_a_changed_tile_elsewhere_are_both_named() -> None:
    files = load(600)
    rewrite(files, "tile/entries/000")
    files["tile/0/001"] = bytes(len(files["tile/0/001"]))

    assert find_problems(files, quorum=0) == (
        "tile/entries/000: entry 7 is not what was committed",
        "tile/0/001: not what was committed",
    )


def test_a_missing_tile_and_a_missing_bundle_hide_no_other_change() -> None:
    files = load(600)
    rewrite(files, "tile/entries/000")
    del files["tile/0/001"]
    del files["tile/entries/001"]

    assert find_problems(files, quorum=0) == (
        "tile/0/001: missing",
        "tile/entries/001: missing",
        "tile/entries/000: entry 7 is not what was committed",
    )


def test_what_is_above_a_wrong_tile_is_said_to_be_wrong() -> None:
    files = load(600)
    rewrite(files, "tile/entries/000", "tile/0/000")
    files["tile/1/000.p/2"] = bytes(64)

    assert find_problems(files, quorum=0)[0] == (
        "checkpoint: its root is not that of the entries"
    )


def test_entries_that_changed_side_by_side_are_named_together() -> None:
    files = load(600)
    bundle = files["tile/entries/001"]
    for number in (300, 301, 302, 400):
        bundle = bundle.replace(b'"i":%d,' % number, b'"i":%d,' % (number + 500))

    assert find_problems({**files, "tile/entries/001": bundle}, quorum=0) == (
        "tile/entries/001: entries 300 to 302 are not what was committed",
        "tile/entries/001: entry 400 is not what was committed",
    )


def check_pruned(files: dict[str, bytes], min_index: int) -> tuple[str, ...]:
    head = open_checkpoint(files["checkpoint"], LOG)
    return check_tree(FakeStore(files), head, ignore, min_index=lambda: min_index)


def test_bundles_of_a_pruned_log_may_be_missing_and_are_checked_if_there() -> None:
    files = load(600)
    assert check_pruned(files, 512) == ()

    del files["tile/entries/000"]
    assert check_pruned(files, 512) == check_pruned(files, 256) == ()

    files["tile/entries/001"] = files["tile/entries/001"].replace(b":400", b":500")
    assert check_pruned(files, 512) == (
        "tile/entries/001: entry 400 is not what was committed",
    )


def test_bundles_that_were_not_pruned_must_be_there() -> None:
    files = load(600)
    del files["tile/entries/000"], files["tile/entries/001"]

    assert check_pruned(files, 256) == ("tile/entries/001: missing",)
    assert check_pruned(files, 511) == ("tile/entries/001: missing",)
    assert check_pruned(files, 0) == (
        "tile/entries/000: missing",
        "tile/entries/001: missing",
    )


def test_a_partial_bundle_is_never_pruned() -> None:
    files = load(600)
    del files["tile/entries/002.p/88"]

    assert check_pruned(files, 768) == ("tile/entries/002.p/88: missing",)


def test_every_byte_of_the_tiles_of_a_pruned_log_counts() -> None:
    files = load(600)
    del files["tile/entries/000"], files["tile/entries/001"]
    for name in ("tile/0/000", "tile/0/001", "tile/1/000.p/2"):
        changed = bytearray(files[name])
        changed[40] ^= 1
        found = check_pruned({**files, name: bytes(changed)}, 512)
        assert found, name
        assert name in found[0] or found[0].startswith("checkpoint: its root"), name


def test_progress_is_told_after_every_bundle() -> None:
    files = load(600)
    told: list[int] = []

    head = open_checkpoint(files["checkpoint"], LOG)
    check_tree(FakeStore(files), head, ignore, progress=told.append)

    assert told == [256, 512, 600]


def test_entries_and_tiles_that_disagree_are_both_named() -> None:
    files = load(3)
    files["tile/entries/000.p/3"] = files["tile/entries/000.p/3"].replace(b"1", b"7")
    files["tile/0/000.p/3"] = bytes(96)

    assert find_problems(files, quorum=0) == (
        "checkpoint: its root is not that of the entries",
        "tile/0/000.p/3: not over the entries in tile/entries/000.p/3",
    )


def test_leftovers_of_a_crash_are_no_problem() -> None:
    files = load(3)
    files["tile/entries/000.p/4"] = b"whatever"
    files["tile/0/000"] = b"whatever"
    files["tile/1/000.p/1"] = b"whatever"

    assert find_problems(files, quorum=0) == ()


def test_a_full_tile_takes_the_place_of_a_partial_one() -> None:
    files, grown = load(600), load(600)
    old = (VECTORS / "log600/history/checkpoint.250").read_bytes()
    files["checkpoint"] = old
    del files["tile/0/000.p/250"]
    del files["tile/entries/000.p/250"]

    assert grown.keys() > files.keys()
    assert find_problems(files, quorum=0) == ()


def test_a_checkpoint_that_commits_to_a_galaxy_of_entries_ends() -> None:
    head = Checkpoint(LOG.name, 2**62, bytes(32))

    problems = check_tree(FakeStore(load(3)), head, ignore)

    assert problems[0].startswith(f"checkpoint: it commits to {2**62} entries")
