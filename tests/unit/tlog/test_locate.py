"""Unit tests of `sluicegate.tlog.locate`; `test_check` uses it on whole logs."""

from sluicegate.tlog.hashes import hash_leaves
from sluicegate.tlog.locate import compare_entries

LEAVES = hash_leaves(b"%d" % number for number in range(5))


def test_runs_of_wrong_entries_are_named_by_their_numbers_in_the_log() -> None:
    wrong = bytearray(LEAVES)
    for number in (0, 2, 3, 4):
        wrong[32 * number] ^= 1

    assert list(compare_entries(2, LEAVES, bytes(wrong))) == [
        "tile/entries/002.p/5: entry 512 is not what was committed",
        "tile/entries/002.p/5: entries 514 to 516 are not what was committed",
    ]


def test_a_bundle_of_which_nothing_is_known_is_named_whole() -> None:
    assert list(compare_entries(0, None, LEAVES)) == [
        "tile/entries/000.p/5: not what was committed"
    ]
