"""What telling OpenTelemetry costs a run, whatever the collector does.

    python benchmarks/telemetry.py [--rounds 10] [--out FILE.json]

One Git repository is made in a temporary folder and thrown away. Its pipeline has six
stages, one after the other, each of a program that sleeps for a quarter of a second:
what is measured is what a run adds. The same run is made in turns with no collector
named, with one that takes everything, with a port at which nobody listens, and with one
that takes the connection and never says a word.

*Waited* is what the runs themselves counted, of which no run may have more than 2 s.
"""

import argparse
import json
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measure import (
    Timing,
    describe_commit,
    describe_place,
    format_table,
    interleave,
    publish,
    run,
)
from projects import commit_all, make_environment

GOAL = 1.05
LIMIT_MS = 2000
STAGES = 6
NONE, FINE, DOWN, SILENT = "none named", "takes all", "nobody listens", "never answers"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    waited: dict[str, list[int]] = {FINE: [], DOWN: [], SILENT: []}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        env = make_environment(Path(name))
        project = make_project(Path(name), env)
        collectors = {
            FINE: stack.enter_context(taking_all()),
            DOWN: f"http://127.0.0.1:{unused_port()}",
            SILENT: stack.enter_context(saying_nothing()),
        }
        contestants = {NONE: partial(run_sluice, project, env)} | {
            name: partial(tell, project, env, url, waited[name])
            for name, url in collectors.items()
        }
        timings = interleave(contestants, rounds=arguments.rounds)
    report(place, arguments.rounds, timings, waited, arguments.out)


def make_project(folder: Path, env: Mapping[str, str]) -> Path:
    project = folder / "project"
    project.mkdir()
    lines = ["schema: sluicegate/v1", "name: benchmark_telemetry_v1.0", "stages:"]
    lines += [f"  s{n}: {{uses: command, run: sleep 0.25}}" for n in range(STAGES)]
    (project / "sluicegate.yaml").write_text("\n".join(lines) + "\n")
    commit_all(project, env)
    return project


def run_sluice(project: Path, env: Mapping[str, str]) -> dict[str, object]:
    """Run the pipeline, and make sure that it did run."""
    text = run(["sluice", "run", "--force", "--json"], cwd=project, env=env)
    document: dict[str, object] = json.loads(text)
    if document["verdict"] != "open":
        raise SystemExit(f"sluice run did not pass: {document}")
    return document


def tell(
    project: Path, env: Mapping[str, str], url: str, waited: list[int]
) -> dict[str, object]:
    """The same with a collector at *url*; add how long the run waited for it."""
    told = {**env, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
    document = run_sluice(project, told)
    telemetry = document["telemetry"]
    assert isinstance(telemetry, dict)
    waited.append(telemetry["waited_ms"])
    return document


@contextmanager
def taking_all() -> Iterator[str]:
    """A collector that takes everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def saying_nothing() -> Iterator[str]:
    """One that takes every connection and never says a word."""
    kept: list[socket.socket] = []

    def accept(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                kept.append(server.accept()[0])

    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def report(
    place: Mapping[str, object],
    rounds: int,
    timings: Mapping[str, Timing],
    waited: Mapping[str, list[int]],
    out: Path | None,
) -> None:
    plain, rows, summary = timings[NONE], [], {}
    for name, timing in timings.items():
        longest = max(waited.get(name, [0]))
        added = timing.median - plain.median
        summary[name] = {
            "median_s": round(timing.median, 3),
            "ratio": round(timing.ratio(plain), 3),
            "cpu_ratio": round(timing.cpu_ratio(plain), 3),
            "longest_wait_ms": longest,
        }
        rows.append(
            [
                name,
                f"{timing.median:.2f} s",
                f"{added * 1000:+.0f} ms",
                f"{timing.ratio(plain):.2f}",
                f"{timing.cpu_ratio(plain):.2f}",
                f"{longest} ms",
            ]
        )
    header = ["collector", "run", "added", "ratio", "CPU ratio", "longest wait"]
    fine = "met" if timings[FINE].ratio(plain) <= GOAL else "missed"
    most = max(max(each) for each in waited.values())
    bound = "met" if most <= LIMIT_MS else "missed"
    goals = (
        f"Goals: a ratio of at most {GOAL} with a collector that takes all: {fine};"
        f" at most {LIMIT_MS} ms of waiting in every run: {bound}. {rounds} rounds,"
        f" {STAGES} stages."
    )
    table = format_table(header, rows)
    text = "\n".join((table, "", goals, "", describe_commit(place)))
    document = {
        "benchmark": "telemetry",
        "place": place,
        "rounds": rounds,
        "goal": GOAL,
        "results": summary,
    }
    publish(out, document, text)


if __name__ == "__main__":
    main()
