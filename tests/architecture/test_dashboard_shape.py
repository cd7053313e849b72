"""The dashboard has the shape that Grafana's classic model demands.

Source:
    https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/
    view-dashboard-json-model/ ("Classic"), and kinds/dashboard/dashboard_kind.cue of
    github.com/grafana/grafana.
"""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sluicegate.cli import main

FILE = Path(__file__).parents[2] / "templates" / "grafana" / "sluicegate.json"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
TITLES = (
    *("Releases a week", "Lead time for changes", "Change failure rate"),
    *("Time to restore", "Gate failures by stage", "Canary aborts by cause"),
    *("Approval waiting time", "Cost per release", "Runs under way"),
    "Stage durations",
)


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dashboard()["panels"]
    return found


def test_the_command_prints_the_file() -> None:
    result = CliRunner().invoke(main, ["metrics", "dashboard"])

    assert result.exit_code == 0
    assert result.stdout == FILE.read_text()


def test_it_can_be_imported_anywhere() -> None:
    found = dashboard()

    assert found["id"] is None
    assert 8 <= len(found["uid"]) <= 40
    assert found["schemaVersion"] >= 38  # Grafana 10
    assert {"from", "to"} == found["time"].keys()


def test_it_asks_for_the_prometheus_to_use_and_names_none() -> None:
    first, *others = dashboard()["templating"]["list"]

    assert (first["type"], first["name"], first["query"]) == (
        *("datasource", "datasource"),
        "prometheus",
    )
    queried = [*others, *(panel for panel in panels() if panel["type"] != "row")]
    targets = [each for panel in queried for each in panel.get("targets", ())]
    assert all(each["datasource"] == DATASOURCE for each in (*queried, *targets))


def test_panels_have_numbers_of_their_own_and_letters_for_their_queries() -> None:
    numbers = [panel["id"] for panel in panels()]

    assert len(set(numbers)) == len(numbers)
    for panel in panels():
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters)
        assert panel["type"] in {"row", "stat", "timeseries"}
        assert bool(letters) is (panel["type"] != "row")
        assert panel["type"] == "row" or panel["description"]


def test_panels_lie_within_the_grid_and_none_on_another() -> None:
    places = [panel["gridPos"] for panel in panels()]

    for place in places:
        assert min(place.values()) >= 0
        assert place["x"] + place["w"] <= COLUMNS
    for one, other in combinations(places, 2):
        beside = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        )
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_it_has_what_was_promised() -> None:
    assert set(TITLES) <= {panel["title"] for panel in panels()}
