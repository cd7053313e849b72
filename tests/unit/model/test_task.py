"""Unit tests of `sluicegate.model.task`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.model.task import is_task_of, parse_labels, task_id, write_labels

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)
VALUES = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
LABELS = st.dictionaries(NAMES, VALUES, max_size=3)
ATTEMPTS = st.integers(1, 99)


def test_a_task_is_named_by_its_run_labels_stage_and_attempt() -> None:
    assert task_id("R", {}, "test", 1) == "R/test/1"
    assert task_id("R", {"py": "3.12", "os": "linux"}, "test", 2) == (
        "R/os=linux,py=3.12/test/2"
    )


@given(LABELS, LABELS, NAMES, NAMES, ATTEMPTS, ATTEMPTS)
def test_no_two_tasks_of_a_matrix_have_the_same_id(
    one: dict[str, str], other: dict[str, str], a: str, b: str, first: int, second: int
) -> None:
    same = (one, a, first) == (other, b, second)

    assert (task_id("R", one, a, first) == task_id("R", other, b, second)) is same


@given(LABELS, NAMES, ATTEMPTS, ATTEMPTS)
def test_a_task_id_is_known_again(
    labels: dict[str, str], stage: str, attempt: int, other: int
) -> None:
    text = task_id("R", labels, stage, attempt)

    assert is_task_of(text, "R", stage)
    assert is_task_of(text, "R", stage, attempt)
    assert is_task_of(text, "R", stage, other) is (attempt == other)
    assert not is_task_of(text, "Q", stage)
    assert not is_task_of(text + "0x", "R", stage)


@given(LABELS)
def test_labels_read_back_as_they_are_written(labels: dict[str, str]) -> None:
    texts = tuple(write_labels(labels).split(",")) if labels else ()

    assert parse_labels(texts) == labels


@pytest.mark.parametrize("text", ["", "os", "os=", "OS=linux", "os=a/b", "os=a,b=c"])
def test_what_is_no_label_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_labels((text,))

    assert "name=value" in str(refused.value.hint)


def test_a_label_is_given_once() -> None:
    with pytest.raises(UsageError, match="twice"):
        parse_labels(("os=linux", "os=macos"))


def test_a_label_that_holds_a_credential_is_refused_and_not_repeated() -> None:
    token = "ghp_" + "a1B2" * 9

    with pytest.raises(UsageError, match="label 'who' looks like a credential") as no:
        parse_labels((f"who={token}",))

    assert token not in f"{no.value} {no.value.hint}"
