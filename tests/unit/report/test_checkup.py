import json

import pytest

from sluicegate.report.checkup import (
    Check,
    State,
    checkup_document,
    checkup_text,
)

FOUND = Check("git", State.FOUND, "2.39", "/usr/bin/git")
UNNEEDED = Check("docker", State.MISSING, advice="install it", is_needed=False)
WARNED = Check("database", State.WARNING, "9 days old")
LACKING = Check("trivy", State.MISSING, where="not on PATH", advice="get it")


def test_each_thing_is_a_line_with_its_advice_below() -> None:
    assert checkup_text("a.yaml", [FOUND, UNNEEDED, LACKING]).splitlines() == [
        "a.yaml",
        "ok  git     2.39  /usr/bin/git",
        "--  docker  missing, not needed",
        "            -> install it",
        "--  trivy   missing, needed  not on PATH",
        "            -> get it",
        "not ready: trivy",
    ]


@pytest.mark.parametrize(
    ("checks", "ready"),
    [
        ([FOUND], True),
        ([FOUND, UNNEEDED, WARNED], True),
        ([FOUND, LACKING], False),
    ],
)
def test_only_what_is_needed_and_missing_keeps_a_run_from_its_work(
    checks: list[Check], *, ready: bool
) -> None:
    document = json.loads(checkup_document("a.yaml", checks))
    last = checkup_text("a.yaml", checks).splitlines()[-1]

    assert document["ready"] is ready
    assert (last == "all that is needed is there") is ready


def test_what_a_terminal_would_obey_is_written_as_an_escape() -> None:
    check = Check("git", State.MISSING, where="\x1b[2J", advice="\x1b[2J")

    assert "\x1b" not in checkup_text("a.yaml", [check])
