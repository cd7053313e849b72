"""Unit tests of `sluicegate.stages.serving.json_path`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.stages.serving.json_path import (
    Every,
    Part,
    find,
    parse_path,
    write_place,
)

PLACES = st.lists(
    st.integers(0, 999) | st.text("ab_ -.*[]$é", min_size=1, max_size=5), max_size=5
).map(tuple)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("$", ()),
        ("$.score", ("score",)),
        ("$.a-b.c_1", ("a-b", "c_1")),
        ("$[0][12]", (0, 12)),
        ("$['odd name'].*", ("odd name", Every())),
        ("$.items[*].score", ("items", Every(), "score")),
        ("$['$.a']", ("$.a",)),
    ],
)
def test_a_path_is_read(text: str, parts: tuple[object, ...]) -> None:
    assert parse_path(text).parts == parts


@pytest.mark.parametrize(
    "text",
    [
        *("", "score", ".a", "$.", "$..a", "$.a.", "$[", "$[]", "$[-1]", "$[01]"),
        *("$['']", "$['a", '$["a"]', "$ .a", "$.a[0", "$.a b", "$[1:2]", "$.1a"),
        "$" + ".a" * 300,
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(text)


@given(PLACES)
def test_the_path_of_a_place_leads_there_and_nowhere_else(
    place: tuple[Part, ...],
) -> None:
    path = parse_path(
        "$" + "".join(f"[{p}]" if isinstance(p, int) else f"['{p}']" for p in place)
    )

    assert path.matches(place)
    assert not path.matches((*place, "more"))
    assert path.covers((*place, "more"))
    assert not place or not path.covers(place[:-1])


def test_a_star_stands_for_one_name_or_place() -> None:
    path = parse_path("$.a.*")

    assert path.matches(("a", "b"))
    assert path.matches(("a", 3))
    assert not path.matches(("a",))
    assert not path.matches(("a", "b", "c"))


def test_an_index_is_not_a_name_of_digits() -> None:
    assert not parse_path("$[0]").matches(("0",))
    assert find({"0": 1}, (0,)) is None


def test_what_is_there_is_found_and_what_is_not_is_not() -> None:
    value = {"a": [None, {"b": 2}]}  # null is there

    assert find(value, ("a", 0)) == (None,)  # type: ignore[arg-type]  # a JSON value
    assert find(value, ("a", 1, "b")) == (2,)  # type: ignore[arg-type]  # likewise
    assert find(value, ("a", 2)) is None  # type: ignore[arg-type]  # likewise
    assert find(value, ("a", "b")) is None  # type: ignore[arg-type]  # likewise
    assert find(3, ("a",)) is None


@given(PLACES)
def test_a_place_is_shown_on_one_line(place: tuple[Part, ...]) -> None:
    assert write_place(place).isprintable()


def test_a_place_that_a_stranger_named_is_cut_and_escaped() -> None:
    assert write_place(("a", 0, "b c", "\x1b[31m")) == "$.a[0]['b c']['\\x1b[31m']"
    assert len(write_place(("x" * 10**6,))) < 100
