"""What is taken out of the shipped workflows before act reads them: this, no more."""

from pathlib import Path

import pytest
from act.transform import Change, forgive, transform

from sluicegate.detect.github.files import Mode, Plan, build_github_files
from sluicegate.detect.github.setup import Destination, Setup

ROOT = Path(__file__).parents[2]
QUEUE = "queue: max"
LENT = "deployment: false"
PLAN = Plan(
    mode=Mode.FULL,
    setups=(
        Setup(
            service="",
            config="sluicegate.yaml",
            test=("test",),
            build=("build",),
            scan=("scan",),
            image="ghcr.io/acme/shop",
            destinations=(Destination("production", is_here=True),),
            log="refs/heads/sluicegate-audit",
            keeps_log=True,
        ),
    ),
    has_files=True,
    branch="main",
    commit="c" * 40,
    version="1",
)


def changed(text: str) -> list[tuple[str, str | None]]:
    found = transform(text, "acme/action@c0ffee")[1]
    return [(change.was.partition(" #")[0], change.became) for change in found]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sluice-test", [("uses: $/", "uses: acme/action@c0ffee")]),
        ("sluice-build", [("uses: $/", "uses: acme/action@c0ffee")]),
        ("sluice-scan", [("uses: $/", "uses: acme/action@c0ffee")]),
        (
            "sluice-record",
            [
                ("- uses: $/", "- uses: acme/action@c0ffee"),
                (LENT, None),
                ("uses: $/", "uses: acme/action@c0ffee"),
            ],
        ),
    ],
)
def test_reusable_workflows_run_as_they_are_but_for_their_own_name(
    name: str, changes: list[tuple[str, str | None]]
) -> None:
    assert changed((ROOT / f".github/workflows/{name}.yml").read_text()) == changes


def test_the_workflows_of_users_run_as_they_are_but_for_the_newest_words() -> None:
    folder = ROOT / "templates/github"
    templates = {path.name: path.read_text() for path in folder.iterdir()}
    found = {
        Path(file.path).name: changed(file.text)
        for file in build_github_files(PLAN, templates)
        if "/workflows/" in file.path
    }
    assert found == {
        "release.yml": [],
        "approve.yml": [
            (LENT, None),
            (QUEUE, None),
            (
                "uses: $/.github/workflows/rollout.yml",
                "uses: ./.github/workflows/rollout.yml",
            ),
        ],
        "rollout.yml": [(LENT, None), (QUEUE, None)],
        "audit.yml": [(LENT, None), (QUEUE, None)],
    }


@pytest.mark.parametrize("name", ["sluice-test", "sluice-build", "sluice-scan"])
def test_a_job_that_says_no_may_be_let_go_on_and_nothing_else_is_changed(
    name: str,
) -> None:
    text = (ROOT / f".github/workflows/{name}.yml").read_text()
    more = [line for line in forgive(text).splitlines() if line not in text]
    assert more == ["        continue-on-error: true"]


def test_all_other_lines_stay_where_they_are() -> None:
    text = "a:\n  queue: max\n  b: 'queue: max'\n    deployment: false # why\n  c: $/\n"
    kept, changes = transform(text, "x@y")
    assert kept == "a:\n  b: 'queue: max'\n  c: $/\n"
    assert changes == [Change(2, QUEUE, None), Change(4, f"{LENT} # why", None)]
