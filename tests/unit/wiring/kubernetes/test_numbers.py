"""Unit tests of `sluicegate.wiring.kubernetes.numbers` and of the command for it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from fakes import START, FakeClock
from kube_pipeline import PUBLISHED
from prometheus_service import matrix, serving
from typing_extensions import override

from sluicegate.canary.standalone import Judge
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import TransientError, UsageError
from sluicegate.wiring.judging import judge_file
from sluicegate.wiring.kubernetes import numbers
from sluicegate.wiring.kubernetes.exporting import build_recipe, left_out
from sluicegate.wiring.kubernetes.numbers import append_numbers
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

SLOW = {"kind": "latency", "edges": ["250ms"], "slo": "250ms"}


class World:
    """A project whose Prometheus has counted so much by now."""

    def __init__(
        self, folder: Path, url: str, clock: FakeClock | None = None, **canary: object
    ) -> None:
        self.file = folder / "numbers.jsonl"
        self.clock = clock or FakeClock()
        target = {
            "uses": "argo-rollouts",
            "cluster": {"context": "prod"},
            "namespace": "shop",
            "rollout": "shop",
            "counts": {"uses": "istio", "url": url},
        }
        stage = {"uses": "canary", "environment": "production", **canary}
        pipeline = {
            "schema": "sluicegate/v1",
            "name": "shop_release_v1.0",
            "stages": {**PUBLISHED, "roll": stage},
            "environments": {
                "production": {"target": target},
                "here": {"target": {"uses": "docker", "port": 8000}},
            },
        }
        (folder / PIPELINE_FILE).write_text(json.dumps(pipeline))
        machine = Machine(environ={"HOME": str(folder)})
        self.project = Project(machine, folder / PIPELINE_FILE)

    def count(self) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Machine, "clock", self.clock)
            return append_numbers(
                self.project, "production", self.file, "shop", "shop-canary"
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()]


Served = Callable[[], dict[str, tuple[int, int]]]


@contextmanager
def prometheus(clock: Callable[[], datetime], served: Served) -> Iterator[str]:
    """Answers with what was *served* by now: all and failed requests of each arm."""
    samples: dict[tuple[str, str], list[list[object]]] = {}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                body = matrix(*(_series(*which, found) for which, found in add()))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    def add() -> list[tuple[tuple[str, str], list[list[object]]]]:
        now = clock().timestamp()
        for arm, (total, failed) in served().items():
            for code, number in (("200", total - failed), ("500", failed)):
                found = samples.setdefault((arm, code), [])
                if not found or found[-1][0] != now:
                    found.append([now, str(number)])
        return list(samples.items())

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}"


def _series(
    arm: str, code: str, samples: list[list[object]]
) -> tuple[dict[str, str], list[list[object]]]:
    labels = {
        "__name__": "istio_requests_total",
        "reporter": "source",
        "destination_service_namespace": "shop",
        "destination_service_name": arm,
        "response_code": code,
    }
    return labels, samples


@contextmanager
def world(
    folder: Path, served: dict[str, tuple[int, int]], **canary: object
) -> Iterator[World]:
    clock = FakeClock()
    with prometheus(clock.now, lambda: served) as url:
        yield World(folder, url, clock, **canary)


def test_every_line_has_what_came_since_the_one_before(tmp_path: Path) -> None:
    served = {"shop": (1000, 10), "shop-canary": (100, 0)}
    with world(tmp_path, served) as it:
        it.count()
        it.clock.sleep(60)
        served.update({"shop": (1900, 12), "shop-canary": (200, 3)})
        said = it.count()
        it.clock.sleep(30)
        served.update({"shop": (2000, 12), "shop-canary": (210, 3)})
        it.count()

    begin = START.timestamp()
    assert said == "shop: 900 requests, 2 failed; shop-canary: 100, 3 failed"
    assert it.lines() == [
        {
            "t": begin + after,
            "metric": "errors",
            "kind": "bernoulli",
            "canary": {"n": canary[0], "x": canary[1]},
            "stable": {"n": stable[0], "x": stable[1]},
        }
        for after, stable, canary in (
            (0, (0, 0), (0, 0)),
            (60, (900, 2), (100, 3)),
            (90, (100, 0), (10, 0)),
        )
    ]


def test_nothing_is_counted_twice_however_often_one_looks(tmp_path: Path) -> None:
    served = {"shop": (1000, 10), "shop-canary": (100, 0)}
    with world(tmp_path, served) as it:
        it.count()
        assert it.count() == "nothing was scraped since the last line"
    assert len(it.lines()) == 1


def test_the_judge_decides_by_the_lines(tmp_path: Path) -> None:
    served = {"shop": (0, 0), "shop-canary": (0, 0)}
    with world(tmp_path, served) as it:
        for minute in range(8):
            it.count()
            it.clock.sleep(60)
            served.update(
                {
                    "shop": (9000 * (minute + 1), 9 * (minute + 1)),
                    "shop-canary": (1000 * (minute + 1), 90 * (minute + 1)),
                }
            )
        it.count()
    judge = judge_file(str(it.file), lambda metrics: Judge(metrics=metrics), weights={})
    assert judge.verdict.value == "abort"


def test_what_prometheus_lost_is_no_reading(tmp_path: Path) -> None:
    served = {"shop": (1000, 10), "shop-canary": (100, 0)}
    with world(tmp_path, served) as it:
        it.count()
        it.clock.sleep(60)
        served.update({"shop": (1900, 12)})
        it.count()
        text = it.file.read_text().replace('"n": 900', '"n": 9000')
        it.file.write_text(text)
        it.clock.sleep(60)
        with pytest.raises(TransientError, match="less of errors than the file"):
            it.count()
    assert it.file.read_text() == text


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    with world(tmp_path, {"shop": (1, 0)}) as it:
        it.file.write_text("notes\n")
        with pytest.raises(UsageError, match=r"numbers.jsonl:1: not JSON"):
            it.count()
    assert it.file.read_text() == "notes\n"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("staging", "there is no environment 'staging'"),
        ("here", "here is in no cluster"),
    ],
)
def test_an_environment_has_to_be_in_a_cluster(
    tmp_path: Path, environment: str, message: str
) -> None:
    it = World(tmp_path, "https://prometheus.example")
    with pytest.raises(UsageError, match=message):
        append_numbers(it.project, environment, it.file, "a", "b")
    find = numbers.find_cluster_environment
    assert find(it.project.pipeline, None) == "production"


def test_a_recipe_is_what_the_stage_says(tmp_path: Path) -> None:
    it = World(
        tmp_path,
        "https://prometheus.example",
        deadline="30m",
        block="90s",
        min_duration="10m",
        on_deadline="hold",
        judge={"alpha": 0.05, "sigma": None, "fuse": 0.2, "restarts": True},
        metrics={
            "errors": {"weight": 2},
            "slow": {**SLOW, "ratio": 1.5},
            "sad": {
                "kind": "bernoulli",
                "from": {"uses": "file", "path": "sad.jsonl"},
            },
        },
    )
    found = build_recipe(it.project, None, "ci:1")

    assert found.judge == (
        "--alpha 0.05",
        "--beta 0.05",
        "--margin-ratio 2",
        "--margin-abs 0.001",
        "--sigma none",
        "--batch-seconds 90",
        "--min-requests 1",
        "--min-seconds 600",
        "--fuse 0.2",
        "--restarts",
        "--weight errors=2",
    )
    assert (found.deadline_seconds, found.every_seconds) == (1800, 90)
    assert found.on_deadline.value == "hold"
    assert left_out(it.project, None) == (
        "metrics.sad: only what the target itself counts is judged",
        "metrics.slow: ratio, slack and sigma are the judge's",
        "judge.share_check: the weights are Argo's, and not looked at",
    )
    with pytest.raises(UsageError, match="is no image"):
        build_recipe(it.project, None, "ci:1 --privileged")
