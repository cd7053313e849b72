"""Unit tests of `sluicegate.stages.pytest_facts`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.stages.pytest_facts import (
    Facts,
    check_all_ran,
    check_part,
    check_shards,
    parse_facts,
)

ALL = {"a.py": 3, "b.py": 1, "c.py": 2}


def facts(
    kept: Mapping[str, int] | None, collected: Mapping[str, int] | None = ALL
) -> Facts:
    total = sum((kept or {}).values())
    return Facts(
        collected=collected,
        kept=kept,
        tests=total,
        ran=total,
        failed=(),
        passed=(),
        repeated=(),
    )


def part(index: int, total: int) -> dict[str, int]:
    return {
        name: number
        for name, number in ALL.items()
        if int(Digest.of(name.encode()).hex, 16) % total == index - 1
    }


@pytest.mark.parametrize(
    "shares",
    [
        [ALL],
        [{"a.py": 3}, {"b.py": 1, "c.py": 2}],
        [{"a.py": 3, "b.py": 1, "c.py": 2}, {}, {}],
    ],
)
def test_shards_that_hold_every_test_once_are_fine(
    shares: Sequence[Mapping[str, int]],
) -> None:
    check_shards([facts(share) for share in shares])


@pytest.mark.parametrize(
    ("shares", "name"),
    [
        ([{"a.py": 3}, {"b.py": 1}], "c.py"),
        ([ALL, {"b.py": 1}], "b.py"),
        ([{"a.py": 2, "b.py": 1, "c.py": 2}, {"a.py": 1}], "a.py"),
        ([ALL, {"d.py": 1}], "d.py"),
        ([{}, {}], "a.py, b.py, c.py"),
    ],
)
def test_a_test_that_is_in_no_shard_or_in_two_is_named(
    shares: Sequence[Mapping[str, int]], name: str
) -> None:
    with pytest.raises(PermanentError, match=f"not in exactly one shard: {name}"):
        check_shards([facts(share) for share in shares])


@pytest.mark.parametrize("shard", [facts(None), facts({}, None)])
def test_a_shard_that_says_nothing_is_no_shard(shard: Facts) -> None:
    with pytest.raises(PermanentError, match="shard 2 does not say"):
        check_shards([facts(ALL), shard])
    with pytest.raises(PermanentError, match="does not say"):
        check_part(shard, 1, 2)


def test_shards_that_collected_different_tests_are_refused() -> None:
    other = {**ALL, "b.py": 2, "d.py": 1}

    with pytest.raises(PermanentError, match=r"not collect the same tests: b.py, d.py"):
        check_shards([facts(ALL), facts({}, other)])


@pytest.mark.parametrize("total", [1, 2, 3, 7])
def test_the_parts_of_a_total_hold_every_file_once(total: int) -> None:
    parts = [part(index, total) for index in range(1, total + 1)]

    for index, share in enumerate(parts, start=1):
        check_part(facts(share), index, total)
    assert sorted(name for share in parts for name in share) == sorted(ALL)


def test_a_part_that_kept_anything_else_is_refused() -> None:
    share = part(1, 2)

    for wrong in ({**share, "d.py": 1}, dict(list(share.items())[1:])):
        with pytest.raises(PermanentError, match="not the tests of shard 1/2"):
            check_part(facts(wrong), 1, 2)


def test_a_good_end_without_all_tests_is_refused() -> None:
    some = facts(ALL).model_copy(update={"ran": 4})

    check_all_ran(facts(ALL), 0)
    check_all_ran(some, 1)
    with pytest.raises(PermanentError, match="2 tests of 6 never ran"):
        check_all_ran(some, 0)


@given(st.binary())
def test_no_document_raises_anything_but_our_error(document: bytes) -> None:
    with suppress(PermanentError):
        parse_facts(document)
