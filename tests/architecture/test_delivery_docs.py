"""The worked example of docs/delivery-metrics.md is what the command says."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from delivery_log import DEPLOYED, MONDAY, PROMOTED, ROLLED_BACK, Script
from released import Place, clock_of

PAGE = Path(__file__).parents[2] / "docs" / "delivery-metrics.md"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RESULTS = {"deployed": DEPLOYED, "promoted": PROMOTED, "rolled back": ROLLED_BACK}


def table(first: str) -> list[list[str]]:
    """The rows of the table on the page whose head begins with *first*."""
    lines = PAGE.read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def minute(text: str) -> float:
    """Minutes since Monday."""
    day, clock = text.split()
    hours, minutes = clock.split(":")
    return DAYS.index(day) * 1440 + int(hours) * 60 + int(minutes)


def commit(place: Place, at: float) -> str:
    """A commit that touches the service, made at that minute."""
    made = (MONDAY + timedelta(minutes=at)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    (place.service / "code").write_text(made)
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    for arguments in (("add", "-A"), ("commit", "-q", "-m", made)):
        subprocess.run(
            ["git", *identity, *arguments],
            cwd=place.folder,
            env={**os.environ, "GIT_COMMITTER_DATE": made},
            check=True,
        )
    return place.git("rev-parse", "HEAD")


def record(place: Place) -> None:
    """The week of the page."""
    script, live = Script(), None
    for name, committed, began, asked, let_in, traffic, ended, result in table(
        "release"
    ):
        run_id = name.replace(" ", "-")
        target = name.removeprefix("back to ")
        for at in filter(None, committed.split(", ")):
            script.commits[target] = commit(place, minute(at))
        back = None if target == name else target
        script.run(run_id, minute(began), target, rollback=back)
        if asked:
            script.ask(run_id, minute(asked), minute(let_in))
        times = (minute(let_in or began), minute(traffic), minute(ended))
        script.rollout(run_id, times, RESULTS[result], name=target, before=live)
        live = live if RESULTS[result] is ROLLED_BACK else target
    script.append_to(place.open_log())


def test_the_week_of_the_page_has_the_figures_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, clock_of(MONDAY))
    place.begin()
    record(place)
    place.enter(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    window = ("--since", "2024-05-06", "--until", "2024-05-12")

    said = place.sluice("metrics", *window).stdout

    rows = dict(re.findall(r"^  +([a-z ]+?)  +(\S.*)$", said, re.MULTILINE))
    shown = {row[0]: row[1] for row in table("figure | | because")}
    assert len(shown) == 8
    assert {name: rows.get(name) for name in shown} == shown, said
