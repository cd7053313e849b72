"""Unit tests of `sluicegate.audit.free_text`."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.audit.free_text import KEPT, change_texts, fit
from sluicegate.audit.jcs import Json, format_json

LIMIT = 32 * 1024


def test_a_long_text_is_cut_with_a_mark_that_says_how_much() -> None:
    document: dict[str, Json] = {"reason": "x" * 40_000, "stage": "test", "seq": 3}

    cut = fit(document, LIMIT)

    assert len(format_json(cut)) <= LIMIT
    kept, _, mark = str(cut["reason"]).partition("…")
    assert set(kept) == {"x"}
    assert mark == f" [cut: {40_000 - len(kept)}]"
    assert (cut["stage"], cut["seq"]) == ("test", 3)


def test_the_longest_texts_go_first() -> None:
    document: dict[str, Json] = {"reason": "x" * 40_000, "short": "y" * 900}

    assert fit(document, LIMIT)["short"] == "y" * 900


def test_texts_that_the_log_depends_on_are_not_cut() -> None:
    document: dict[str, Json] = {"references": ["r" * 9000], "reason": "x" * 30_000}

    assert fit(document, LIMIT)["references"] == document["references"]


def test_what_has_no_long_texts_stays_as_it_is() -> None:
    document: dict[str, Json] = {"files": ["f" * 100] * 500}

    assert fit(document, LIMIT) == document


TEXTS = st.text(max_size=30).map(lambda text: text * 2000) | st.text(max_size=200)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers(-9, 9) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["fields", "reason", "id"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["reason", "id", "labels"]), VALUES))
def test_cutting_twice_cuts_no_more(document: dict[str, Any]) -> None:
    once = fit(document, LIMIT)

    assert fit(once, LIMIT) == once
    if all(key not in KEPT for key in document) and "id" not in repr(document):
        assert len(format_json(once)) <= LIMIT


@given(st.dictionaries(st.sampled_from(["reason", "id", "labels"]), VALUES))
def test_changing_nothing_changes_nothing(document: dict[str, Any]) -> None:
    assert change_texts(document, lambda _, text: text) == document
