"""Unit tests of `sluicegate.config.change`."""

import pytest

from sluicegate.config.change import compare
from sluicegate.config.definition import definition_digest
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Table
from sluicegate.model.version import Bump

OLD = """\
schema: sluicegate/v1
name: churn_check_v1.0
pools: {gpu: 2}
stages:
  lint: {uses: ruff, needs: []}
  test: {uses: pytest, gate: ["test.failed == 0"], needs: [lint]}
  load: {uses: command, run: make load, needs: [test]}
audit: {retention: 400d}
"""


def read(text: str) -> Table:
    return parse_source(text.encode(), "s.yaml")


@pytest.mark.parametrize(
    ("old", "new", "bump", "said"),
    [
        ("make load", "make more", Bump.MINOR, "run of stage load is changed"),
        ("failed == 0", "failed < 9", Bump.MINOR, "gate of stage test is changed"),
        (
            "run: make load",
            "run: make load, when: git.tag != ''",
            Bump.MINOR,
            "when of stage load is new",
        ),
        (', gate: ["test.failed == 0"]', "", Bump.MINOR, "gate of stage test is gone"),
        ("gpu: 2", "gpu: 3", Bump.MINOR, "pools is changed"),
        ("pools: {gpu: 2}\n", "", Bump.MINOR, "pools is gone"),
        ("uses: ruff", "uses: hadolint", Bump.MAJOR, "uses of stage lint is changed"),
        (
            "needs: [test]",
            "needs: [lint]",
            Bump.MAJOR,
            "needs of stage load is changed",
        ),
        (
            "  load: {uses: command, run: make load, needs: [test]}\n",
            "",
            Bump.MAJOR,
            "stage load is gone",
        ),
        (
            "audit:",
            "  scan: {uses: trivy}\naudit:",
            Bump.MAJOR,
            "stage scan is new",
        ),
        ("  lint: {uses: ruff, needs: []}", "  lint:", Bump.MAJOR, "lint is changed"),
    ],
)
def test_each_change_needs_its_bump(old: str, new: str, bump: Bump, said: str) -> None:
    assert old in OLD

    change = compare(read(OLD), read(OLD.replace(old, new, 1)))

    assert change is not None
    assert change.needs is bump
    assert said in ", ".join(change.details)


def test_a_stage_in_another_place_needs_other_stages() -> None:
    stages = ["  a: {uses: ruff}\n", "  b: {uses: pytest}\n"]
    head = "schema: sluicegate/v1\nname: x_y_v1.0\nstages:\n"

    change = compare(read(head + "".join(stages)), read(head + "".join(stages[::-1])))

    assert change is not None
    assert change.needs is Bump.MAJOR


def test_a_major_change_outweighs_minor_ones() -> None:
    new = OLD.replace("make load", "make more").replace("uses: ruff", "uses: trivy")

    change = compare(read(OLD), read(new))

    assert change is not None
    assert change.needs is Bump.MAJOR
    assert len(change.details) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: churn_check_v1.0", "name: churn_check_v9.9"),
        ("retention: 400d", "retention: 600d"),
        ("schema:", "# a comment\nschema:"),
        ("uses: ruff, needs: []", "needs: [], uses: 'ruff'"),
        ("  test: {uses: pytest, ", "  test: {timeout: 30m, uses: pytest, "),
    ],
)
def test_there_is_a_change_only_where_the_digest_has_another_value(
    old: str, new: str
) -> None:
    before, after = read(OLD), read(OLD.replace(old, new, 1))

    is_same = definition_digest(before) == definition_digest(
        read(OLD.replace(old, new, 1).replace("_v9.9", "_v1.0"))
    )

    assert (compare(before, after) is None) is is_same
