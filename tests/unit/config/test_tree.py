"""Unit tests of `sluicegate.config.tree`."""

from sluicegate.config.tree import (
    Entry,
    Found,
    Items,
    Leaf,
    Path,
    Problem,
    Table,
    child,
    find,
    to_json,
)

LEAF = Leaf(4, "x")
ITEMS = Items(3, (Leaf(3, 1), LEAF))
ROOT = Table(1, {"a": Entry(2, ITEMS), "b": Entry(5, Leaf(5, None))})


def test_a_path_is_followed_to_its_line() -> None:
    assert find(ROOT, ("a", 1)) == Found(("a", 1), 4, LEAF, strayed=False)


def test_the_line_beside_a_key_is_that_of_the_key() -> None:
    assert find(ROOT, ("a",)).line == 2


def test_what_leads_nowhere_is_passed_over() -> None:
    path: Path = ("a", "list[str]", 1, "missing", 7)

    assert find(ROOT, path) == Found(("a", 1), 4, LEAF, strayed=True)


def test_an_index_beyond_the_end_stays_at_the_list() -> None:
    assert find(ROOT, ("a", 2)) == Found(("a",), 2, ITEMS, strayed=True)


def test_only_a_table_has_children() -> None:
    assert child(ROOT, "a") == ITEMS
    assert child(ROOT, "c") is None
    assert child(ITEMS, "a") is None


def test_json_keeps_values_and_order() -> None:
    assert to_json(ROOT) == '{"a": [1, "x"], "b": null}'


def test_a_problem_is_one_line_that_no_terminal_obeys() -> None:
    problem = Problem(3, "key \x1b[31m\ns.yaml:9: forged \u202e")

    assert problem.render("s.yaml") == (
        r"s.yaml:3: key \x1b[31m\ns.yaml:9: forged \u202e"
    )


def test_a_long_problem_is_cut() -> None:
    assert Problem(1, "x" * 501).render("s") == f"s:1: {'x' * 500}…"
