"""`sluice metrics` and `sluice metrics cost`, on logs of real runs and written ones."""

import json
import os
import pty
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject, clean_environment
from delivery_log import DEPLOYED, MONDAY, PROMOTED, ROLLED_BACK, Script
from prometheus_client.parser import text_string_to_metric_families
from released import PIPELINE, Place, clock_of

from sluicegate.model.decision import Outcome

WEEK = ("--since", "2024-05-06", "--until", "2024-05-12")
COSTS = """\
costs:
  currency: EUR
  gpu_hour: 2.50
  machine_hour: 0.60
  stages: {lint: {gpu_hour: 4}}
environments:
  production: {target: {uses: docker, port: 8000}}
  standby: {target: {uses: docker, port: 8000}}
"""
PAGE = Path(__file__).parents[2] / "docs" / "delivery-metrics.md"


def week(place: Place) -> Script:
    """Two releases in production, a failed one, and a run that fails at its gate."""
    script = Script()
    for name in ("v1", "v2", "v3"):
        script.commits[name] = place.commit(name, f"churn/{name}")
    script.run("R1", 0, "v1")
    script.stage("R1", 0, 30, "lint", gpu=2)
    script.rollout("R1", (40, 41, 60), DEPLOYED, name="v1")
    script.stage("R1", 40, 20, "canary")
    script.run("R2", 100, "v2")
    script.stage("R2", 100, 10, "test", Outcome.CLOSED)
    script.end("R2", 111, Outcome.CLOSED)
    script.run("R3", 200, "v2")
    script.ask("R3", 205, 265)
    script.rollout("R3", (266, 270, 300), PROMOTED, name="v2", before="v1")
    script.run("R4", 400, "v3")
    script.rollout("R4", (401, 402, 420), ROLLED_BACK, name="v3", before="v2")
    return script


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A project with that week in its log."""
    place = Place(tmp_path, clock_of(MONDAY))
    place.begin()
    (place.service / "sluicegate.yaml").write_text(PIPELINE + COSTS)
    week(place).append_to(place.open_log())
    place.enter(monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    return place


def said(place: Place, *arguments: str, code: int = 0) -> str:
    result = place.sluice("metrics", *arguments)
    assert result.exit_code == code, result.output
    return result.output


def document(place: Place, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        place.sluice("metrics", *arguments, "--json").stdout
    )
    return found


def test_an_environment_has_its_figures_each_with_its_count(place: Place) -> None:
    text = said(place, *WEEK)

    assert re.search(r"releases +2, 2.0 a week", text)
    assert re.search(r"change failure rate +33.3 %: 1 of 3, 1 aborted", text)
    assert re.search(r"time to restore +18 min 00 s \(1 failure\)", text)
    assert re.search(r"approvals +1 h 00 min \(1 entry\)", text)
    assert re.search(r"cost of a release +2\.30 EUR, 30\.0 GPU-minutes", text)
    assert re.search(r"test +1 +1 +0 +0", text)
    assert "verified with" in text


def test_every_week_has_a_row_and_an_empty_one_no_numbers(place: Place) -> None:
    text = said(place, "--since", "2024-05-06", "--until", "2024-05-19", "--by", "week")

    rows = [line.split() for line in text.splitlines() if line.startswith("2024")]
    assert rows[0][:3] == ["2024-05-06", "production", "2"]
    assert rows[1] == ["2024-05-13", "production", "0", "-", "-", "-"]


def test_a_narrow_terminal_gets_every_row_below_the_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "44")

    for arguments in (WEEK, (*WEEK, "--by", "day"), ("cost", *WEEK)):
        lines = said(place, *arguments).split("verified")[0].splitlines()
        assert max(map(len, lines)) <= 44


def test_a_window_without_a_release_says_so_and_shows_no_rate(place: Place) -> None:
    text = said(place, "--since", "2024-05-09", "--until", "2024-05-10")

    assert "production\n  no release in this window" in text
    assert "%" not in text


def test_a_window_before_the_log_says_so(place: Place) -> None:
    text = said(place, "--since", "2023-01-01", "--until", "2023-01-31")

    assert "no release in this window: the log says nothing of it" in text


def test_a_log_that_begins_within_the_window_says_since_when(place: Place) -> None:
    text = said(place, "--since", "2024-04-01", "--until", "2024-05-12")

    assert "the log begins on 2024-05-06 00:00:00Z only" in text
    assert "2, 2.0 a week" in text


def test_an_environment_that_only_the_file_has_is_no_mistake(place: Place) -> None:
    text = said(place, *WEEK, "--environment", "standby")

    assert "standby\n  no release in this window" in text


def test_a_slip_in_a_name_is_told_with_those_that_there_are(place: Place) -> None:
    text = said(place, *WEEK, "--environment", "prodction", code=2)

    assert "no environment is called 'prodction' (did you mean production?)" in text
    assert "known are: production, standby; those of the log and of the" in text
    text = said(place, *WEEK, "--service", "chrun", code=2)
    assert "no service is called 'chrun' (did you mean churn?)" in text
    assert "known are: churn; those of the log\n" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--last", "30"), "no length of time"),
        (("--last", "0d"), "no length of time"),
        (("--last", "3d", "--since", "2024-05-06"), "both say when it begins"),
        (("--since", "2024-05-09", "--until", "2024-05-06"), "ends before it begins"),
        (("--prometheus", "--by", "week"), "has no --by"),
        (("--prometheus", "--environment", "production"), "has no --environment"),
        (("--textfile", "x.prom", "--environment", "production"), "each is a label"),
        (("--json", "--textfile", "x.prom"), "leave --json out"),
        (("--textfile", "x.txt"), "does not read a file called x.txt"),
        (("--json", "cost"), "Write options behind 'cost'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    place: Place, arguments: tuple[str, ...], words: str
) -> None:
    assert words in said(place, *arguments, code=2)


def test_a_log_that_was_changed_is_no_source_of_figures(place: Place) -> None:
    for bundle in (place.audit / "tile/entries").rglob("*.p/*"):
        bundle.chmod(0o644)
        bundle.write_bytes(bundle.read_bytes().replace(b"rolled_back", b"promoted_it"))

    for arguments in ((), ("--json",), ("--prometheus",), ("cost",)):
        result = place.sluice("metrics", *arguments)
        assert (result.exit_code, result.stdout) == (5, "")


def test_costs_are_by_the_rates_of_the_file_whatever_came_of_the_runs(
    place: Place,
) -> None:
    text = said(place, "cost", *WEEK)

    # lint: an hour of GPUs at 4 and half an hour of a machine at 0.60.
    assert re.search(r"lint +1 +30 min 00 s +60\.0 +4\.30 +93 %", text)
    assert re.search(r"test +1 +10 min 00 s +0\.0 +0\.10 +2 %", text)
    assert re.search(r"total +2 +1 h 00 min +60\.0 +4\.60 +100 %", text)


@pytest.mark.parametrize("by", ["stage", "run", "environment", "week"])
def test_all_ways_to_add_up_have_the_same_total(place: Place, by: str) -> None:
    found = document(place, "cost", *WEEK, "--by", by)

    assert found["total"]["money"] == "4.600000"
    assert sum(float(row["money"]) for row in found["rows"]) == pytest.approx(4.6)
    assert sum(row["gpu_ms"] for row in found["rows"]) == 3_600_000


def test_what_released_nowhere_belongs_to_no_environment(place: Place) -> None:
    found = document(place, "cost", *WEEK, "--by", "environment")

    assert {row["environment"]: row["money"] for row in found["rows"]} == {
        "production": "4.500000",
        None: "0.100000",
    }


def test_without_rates_there_are_minutes_and_a_hint(place: Place) -> None:
    (place.service / "sluicegate.yaml").write_text(PIPELINE)

    text = said(place, "cost", *WEEK)

    assert "no rates, so no money: write them into the pipeline file" in text
    assert "EUR  " not in text
    assert document(place, "cost", *WEEK)["total"]["money"] is None


def test_a_rate_of_a_stage_that_is_not_there_is_a_mistake_with_its_line(
    place: Place,
) -> None:
    file = place.service / "sluicegate.yaml"
    file.write_text(file.read_text().replace("{lint: {gpu_hour: 4}}", "{lnit: {}}"))

    text = said(place, "cost", code=2)

    assert (
        "sluicegate.yaml:10: costs.stages.lnit: no stage 'lnit' (did you mean" in text
    )


def test_the_documents_have_the_keys_that_the_page_names(place: Place) -> None:
    figures, costs = document(place, *WEEK), document(place, "cost", *WEEK)

    page = PAGE.read_text().split("## For programs")[1].split("\n## ")[0]
    first, second = page.split("| key of `sluice metrics cost --json`")
    for text, found in ((first, figures), (second, costs)):
        named = {"start", "end", *re.findall(r"`([a-z_]+[0-9]*(?:_[a-z]+)*)`", text)}
        assert _keys(found) <= named, _keys(found) - named


def _keys(found: Any) -> set[str]:  # noqa: ANN401 - JSON
    if isinstance(found, list):
        return set().union(*map(_keys, found))
    if not isinstance(found, dict):
        return set()
    own = {key for key in found if key not in {"evidence", "unhealthy"}}
    return own.union(*map(_keys, found.values()))


def test_prometheus_reads_what_is_printed_and_what_is_written(
    place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "sluice.prom"
    printed = place.sluice("metrics", "--last", "1000w", "--prometheus").stdout
    assert said(place, "--last", "1000w", "--textfile", str(file)) == f"wrote {file}\n"

    families = {
        family.name: family.samples
        for text in (printed, file.read_text())
        for family in text_string_to_metric_families(text)
    }

    assert file.stat().st_mode & 0o777 == 0o644
    (releases,) = families["sluice_delivery_releases"]
    assert releases.labels == {"log": "log.example/churn", "environment": "production"}
    assert releases.value == 2
    names = re.findall(r"`(sluice_[a-z_]+)`", PAGE.read_text())
    assert set(families) <= set(names)


def test_metrics_of_one_service_are_told_from_those_of_all(place: Place) -> None:
    text = place.sluice("metrics", "--service", "churn", "--prometheus").stdout

    samples = [s for f in text_string_to_metric_families(text) for s in f.samples]
    assert {sample.labels.get("service") for sample in samples} == {"churn"}


def test_text_from_a_log_cannot_draw_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, clock_of(MONDAY))
    place.begin()
    script = Script()
    evil = "\x1b[2Jprod\u202e"
    script.run("R1", 0)
    script.stage("R1", 0, 5, evil)
    script.rollout("R1", (1, 2, 3), ROLLED_BACK, environment=evil, cause=evil)
    script.append_to(place.open_log())
    place.enter(monkeypatch)

    for arguments in (WEEK, (*WEEK, "--by", "week"), ("cost", *WEEK)):
        text = said(place, *arguments)
        assert "\\x1b[2Jprod\\u202e" in text
        assert "\x1b" not in text


def test_colours_are_for_terminals_alone(place: Place) -> None:
    assert "\x1b[" not in said(place, *WEEK)
    home = {f"XDG_{v.upper()}_HOME": str(place.home / v) for v in ("config", "state")}
    environ = clean_environment(place.home, TERM="xterm", **home)
    for no_colour, is_styled in (("", True), ("1", False)):
        main, ours = pty.openpty()
        subprocess.run(
            ["python", "-m", "sluicegate", "metrics", *WEEK],
            cwd=place.service,
            env={**environ, "NO_COLOR": no_colour},
            stdout=ours,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        os.close(ours)
        shown = os.read(main, 1 << 16).decode()
        os.close(main)
        assert ("\x1b[1m" in shown) is is_styled


def test_a_folder_without_a_log_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    place.begin()
    place.enter(monkeypatch)

    text = said(place, code=2)

    assert "there is no" in text


def test_a_clone_that_lacks_the_commits_leaves_them_out_and_says_so(
    place: Place,
) -> None:
    place.git("checkout", "-q", "--orphan", "new")
    place.git("branch", "-D", "-q", "main")
    place.git("reflog", "expire", "--expire=now", "--all")
    place.git("gc", "-q", "--prune=now")

    text = said(place, *WEEK)

    assert re.search(r"lead time +no commit in this window", text)
    assert "without 2 releases whose commits are not in this clone" in text
    assert re.search(r"since its run +median", text)
    lead = document(place, *WEEK)["groups"][0]["lead_time"]
    assert (lead["since_commit"], lead["releases_without_commits"]) == (None, 2)


PLAIN = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  good: {uses: command, run: "true", resources: {gpu: 2}}
  bad: {uses: command, run: "false", needs: []}
costs: {currency: EUR, gpu_hour: 1000, machine_hour: 1}
"""


