import json

import pytest

from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.report.github.setup import (
    conclude,
    is_ready,
    setup_document,
    setup_text,
)

FINE = HostCheck("releases", Standing.FINE, "releases are immutable")
BAD = HostCheck(
    "pinned actions",
    Standing.PROBLEM,
    "1 is not",
    "tags move",
    "uses: a/b@X\nuses: c/d@Y",
    (Place("a.yml", 3, "a/b@v1"), Place("b.yml", 0)),
)
DARK = HostCheck("token", Standing.UNKNOWN, "who knows")


def test_a_check_says_what_is_so_where_why_and_what_to_do() -> None:
    assert setup_text("acme/x", [FINE, BAD]).splitlines() == [
        "acme/x",
        "ok  releases: releases are immutable",
        "--  pinned actions: 1 is not",
        "    a.yml:3  a/b@v1",
        "    b.yml",
        "    why: tags move",
        "    fix: uses: a/b@X",
        "         uses: c/d@Y",
        "1 problem",
    ]


@pytest.mark.parametrize(
    ("checks", "ready", "words"),
    [
        ([FINE], True, "all that was looked at is fine"),
        ([FINE, BAD, BAD], False, "2 problems"),
        ([DARK], False, "1 thing unknown"),
        ([BAD, DARK, DARK], False, "1 problem, 2 things unknown"),
        ([HostCheck("x", Standing.WARNING, "y")], True, "1 warning"),
        ([HostCheck("x", Standing.NOTE, "y")], True, "all that was looked at is fine"),
    ],
)
def test_the_last_line_never_calls_the_unknown_fine(
    checks: list[HostCheck],
    ready: bool,  # noqa: FBT001 - pytest's way
    words: str,
) -> None:
    assert is_ready(checks) is ready
    assert conclude(checks) == words


def test_of_many_places_the_first_are_shown_and_all_are_in_the_document() -> None:
    places = tuple(Place("a.yml", line) for line in range(1, 41))
    check = HostCheck("x", Standing.PROBLEM, "y", places=places)

    document = json.loads(setup_document("a", [check], repository=None))

    assert "    and 28 more" in setup_text("a", [check]).splitlines()
    assert len(document["checks"][0]["places"]) == 40
    assert document["settings_read"] is document["ready"] is False


def test_what_a_terminal_would_obey_is_written_as_an_escape() -> None:
    evil = "\x1b[2J"
    check = HostCheck(evil, Standing.NOTE, evil, evil, evil, (Place(evil, 1, evil),))

    assert "\x1b" not in setup_text(evil, [check])
