"""Unit tests of `sluicegate.wiring.prometheus_export`."""

import socket
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from fakes import FakeObserver
from prometheus_service import await_until, free_port
from run_events import NOW, RUN_ID, at, begin, end, planned, started
from run_world import pipeline

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.stop import StopRequest
from sluicegate.engine.toolbox import Observer
from sluicegate.model.decision import Outcome
from sluicegate.model.event import Event, RunFinished, RunResumed, RunStarted
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.wiring.prometheus_export import PrometheusExport, serves_metrics

BEGUN = started(planned("lint"))
OVER = RunFinished(Outcome.OPEN, "so it is", NOW, at(60), 59_500)
PORT = "OTEL_EXPORTER_PROMETHEUS_PORT"
SERVING = {"OTEL_METRICS_EXPORTER": "prometheus"}


def export(environ: Mapping[str, str], file: Path | None = None) -> PrometheusExport:
    return PrometheusExport(pipeline(), environ, SystemClock(StopRequest()), file)


def show(shown: PrometheusExport, *events: Event, run: Run | None = None) -> Observer:
    """Show these events; the observer that was to see them, too."""
    inner = FakeObserver()
    observer = shown.watch(RUN_ID, BEGUN, run, inner)
    for event in events:
        observer.event(event)
    assert inner.events == list(events)
    return inner


def ask(port: int) -> str:
    """The page, "" while nobody answers."""
    url = f"http://127.0.0.1:{port}/metrics"
    with suppress(OSError), urllib.request.urlopen(url, timeout=20) as answer:
        text: str = answer.read().decode()
        return text
    return ""


def test_where_nothing_is_asked_for_nothing_is_done() -> None:
    inner = FakeObserver()
    shown = export({"OTEL_METRICS_EXPORTER": "otlp", "SLUICE_METRICS_TEXTFILE": " "})

    assert shown.watch(RUN_ID, BEGUN, None, inner) is inner
    assert shown.finish() == ()


def test_the_file_that_was_named_goes_before_the_one_of_the_variable(
    tmp_path: Path,
) -> None:
    variable, named = tmp_path / "a.prom", tmp_path / "b.prom"
    environ = {"SLUICE_METRICS_TEXTFILE": str(variable)}
    for shown in (export(environ), export(environ, named)):
        show(shown, begin("lint"), end("lint"), OVER)
        assert shown.finish() == ()
        assert shown.finish() == ()

    assert variable.read_text() == named.read_text()
    assert 'sluice_run_outcome{outcome="open",pipeline="p_r_v1.0"} 1.0' in (
        named.read_text()
    )


def test_the_page_goes_on_over_the_runs_of_one_process() -> None:
    port = free_port()
    shown = export({**SERVING, PORT: str(port)})
    pending = RunFinished(Outcome.PENDING, "waits", NOW, at(60), 60_000)
    try:
        show(shown, begin("lint"), pending)
        await_until(
            lambda: 'outcome="pending",pipeline="p_r_v1.0"} 1.0' in ask(port), ""
        )
        lint = StageState(planned("lint"), Phase.DONE, 1, 1, end("lint"))
        show(shown, RunResumed(), run=Run(RUN_ID, BEGUN, (lint,), pending))

        page = ask(port)
    finally:
        assert shown.finish() == ()

    assert 'sluice_run_outcome{outcome="running",pipeline="p_r_v1.0"} 1.0' in page
    assert 'stage="lint"} 1.234' in page
    assert ask(port) == ""


def test_a_port_that_is_taken_is_said_at_once_where_something_happens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = export({**SERVING, PORT: str(port)})
        inner = FakeObserver()
        observer = shown.watch(RUN_ID, BEGUN, None, inner)

        def is_said() -> bool:
            observer.event(RunResumed())
            return bool(inner.lines)

        await_until(is_said, "the trouble")
        observer.event(OVER)

    ((stage, line),) = inner.lines
    assert stage == "setup"
    assert f"no /metrics at localhost:{port}" in line
    assert shown.finish() == ()


@pytest.mark.parametrize(
    "port", ["http", "65536", "-1", "1e3", "\uff19\uff14", "9" * 5000]
)
def test_a_port_that_is_none_is_said_once(port: str, tmp_path: Path) -> None:
    shown = export({**SERVING, PORT: port}, tmp_path / "a.prom")
    show(shown, begin("lint"), OVER)

    (said,) = shown.finish()

    assert said == f"no /metrics: {PORT} is no number of a port"
    assert (tmp_path / "a.prom").exists()


def test_what_goes_wrong_in_here_reaches_no_run_and_is_said_once(
    tmp_path: Path,
) -> None:
    shown = export({}, tmp_path / "a.prom")
    show(shown, begin("no-such-stage"), end("no-such-stage"), begin("lint"), OVER)

    (said,) = shown.finish()

    assert "nothing more of this run: KeyError" in said


def test_a_run_that_cannot_be_shown_goes_on() -> None:
    shown = export({**SERVING, PORT: str(free_port())})
    inner = FakeObserver()
    broken: RunStarted = None  # type: ignore[assignment]

    assert shown.watch(RUN_ID, broken, None, inner) is inner
    assert len(shown.finish()) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("prometheus", True),
        ("otlp, Prometheus", True),
        ("none", False),
        ("", False),
        ("prometheus2", False),
    ],
)
def test_prometheus_may_be_one_of_several_exporters(text: str, wanted: object) -> None:
    environ = {"OTEL_METRICS_EXPORTER": text}

    assert serves_metrics(environ) is wanted
    assert not serves_metrics({**environ, "OTEL_SDK_DISABLED": "True"})
