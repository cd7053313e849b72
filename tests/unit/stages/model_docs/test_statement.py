"""Unit tests of `sluicegate.stages.model_docs.statement` and of what agrees."""

from decimal import Decimal

import pytest

from sluicegate.errors import PermanentError
from sluicegate.stages.model_docs.agreement import Agreed, agree
from sluicegate.stages.model_docs.card import read_card
from sluicegate.stages.model_docs.statement import Sought, find_statements

INDEX = """\
---
model-index:
- name: churn
  results:
  - dataset: {name: validation}
    metrics:
    - {type: accuracy, value: 0.912}
  - dataset: {name: test}
    metrics:
    - {type: accuracy, value: 0.871}
---
"""
TABLE = """\
| metric | train | test |
|---|---|---|
| Accuracy (↑) | 0.99 | 0.871 |
| loss | 0.1 | 0.2 |
"""
COLUMN = """\
| slice | accuracy |
|---|---|
| all | 0.871 |
| region=EU | 0.85 |
"""


def look(card: str, *names: str, where: str | None = None) -> Agreed | None:
    sought = Sought(("accuracy", *names), where)
    return agree(find_statements(read_card(card.encode(), "c.md"), sought), 3)


@pytest.mark.parametrize(
    ("card", "where"),
    [
        ("---\nmetrics: {accuracy: 0.871}\n---\n", None),
        ("| metric | value |\n|---|---|\n| **Accuracy** | `0.871` |\n", None),
        ("| accuracy |\n|---|\n| 87.1 % |\n", None),
        ("- **Accuracy:** 0.871 (95 % CI 0.86 to 0.88)\n", None),
        ("Accuracy: 0.871\n", None),
        ("> accuracy = 0.871\n", None),
        ("Accuracy of 0.871 on the test set.\n", None),
        ("1. accuracy is about 0.871\n", None),
        ("- `accuracy`: `0.871`\n", None),
        ("Accuracy: 0.871\nLoss: 0.2\n", None),
        ("Loss: 0.2\nAccuracy: 0.871\n", None),
        ("Tested.  \naccuracy 0.871\n", None),
        ("Accuracy on customers that training\nnever saw.\n\nAccuracy: 0.871", None),
        (INDEX, "test"),
        (TABLE, "Test"),
        (COLUMN, "all"),
    ],
)
def test_a_number_is_found_where_nobody_can_doubt_whose_it_is(
    card: str, where: str | None
) -> None:
    found = look(card, where=where)

    assert found is not None
    assert (found.value, found.low) == (Decimal("0.871"), Decimal("0.8705"))
    assert found.against == ()


@pytest.mark.parametrize(
    "card",
    [
        "The model is good: 0.871.\n",
        "We reached an accuracy of 0.871.\n",
        "```\naccuracy: 0.871\n```\n",
        "<!-- accuracy: 0.871 -->\n",
        "Accuracy of the previous model: 0.871\n",
        "- inaccuracy: 0.871\n",
        "- accuracy_at_5: 0.871\n",
        "| metric | value |\n|---|---|\n| accuracy | > 0.8 |\n",
        INDEX,
        TABLE,
        COLUMN,
    ],
)
def test_elsewhere_or_among_several_it_is_not(card: str) -> None:
    assert look(card) is None


@pytest.mark.parametrize(
    "more",
    [
        "We reached an accuracy of 0.93.",
        "It has 93 % accuracy.",
        "Accuracy: 0.93",
        "## Accuracy 0.93",
        "| metric | a | b |\n|---|---|---|\n| accuracy | 0.93 | 0.92 |",
        "On the test set the accuracy was approximately 0.93.",
        "On the test set we have reached an accuracy\nof 0.93, which is good.",
        "| metric | value |\n|---|---|\n| Test accuracy | 0.93 |",
        "| model | accuracy (overall) |\n|---|---|\n| churn | 0.93 |",
        "It has a 0.93 `accuracy`.",
        "| Accuracy | 0.93 |\n|---|---|",
        "Accuracy \u2192 0.93",
        "Accuracy => 0.93",
        "accuracy[^1]: 0.93",
        "ac\u200bcuracy: 0.93",
        "<p>Accuracy</p>\n<b>0.93</b>",
        "accuracy: -0.871",
    ],
)
def test_numbers_that_contradict_are_found(more: str) -> None:
    found = look(f"---\nmetrics: {{accuracy: 0.871}}\n---\n\n{more}\n")

    assert found is not None
    assert len(found.against) == 1


@pytest.mark.parametrize(
    "more",
    [
        "We reached an accuracy of 0.87.",
        "It has 87 % accuracy.",
        "The baseline accuracy is 0.80, chance accuracy 0.5.",
        "It is far better than the baseline\naccuracy of 0.80.",
        "The balanced accuracy is 0.83, the top-5 accuracy 0.99.",
        "accuracy@5 is 0.99",
        "We require accuracy > 0.9 of every model.",
        "| metric | value |\n|---|---|\n| Training accuracy | 0.93 |",
        "| metric | a | b |\n|---|---|---|\n| Test accuracy | 0.93 | 0.871 |",
        TABLE,
        COLUMN,
        "Accuracy is the share of 4000 examples that is right.",
    ],
)
def test_numbers_that_agree_or_are_of_another_do_not(more: str) -> None:
    found = look(f"---\nmetrics: {{accuracy: 0.871}}\n---\n\n{more}\n")

    assert found is not None
    assert found.against == ()


def test_what_is_said_more_exactly_counts_and_all_of_it_must_hold() -> None:
    found = look("- accuracy: 0.87\n- accuracy: 0.8712\n")
    torn = look("- accuracy: 0.87\n- accuracy: 0.91\n")

    assert found is not None
    assert torn is not None
    assert (found.low, found.high) == (Decimal("0.87115"), Decimal("0.87125"))
    assert torn.low > torn.high


def test_a_metric_may_go_by_other_names() -> None:
    assert look("- Share of hits: 0.871\n") is None
    assert look("- Share of hits: 0.871\n", "share_of_hits") is not None


def test_a_number_that_no_evidence_can_be_is_broken() -> None:
    with pytest.raises(PermanentError, match=r"c\.md:1: 0\.0000001 is too small"):
        look("- accuracy: 0.0000001\n")


def test_a_paragraph_as_long_as_a_card_is_read() -> None:
    lines = ["the accuracy of 0.871 is " * 10 + "told" for _ in range(400)]
    lines[-1] += ", but accuracy is 0.5"

    found = look("- accuracy: 0.871\n\n" + "\n".join(lines) + "\n")

    assert found is not None
    assert [(each.figure.text, each.line) for each in found.against] == [("0.5", 402)]


def test_a_link_that_never_ends_is_read() -> None:
    lines = [f"[x]({' ' * 9000}" for _ in range(3)]

    assert look("- accuracy: 0.871\n\n" + "\n".join(lines) + "\n") is not None
