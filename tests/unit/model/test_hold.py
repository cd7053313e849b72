import pytest

from sluicegate.errors import UsageError
from sluicegate.model.hold import HoldScope


@pytest.mark.parametrize(
    "text", ["all", "run:01J", "run:acme/churn/1", "entries:0-0", "entries:3-900"]
)
def test_a_scope_is_written_as_it_was_read(text: str) -> None:
    assert str(HoldScope.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "ALL", "all:", "run:", "run:../x", "run:a b", "run:a\n", "entries:"),
        *("entries:4-3", "entries:-1-3", "entries:1", "entries:01-2", "entries:1-2\n"),
        *("entries:٣-٤", "entries:1-" + "9" * 30, "range:1-2"),
    ],
)
def test_what_names_nothing_that_can_be_held_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not what a hold can cover"):
        HoldScope.parse(text)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [("all", {0, 1, 2, 3}), ("entries:1-2", {1, 2}), ("run:a", {2}), ("run:b", set())],
)
def test_a_scope_covers_what_it_says(scope: str, covered: set[int]) -> None:
    runs = {0: None, 1: "ab", 2: "a", 3: "a/1"}

    found = {
        index
        for index, run_id in runs.items()
        if HoldScope.parse(scope).covers(index, run_id)
    }

    assert found == covered
