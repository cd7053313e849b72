"""Real runs that tell OpenTelemetry: to a receiver that parses by the definitions."""

import json
import re
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from google.protobuf.json_format import (  # type: ignore[import-untyped]
    MessageToDict,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from otlp_receiver import (
    Received,
    dribble,
    dribble_headers,
    hang_up,
    plain,
    receive,
    say_nothing,
    speak_garbage,
    treat,
    unused_port,
)
from webhook_server import make_certificate

from sluicegate.model.ulid import parse_ulid

HEAD = "schema: sluicegate/v1\nname: churn_release_v1.0\nstages:\n"
PARENT = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{PARENT}-00f067aa0ba902b7-01"
TOKEN = "t0ken-of-the-collector"  # noqa: S105 - a made-up one
PLANTED = "planted-v4lue-91"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def make(root: Path, *stages: str, **files: str) -> CliProject:
    text = HEAD + "".join(f"  {stage}\n" for stage in stages)
    return CliProject.make(root, {"sluicegate.yaml": text, **files})


def command(name: str, script: str) -> str:
    return f"{name}: {{uses: command, run: [sh, -c, {json.dumps(script)}]}}"


def telling(project: CliProject, received: Received, **more: str) -> CliProject:
    project.environ.update({ENDPOINT: received.address, **more})
    return project


def test_a_run_is_a_trace_with_its_stages_and_programs(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "exit 3"), command("after", "true"))
    with receive() as received:
        document = telling(project, received).document("run", check=1)

    run = received.span("RUN churn_release_v1.0")
    stage, skipped = received.span("check"), received.span("after")
    program = received.span("command")
    assert run.trace_id.hex() == document["telemetry"]["trace_id"]
    assert int(run.trace_id.hex(), 16) == parse_ulid(document["run_id"])
    assert stage.parent_span_id == skipped.parent_span_id == run.span_id
    assert program.parent_span_id == stage.span_id
    said = plain(stage.attributes)
    assert said["cicd.pipeline.task.run.id"] == document["stages"][0]["task_id"]
    assert said["cicd.pipeline.task.run.result"] == "failure"
    assert said["sluice.gate.outcome"] == "closed"
    assert plain(skipped.attributes)["cicd.pipeline.task.run.result"] == "skip"
    assert plain(program.attributes)["process.exit.code"] == 3
    assert document["telemetry"]["delivered"]["traces"] == len(received.spans()) == 4
    assert document["telemetry"]["lost"] == {"traces": 0, "metrics": 0, "logs": 0}


def test_the_resource_says_which_run_and_the_one_of_metrics_does_not(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, command("check", "true"))
    project.git("remote", "add", "origin", "https://u:pw@github.com/acme/churn.git")
    with receive() as received:
        telling(project, received, OTEL_RESOURCE_ATTRIBUTES="team=ml")
        document = project.document("run", check=0)

    (traces,) = received.messages("/v1/traces", ExportTraceServiceRequest)
    metrics = received.messages("/v1/metrics", ExportMetricsServiceRequest)[-1]
    run = plain(traces.resource_spans[0].resource.attributes)
    pipeline = plain(metrics.resource_metrics[0].resource.attributes)
    assert run["cicd.pipeline.run.id"] == document["run_id"]
    assert run["vcs.ref.head.revision"] == document["commit"]
    assert run["vcs.repository.url.full"] == "https://github.com/acme/churn"
    assert run["team"] == pipeline["team"] == "ml"
    assert document["run_id"] not in json.dumps(MessageToDict(metrics))
    assert b"pw@" not in received.everything()


def test_what_happened_is_logged_in_its_span(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "exit 3"))
    with receive() as received:
        telling(project, received).sluice("run", check=1)

    records = {
        record.event_name: record
        for message in received.messages("/v1/logs", ExportLogsServiceRequest)
        for record in message.resource_logs[0].scope_logs[0].log_records
    }
    finished = records["sluice.stage.finished"]
    assert finished.span_id == received.span("check").span_id
    assert finished.severity_text == "WARN"
    assert "it is 3" in finished.body.string_value
    assert {"sluice.run.started", "sluice.run.finished"} <= set(records)


