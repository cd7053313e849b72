"""Unit tests of `sluicegate.config.graph`."""

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.graph import default_needs, find_circle, order, upstream

Needs = dict[str, tuple[str, ...]]


@st.composite
def graphs(draw: st.DrawFn) -> Needs:
    names = [f"s{index}" for index in range(draw(st.integers(0, 6)))]
    return {
        name: tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=3)))
        for name in names
    }


def test_without_needs_each_stage_needs_the_one_above() -> None:
    assert default_needs(["a", "b", "c"]) == {"a": (), "b": ("a",), "c": ("b",)}


def test_the_order_of_the_file_is_kept_where_it_can_be() -> None:
    assert order({"a": ("d",), "b": (), "c": ("a",), "d": ()}) == ("b", "d", "a", "c")


@given(graphs())
def test_each_stage_comes_after_what_it_needs(needs: Needs) -> None:
    placed = order(needs)

    for index, name in enumerate(placed):
        assert set(needs[name]) <= set(placed[:index])


@given(graphs())
def test_a_circle_is_found_exactly_when_some_stage_has_no_place(needs: Needs) -> None:
    circle = find_circle(needs)

    assert bool(circle) == (len(order(needs)) < len(needs))
    for name in circle:
        assert set(needs[name]) & set(circle)


def test_what_comes_before_or_after_a_circle_is_not_blamed() -> None:
    needs: Needs = {"a": (), "b": ("a", "c"), "c": ("b",), "d": ("c",), "e": ("d",)}

    assert find_circle(needs) == ("b", "c")


def test_upstream_is_everything_needed_nearest_first() -> None:
    needs: Needs = {"a": (), "b": ("a",), "c": ("a",), "d": ("c",), "e": ("d", "b")}

    assert upstream(needs, "e") == ("d", "b", "c", "a")
    assert upstream(needs, "a") == ()


@given(graphs())
def test_upstream_ends_even_in_a_circle(needs: Needs) -> None:
    for name in needs:
        assert name not in upstream(needs, name)
