import pytest

from sluicegate.config.github.workflow_source import parse_workflow_source
from sluicegate.config.tree import Leaf, Table, child
from sluicegate.errors import UsageError


def test_anchors_and_aliases_stand_for_what_they_name() -> None:
    root = parse_workflow_source(b"a: &x {k: v}\nb: *x\n", "w.yml")

    second = child(root, "b")
    assert isinstance(second, Table)
    assert child(second, "k") == Leaf(1, "v")


def test_every_value_is_text() -> None:
    root = parse_workflow_source(b"on: 010\nb: true\nc:\n", "w.yml")

    assert [child(root, key) for key in ("on", "b", "c")] == [
        Leaf(1, "010"),
        Leaf(2, "true"),
        Leaf(3, ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "w.yml:2: not YAML"),
        ("a: 1\nb: 2\na: 3", "w.yml:3: key 'a' is given twice"),
        ("a: 1\nb: *x", "w.yml:2: *x stands for nothing"),
        ("a: !x 1", "w.yml:1: tags"),
        ("- a", "not a workflow"),
        ("", "not a workflow"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("[a]: 1", "a key must be one word"),
        ("a: \x07", "control character"),
        ("a: " + "[" * 60 + "]" * 60, "nested deeper"),
        ("a: &a [*a]", "stands for nothing"),
        ("a: 1" + " " * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_what_github_would_not_read_is_refused_with_its_line(
    text: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_workflow_source(text.encode(), "w.yml")

    assert said in str(caught.value)


def test_aliases_of_aliases_cannot_stand_for_gigabytes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    with pytest.raises(UsageError, match="more than 50000 values"):
        parse_workflow_source("\n".join(lines).encode(), "w.yml")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UsageError, match="not UTF-8"):
        parse_workflow_source(b"a: \xff", "w.yml")