def test_a_run_joins_the_trace_it_was_started_in_and_pytest_goes_on_with_it(
    tmp_path: Path,
) -> None:
    test = (
        "import os, json, urllib.request\n"
        "def test_it():\n"
        "    _, trace, parent, flags = os.environ['TRACEPARENT'].split('-')\n"
        "    span = {'traceId': trace, 'spanId': 'ab' * 8, 'parentSpanId': parent,\n"
        "            'name': 'the test itself', 'kind': 1}\n"
        "    body = {'resourceSpans': [{'scopeSpans': [{'spans': [span]}]}]}\n"
        "    url = os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'] + '/v1/traces'\n"
        "    urllib.request.urlopen(url, json.dumps(body).encode()).read()\n"
        "    assert os.environ['TRACESTATE'] == 'vendor=1'\n"
        "    assert 'OTEL_EXPORTER_OTLP_HEADERS' not in os.environ\n"
    )
    stage = command("check", f"{sys.executable} -m pytest -q -p no:cacheprovider")
    project = make(tmp_path, stage, **{"test_it.py": test})
    with receive() as received:
        telling(project, received, TRACEPARENT=TRACEPARENT, TRACESTATE="vendor=1")
        project.environ["OTEL_EXPORTER_OTLP_HEADERS"] = f"authorization={TOKEN}"
        project.sluice("run", check=0)

    run, inner = (
        received.span("RUN churn_release_v1.0"),
        received.span("the test itself"),
    )
    assert run.parent_span_id.hex() == "00f067aa0ba902b7"
    assert inner.parent_span_id == received.span("command").span_id
    assert {span.trace_id.hex() for span in received.spans()} == {PARENT}


def test_a_trace_that_its_parent_drops_is_dropped_and_so_for_programs(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, command("check", "env | grep TRACE"))
    parent = f"00-{PARENT}-00f067aa0ba902b7-00"
    with receive() as received:
        done = telling(project, received, TRACEPARENT=parent).sluice("run", check=0)

    assert "/v1/traces" not in received.bodies
    assert "/v1/metrics" in received.bodies
    (passed,) = re.findall(r"TRACEPARENT=(\S+)", done.stdout)
    assert passed.startswith(f"00-{PARENT}-")
    assert passed.endswith("-00")


def test_a_parent_that_is_none_is_ignored_and_said(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "env | grep TRACE"))
    with receive() as received:
        telling(project, received, TRACEPARENT="nonsense", TRACESTATE="a=1")
        done = project.sluice("run", check=0)

    run = received.span("RUN churn_release_v1.0")
    assert "TRACEPARENT is no trace context" in done.stderr
    assert not run.parent_span_id
    assert f"TRACEPARENT=00-{run.trace_id.hex()}-" in done.stdout
    assert "TRACESTATE=a" not in done.stdout


def test_without_the_variables_nothing_is_told_and_a_parent_is_passed_on(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, command("check", "env | grep TRACE"))
    project.environ["TRACEPARENT"] = TRACEPARENT

    done = project.sluice("run", check=0)

    assert f"TRACEPARENT={TRACEPARENT}\n" in done.stdout
    assert "telemetry" not in done.stdout + done.stderr


def test_who_goes_on_with_a_run_goes_on_with_its_trace(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "test -e ../mended || sleep 600"))
    text = (project.folder / "sluicegate.yaml").read_text()
    project.commit({"sluicegate.yaml": text.replace("]}", "], timeout: 300ms}")}, "x")
    with receive() as received:
        telling(project, received).sluice("run", check=4)
        (tmp_path / "mended").touch()
        project.sluice("resume", check=0)

    first, second = [s for s in received.spans() if s.name.startswith("RUN")]
    before, after = [s for s in received.spans() if s.name == "check"]
    assert second.parent_span_id == first.span_id
    assert first.trace_id == second.trace_id
    assert plain(first.attributes)["cicd.pipeline.result"] == "error"
    assert plain(second.attributes)["cicd.pipeline.result"] == "success"
    assert plain(before.attributes)["cicd.pipeline.task.run.result"] == "timeout"
    assert before.span_id != after.span_id
    assert after.parent_span_id == second.span_id
    ids = [span.span_id for span in received.spans()]
    assert len(set(ids)) == len(ids)


