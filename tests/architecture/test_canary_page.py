"""The figures and pictures in docs/canary.md are those of the judge as it is."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "canary.md"
IMAGES = ROOT / "docs" / "images"
BEGIN = "<!-- begin: python benchmarks/canary.py -->\n"
END = "<!-- end -->"


@pytest.fixture
def draw_canary(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that draws the pictures."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return import_module("draw_canary")


def test_the_page_shows_the_figures_of_the_last_benchmark() -> None:
    page = PAGE.read_text()
    shown = page.partition(BEGIN)[2].partition(END)[0]
    *tables, origin = shown.strip().split("\n\n")
    results = (ROOT / "benchmarks" / "results" / "canary.md").read_text()
    assert len(tables) == 4
    for part in (*tables, origin):
        assert part in results


def test_the_pictures_are_those_of_the_judge_as_it_is(draw_canary: ModuleType) -> None:
    drawn = draw_canary.render()

    stale = [
        name for name, data in drawn.items() if (IMAGES / name).read_bytes() != data
    ]
    assert stale == [], "python scripts/draw_canary.py"


def test_every_picture_is_shown_and_described(draw_canary: ModuleType) -> None:
    shown = re.findall(r"!\[[^]]{20,}\]\(images/([^)]+)\.svg\)", PAGE.read_text())

    assert sorted(shown) == sorted(draw_canary.STORIES)


def test_the_page_says_what_the_pictures_show(draw_canary: ModuleType) -> None:
    said = {
        name: draw_canary.tell(story)[1][-2].verdict.value
        for name, story in draw_canary.STORIES.items()
    }

    assert said == {
        "canary-promoted": "promote",
        "canary-aborted": "abort",
        "canary-outage": "promote",
        "canary-late": "abort",
        "canary-metrics": "abort",
        "canary-paused": "promote",
    }
