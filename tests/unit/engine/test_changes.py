"""Unit tests of `sluicegate.engine.changes`."""

import pytest

from sluicegate.engine.changes import describe_changes, find_changes
from sluicegate.model.digest import Digest
from sluicegate.model.tool import Tool


def tool(name: str, version: str, content: str = "") -> Tool:
    return Tool(name, (name,), version, Digest.of(content.encode()), "a test")


def test_parts_that_differ_are_found_with_the_most_telling_first() -> None:
    before = {"files": "1", "commit": "1", "date": "1", "definition": "1"}
    now = {"files": "2", "commit": "2", "date": "1", "definition": "1", "labels": "x"}

    assert find_changes(before, now) == ("files", "labels", "commit")
    assert find_changes(now, before) == ("files", "labels", "commit")


def test_a_part_that_a_later_version_has_is_told_by_its_own_name() -> None:
    assert find_changes({}, {"weather": "1"}) == ("weather",)
    assert describe_changes(("weather",), (), ()) == "weather changed"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("files",), "files changed"),
        (("files", "commit"), "files and commit changed"),
        (
            ("definition", "files", "upstream"),
            "definition, files and what earlier stages hand over changed",
        ),
    ],
)
def test_changes_are_said_in_one_sentence(changed: tuple[str, ...], said: str) -> None:
    assert describe_changes(changed, (), ()) == said


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([tool("ruff", "0.4")], [tool("ruff", "0.5")], "ruff 0.4 is now 0.5"),
        (
            [tool("ruff", "0.4", "a")],
            [tool("ruff", "0.4", "b")],
            "ruff 0.4 is another file than before",
        ),
        (
            [tool("project-python", "3.11", "a")],
            [tool("project-python", "3.11", "b")],
            "the packages of the project's Python changed",
        ),
        ([], [tool("trivy", "0.59")], "trivy is new"),
        ([tool("trivy", "0.59")], [], "trivy is not used any more"),
        ([], [], "tools changed"),
    ],
)
def test_tools_are_told_one_by_one(
    before: list[Tool], now: list[Tool], said: str
) -> None:
    assert describe_changes(("tools",), before, now) == said
    assert describe_changes(("tools", "date"), before, now) == f"date changed; {said}"