def test_jobs_that_hand_over_tell_each_their_own(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "true"))
    folder = tmp_path / "handed"
    with receive() as received:
        telling(project, received, TRACEPARENT=TRACEPARENT)
        ran = project.document(
            "run", "--no-record", "--hand-over", str(folder), check=0
        )
        handed = f"{folder}={ran['hand_over']['digest']}"
        judged = project.document("run", "--handed-over", handed, check=0)

    assert ran["run_id"] != judged["run_id"]
    (program,) = [s for s in received.spans() if s.name == "command"]
    first, second = [s for s in received.spans() if s.name == "check"]
    assert program.parent_span_id == first.span_id
    assert "sluice.stage.handed_over" not in plain(first.attributes)
    assert "sluice.stage.handed_over" in plain(second.attributes)
    assert {span.trace_id.hex() for span in received.spans()} == {PARENT}


def test_a_run_that_was_interrupted_says_so(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "echo begun; sleep 600"))
    with receive() as received:
        process = telling(project, received).start("run")
        assert process.stdout is not None
        for line in process.stdout:
            if "| begun" in line:
                process.send_signal(signal.SIGINT)
                break
        process.communicate(timeout=60)

    assert process.returncode == 130
    for name in ("RUN churn_release_v1.0", "check"):
        said = plain(received.span(name).attributes).values()
        assert "cancellation" in said