def test_a_real_run_is_in_the_figures(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PLAIN})
    project.sluice("run", check=1)
    project.sluice("run", check=1)

    text = project.sluice("metrics", check=0).stdout
    costs = project.document("metrics", "cost", "--by", "run", check=0)

    assert "no release in this window" in text
    rows = {line.split()[0]: line.split()[1:3] for line in text.splitlines()[-2:]}
    assert rows["bad"] == ["2", "2"]
    assert [row["outcome"] for row in costs["rows"]] == ["closed", "closed"]
    entries = [e for e in project.entries() if e["type"] == "stage.finished"]
    paid = [e for e in entries if "cached" not in e]
    assert 3 <= len(paid) < 5
    walls = sum(e["resources"]["wall_ms"] for e in paid)
    gpus = sum(
        e["resources"]["wall_ms"] * e.get("declared", {}).get("gpu", 0) for e in paid
    )
    assert costs["total"]["machine_ms"] == walls
    assert costs["total"]["gpu_ms"] == gpus > 0
    assert timedelta(milliseconds=walls) < timedelta(minutes=10)


def test_a_window_that_lasts_into_the_future_is_known_up_to_now(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PLAIN})
    project.sluice("run", check=1)

    found = project.document("metrics", "--until", "2999-12-31", check=0)

    assert found["window"]["end"] == "3000-01-01T00:00:00.000Z"
    assert found["known"]["end"] < "2999"
