"""Every query of the Grafana dashboard, answered by a real Prometheus.

It scrapes a node exporter that reads what `sluice metrics --textfile` wrote of a real
log and what a real run wrote of itself, and the page of a run with a rollout under way.
"""

import http.client
import json
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from delivery_log import (
    DEPLOYED,
    MONDAY,
    PROMOTED,
    ROLLED_BACK,
    Script,
    moment,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_service import Prometheus, await_until, node_exporter, serving
from released import PIPELINE, Place, clock_of
from rollout_events import STARTED, weight
from run_events import RUN_ID, at, begin, planned, started
from typing_extensions import override

from sluicegate.adapters.prometheus.page import page_of
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import ReleaseRequested
from sluicegate.report.prometheus.run_metrics import RunMetrics

DASHBOARD = Path(__file__).parents[2] / "templates/grafana/sluicegate.json"
WEEK = ("--since", "2024-05-06", "--until", "2024-05-12")
COSTS = "costs: {currency: EUR, gpu_hour: 2.50, machine_hour: 0.60}\n"
RUNS = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  check: {uses: command, run: "python3 -c 'sum(range(10**7))'"}
"""


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def targets() -> list[tuple[str, str]]:
    """Title and expression of every query."""
    return [
        (panel["title"], target["expr"])
        for panel in dashboard()["panels"]
        for target in panel.get("targets", ())
    ]


def write_log_page(place: Place, file: Path) -> None:
    """What `sluice metrics` says of a log in which everything happened."""
    script = Script()
    for name in ("v1", "v2", "v3", "v4"):
        script.commits[name] = place.commit(name, f"churn/{name}")
    script.run("R1", 0, "v1")
    script.stage("R1", 0, 30, "train", gpu=2)
    script.rollout("R1", (40, 41, 60), DEPLOYED, name="v1")
    script.run("R2", 100, "v2")
    script.stage("R2", 100, 10, "test", Outcome.CLOSED)
    script.run("R3", 200, "v2")
    script.ask("R3", 205, 265)
    script.rollout("R3", (266, 270, 300), PROMOTED, name="v2", before="v1")
    script.run("R4", 400, "v3")
    script.rollout("R4", (401, 402, 420), ROLLED_BACK, name="v3", before="v2")
    script.run("R5", 500, "v4")
    script.ask("R5", 505)
    script.append_to(place.open_log())
    result = place.sluice("metrics", *WEEK, "--textfile", str(file))
    assert result.exit_code == 0, result.output


def write_run_page(root: Path, file: Path) -> None:
    """What a run with the command writes."""
    project = CliProject.make(root, {"sluicegate.yaml": RUNS})
    project.sluice("run", "--metrics-textfile", str(file), check=0)


def rollout_page() -> str:
    """What a run shows that waits for people in one stage, and rolls out in another."""
    stages = planned("check"), planned("canary", "check"), planned("other")
    begun = started(*stages, pipeline="churn_release_v1.0")
    seen = RunMetrics(RUN_ID, "0", begun, {"canary": ("production", {})})
    digest = Digest.of(b"")
    asked = ReleaseRequested("other", "eu", digest, digest, moment(0), moment(9))
    for event in (begin("canary"), begin("other"), asked, STARTED, weight(5, 1)):
        seen.see(event, at(1))
    return page_of(seen.metrics(at(60))).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the node exporter reads."""
    folder = tmp_path_factory.mktemp("textfiles")
    place = Place(tmp_path_factory.mktemp("log"), clock_of(MONDAY))
    place.begin()
    (place.service / "sluicegate.yaml").write_text(PIPELINE + COSTS)
    with pytest.MonkeyPatch.context() as patch:
        place.enter(patch)
        write_log_page(place, folder / "log.prom")
    write_run_page(tmp_path_factory.mktemp("run"), folder / "run.prom")
    return folder


@pytest.fixture(scope="module")
def server(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that has scraped all of them."""
    with ExitStack() as stack:
        node = stack.enter_context(node_exporter(folder))
        live = stack.enter_context(serving(_handler(rollout_page())))
        targets = (node, f"127.0.0.1:{live}")
        found = Prometheus(tmp_path_factory.mktemp("prometheus"), targets)
        found.start()
        stack.callback(found.kill)
        await_until(lambda: len(ask(found, "up == 1")) == 2, "both to be scraped")
        yield found


def _handler(page: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def get(server: Prometheus, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with closing(connection):
        connection.request("GET", f"{path}?{urllib.parse.urlencode(query)}")
        document = json.loads(connection.getresponse().read())
    assert document["status"] == "success", document
    return document["data"]


def ask(server: Prometheus, expression: str) -> list[dict[str, Any]]:
    """The series that *expression* has now."""
    found: list[dict[str, Any]] = get(server, "/api/v1/query", query=expression)[
        "result"
    ]
    return found


def fill(expression: str) -> str:
    """With all variables as Grafana fills them in for *All*."""
    return expression.replace("$log", ".*").replace("$environment", ".*")


@pytest.mark.parametrize(("title", "expression"), targets())
def test_every_query_of_the_dashboard_has_data(
    server: Prometheus, title: str, expression: str
) -> None:
    found = ask(server, fill(expression))

    assert found, title
    assert all(each["value"][1] not in {"NaN", "+Inf", "-Inf"} for each in found)


def _number(server: Prometheus, title: str, **labels: str) -> float:
    """The first number that the panel shows with these labels."""
    queries = [expr for name, expr in targets() if name == title]
    for each in ask(server, fill(queries[0])):
        if labels.items() <= each["metric"].items():
            return float(each["value"][1])
    raise AssertionError(title, labels)


def test_the_panels_show_what_the_log_says(server: Prometheus) -> None:
    here = {"environment": "production"}

    assert _number(server, "Releases a week", **here) == pytest.approx(2)
    assert _number(server, "Change failure rate", **here) == pytest.approx(1 / 3)
    assert _number(server, "Time to restore", **here) == 18 * 60
    assert _number(server, "Gate failures by stage", stage="test") == 1
    assert _number(server, "Part of gates that closed", stage="test") == 1
    assert _number(server, "Canary aborts by cause", cause="evidence") == 1
    assert _number(server, "Approval waiting time", **here) == 3600
    assert _number(server, "Waiting now", **here) == 1
    # An hour of GPUs at 2.50, 40 minutes of machines at 0.60, for two releases.
    cost = _number(server, "Cost per release", **here, currency="EUR")
    assert cost == pytest.approx((2.50 + 0.40) / 2)
    assert _number(server, "GPU-hours by stage", stage="train") == pytest.approx(1)


def test_the_panels_show_what_runs_do_now(server: Prometheus) -> None:
    churn = {"pipeline": "churn_release_v1.0"}

    assert _number(server, "Runs under way", **churn) == 1
    assert _number(server, "Waiting for people", **churn, environment="eu") == 1
    assert _number(server, "Weight of the canary", **churn) == pytest.approx(0.05)
    real = {"pipeline": "churn_check_v1.0", "stage": "check"}
    assert _number(server, "Stage durations", **real) >= 0
    assert _number(server, "Runs under way", pipeline="churn_check_v1.0") == 0


def test_variables_offer_what_there_is(server: Prometheus) -> None:
    offered = {}
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            form = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
            assert form is not None
            path = f"/api/v1/label/{form[2]}/values"
            offered[variable["name"]] = get(server, path, **{"match[]": form[1]})

    assert offered == {"log": ["log.example/churn"], "environment": ["production"]}


def test_the_lead_time_is_since_the_run_where_no_commit_is_known(
    server: Prometheus,
) -> None:
    expression = next(e for title, e in targets() if title == "Lead time for changes")
    alone = fill(expression).replace('since="commit"', 'since="nothing"')

    (by_commit,), (by_run,) = ask(server, fill(expression)), ask(server, alone)

    assert by_commit["metric"]["since"] == "commit"
    assert by_run["metric"]["since"] == "run"


def test_the_files_of_a_log_and_of_a_run_do_not_stand_in_each_others_way(
    server: Prometheus,
) -> None:
    (found,) = ask(server, "node_textfile_scrape_error")

    assert found["value"][1] == "0"


def test_no_panel_names_a_metric_that_nobody_writes(folder: Path) -> None:
    pages = [rollout_page(), *(file.read_text() for file in folder.iterdir())]
    written = {
        family.name for page in pages for family in text_string_to_metric_families(page)
    }
    named = {
        name
        for _, expression in targets()
        for name in re.findall(r"sluice_[a-z_]+", expression)
    }

    assert named <= written
    assert len(named) > 20