def test_who_does_not_wait_for_telemetry_gets_the_answer_of_the_run(
    tmp_path: Path,
) -> None:
    asked = threading.Event()

    def keep_waiting(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        asked.set()
        over.wait()

    project = make(tmp_path, command("check", "exit 3"))
    with treat(keep_waiting) as url:
        project.environ[ENDPOINT] = url
        process = project.start("run")
        assert process.stdout is not None
        assert any(line.startswith("closed:") for line in process.stdout)
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "not delivered" in said


def test_no_secret_is_told(tmp_path: Path) -> None:
    project = make(tmp_path, f"check: {{uses: command, run: [no-{PLANTED}]}}")
    with receive() as received:
        telling(project, received, DEPLOY_PASSWORD=PLANTED)
        project.environ["OTEL_EXPORTER_OTLP_HEADERS"] = (
            f"authorization=Bearer%20{TOKEN}"
        )
        done = project.sluice("run", "--json", check=4)

    assert received.headers[0]["authorization"] == f"Bearer {TOKEN}"
    told = received.everything().decode() + done.stdout + done.stderr
    assert "cannot start" in told
    assert PLANTED not in told
    assert TOKEN not in told


def test_programs_do_not_get_what_opens_the_way_to_the_collector(
    tmp_path: Path,
) -> None:
    script = "env; cat token.txt; exit 1"
    project = make(tmp_path, command("check", script), **{"token.txt": f"{TOKEN}\n"})
    project.environ |= {
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-scope-orgid=acme",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/client.key",
        "OTEL_SERVICE_NAME": "acme-churn",
    }

    done = project.sluice("run", check=1)

    assert "OTEL_SERVICE_NAME=acme-churn" in done.stdout
    assert "HEADERS" not in done.stdout
    assert "CLIENT_KEY" not in done.stdout
    assert "| ***" in done.stdout  # it found the token somewhere else
    assert TOKEN not in done.stdout


# --- endpoints that behave badly -----------------------------------------------


@contextmanager
def answering(
    code: int, body: bytes = b"", context: ssl.SSLContext | None = None, **headers: str
) -> Iterator[str]:
    with receive(context) as received:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        received.answer = code, names, body
        yield received.address


@contextmanager
def unheard_of(url: str) -> Iterator[str]:
    yield url


BAD: dict[str, tuple[Callable[[], AbstractContextManager[str]], str]] = {
    "down": (
        lambda: unheard_of(f"http://127.0.0.1:{unused_port()}"),
        "nobody listens there",
    ),
    "unknown": (lambda: unheard_of("http://collector.invalid:4318"), "not be reached"),
    "silent": (lambda: treat(say_nothing), "no answer in time"),
    "dribbling": (lambda: treat(dribble), "no answer in time"),
    "dribbling headers": (lambda: treat(dribble_headers), "no answer in time"),
    "garbage": (lambda: treat(speak_garbage), "not HTTP"),
    "hanging up": (lambda: treat(hang_up), "it hung up"),
    "error": (lambda: answering(500), "HTTP 500"),
    "later": (lambda: answering(429, Retry_After="3600"), "HTTP 429"),
    "busy": (lambda: answering(503), "HTTP 503"),
    "moved": (lambda: answering(302, Location="http://a.example/"), "HTTP 302"),
    "page": (lambda: answering(200, b"<html>Sign in</html>"), "not OTLP"),
    "endless": (lambda: answering(200, b" " * 10_000_000), "more than anybody"),
    "grpc": (lambda: unheard_of("grpc://collector:4317"), "no http://"),
}
VOLATILE = (
    (re.compile(r"[0-9A-HJKMNP-TV-Z]{26}"), "ID"),
    (re.compile(r"[0-9a-f]{12,64}"), "HEX"),
    (re.compile(r'"(root|checkpoint|machine|vkey)": "[^"]*"'), r'"\1": "..."'),
    (re.compile(r"\d+"), "N"),
)


def steady(value: Any) -> str:  # noqa: ANN401 - any JSON
    """*value* without what no two runs share: times, ids, keys, measurements."""
    text = json.dumps(_without_measurements(value), indent=1, sort_keys=True)
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    return text


def _without_measurements(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_without_measurements(each) for each in value]
    if isinstance(value, dict):
        return {
            key: _without_measurements(each)
            for key, each in value.items()
            if key not in {"usage", "resources"}
        }
    return value


@dataclass(frozen=True)
class Measured:
    """A run: its exit code, what it says and records, and what it says of telemetry."""

    code: int
    said: tuple[str, str]
    telemetry: dict[str, Any]
    warned: str


def measured(project: CliProject) -> Measured:
    done = project.sluice("run", "--json")
    document = json.loads(done.stdout)
    telemetry = document.pop("telemetry", {})
    said = steady(document), steady(project.entries())
    lines = [line for line in done.stderr.splitlines() if "telemetry" in line]
    return Measured(done.returncode, said, telemetry, "\n".join(lines))


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What a run says and records that tells nobody."""
    root = tmp_path_factory.mktemp("untold")
    found = measured(make(root, command("check", "exit 3")))
    assert (found.code, found.telemetry, found.warned) == (1, {}, "")
    return found.said


@pytest.mark.parametrize("how", BAD)
def test_a_bad_endpoint_changes_nothing_but_what_is_said_of_it(
    tmp_path: Path, how: str, untold: tuple[str, str]
) -> None:
    serve, fault = BAD[how]
    project = make(tmp_path, command("check", "exit 3"))
    with serve() as url:
        project.environ[ENDPOINT] = url
        found = measured(project)

    assert found.code == 1
    assert found.said == untold
    assert len(found.warned.splitlines()) == 1
    assert fault in found.warned
    if how != "grpc":  # nothing was tried
        assert found.telemetry["waited_ms"] <= 2000
        assert not any(found.telemetry["delivered"].values())
        assert all(found.telemetry["lost"].values())
        assert fault in found.telemetry["why_lost"]


def test_a_certificate_that_nobody_trusts_changes_nothing(
    tmp_path: Path, untold: tuple[str, str]
) -> None:
    path, context = make_certificate(tmp_path)
    project = make(tmp_path, command("check", "exit 3"))
    with receive(context) as received:
        project.environ[ENDPOINT] = received.address
        found = measured(project)
        project.environ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = str(path)
        trusting = project.document("run", check=1)["telemetry"]

    assert (found.code, found.said) == (1, untold)
    assert "its certificate is not trusted" in found.telemetry["why_lost"]
    assert trusting["why_lost"] is None


def test_what_a_collector_refuses_in_part_is_said(tmp_path: Path) -> None:
    project = make(tmp_path, command("check", "true"))
    answer = b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}'
    with answering(200, answer) as url:
        project.environ |= {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}
        telemetry = project.document("run", check=0)["telemetry"]

    assert telemetry["delivered"]["traces"] == 2
    assert telemetry["lost"] == {"traces": 1}
    assert "1 span not delivered" in telemetry["why_lost"]
    assert "too old" in telemetry["why_lost"]
