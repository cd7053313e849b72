"""`sluice run` as Debian's Prometheus sees it: scraped while it runs, and by a file."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cli_project import CliProject
from prometheus_client.parser import text_string_to_metric_families
from prometheus_service import (
    Prometheus,
    await_until,
    free_port,
    node_exporter,
    prometheus,
)

PIPELINE = """\
schema: sluicegate/v1
name: shown_release_v1.0
stages:
  write:
    uses: command
    run: [python3, write.py]
  wait:
    uses: command
    needs: [write]
    run: [sh, -c, "until [ -e go ]; do sleep 0.1; done"]
"""
WRITE = "x = b'x' * (200 << 20); open('out', 'wb').write(bytes(50 << 20))"
FILES = {"sluicegate.yaml": PIPELINE, "write.py": WRITE, ".gitignore": "out\ngo\n"}
MIB = 1 << 20


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, FILES)


def query(server: Prometheus, text: str) -> list[tuple[dict[str, str], float]]:
    """What the server answers to a query for the moment."""
    url = f"{server.url}/api/v1/query?{urllib.parse.urlencode({'query': text})}"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - http
        found = json.load(answer)
    assert found["status"] == "success", found
    return [
        (each["metric"], float(each["value"][1])) for each in found["data"]["result"]
    ]


def await_true(server: Prometheus, text: str) -> None:
    await_until(lambda: bool(query(server, text)), text)


def scrape(address: str) -> dict[str, float]:
    """The page at *address*, by the words before the value."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {
        f"{each.name}{sorted(each.labels.items())}": each.value
        for family in families
        for each in family.samples
    }


def check(page: bytes) -> None:
    """Let promtool look for mistakes; it prints nothing if there is none."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("Debian's prometheus is not installed")
    done = subprocess.run(
        (promtool, "check", "metrics"), input=page, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_prometheus_sees_a_run_while_it_goes_on_and_after_it(
    project: CliProject, tmp_path: Path
) -> None:
    folder, port = tmp_path / "textfiles", free_port()
    folder.mkdir()
    file = folder / "sluice.prom"
    served = f"127.0.0.1:{port}"
    project.environ = {
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
    }
    with node_exporter(folder) as node, prometheus(tmp_path, served, node) as server:
        run = project.start("run", "--metrics-textfile", str(file))
        try:
            for place in (served, node):
                here = f'instance="{place}"'
                runs = f'{{{here},stage="wait",outcome="running"}} == 1'
                await_true(server, f"sluice_stage_outcome{runs}")
                wrote = f'sluice_stage_written_bytes{{{here},stage="write"}}'
                (found,) = query(server, wrote)
                assert 50 * MIB <= found[1] < 60 * MIB
                memory = f'sluice_stage_max_resident_bytes{{{here},stage="write"}}'
                (found,) = query(server, memory)
                assert 200 * MIB <= found[1] < 300 * MIB
            with ThreadPoolExecutor(4) as scrapers:
                pages = list(scrapers.map(scrape, [served] * 20))
            assert all(page.keys() == pages[0].keys() for page in pages)
        finally:
            (project.folder / "go").touch()
            said, _ = run.communicate()
        assert run.returncode == 0, said
        assert "warning" not in said

        over = f'sluice_run_outcome{{instance="{node}",outcome="open"}} == 1'
        await_true(server, over)
        gone = f'up{{instance="{served}"}} == 0'
        await_true(server, gone)
        errors = query(server, f'node_textfile_scrape_error{{instance="{node}"}}')
        assert [value for _, value in errors] == [0]
    check(file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(folder.iterdir()) == [file]


def test_what_is_measured_of_a_stage_is_in_every_place_the_same(
    project: CliProject, tmp_path: Path
) -> None:
    file = tmp_path / "sluice.prom"
    (project.folder / "go").touch()

    document = project.document("run", "--metrics-textfile", str(file), check=0)

    (entry,) = (
        each
        for each in project.entries()
        if each["type"] == "stage.finished" and each["stage"] == "write"
    )
    stage = document["stages"][0]
    assert entry["resources"] == stage["usage"]
    assert (entry["task_id"], entry["run_id"]) == (
        stage["task_id"],
        document["run_id"],
    )
    assert entry["resources"]["max_rss_bytes"] >= 200 * MIB
    assert entry["resources"]["write_bytes"] >= 50 * MIB
    assert "gpu_busy_ms" not in entry["resources"]
    labels = '{pipeline="shown_release_v1.0",stage="write"}'
    lines = dict(
        line.rsplit(" ", 1) for line in file.read_text().splitlines() if labels in line
    )
    for key, name in {
        "max_rss_bytes": "sluice_stage_max_resident_bytes",
        "read_bytes": "sluice_stage_read_bytes",
        "write_bytes": "sluice_stage_written_bytes",
    }.items():
        assert float(lines[name + labels]) == entry["resources"][key]


def test_a_file_that_cannot_be_written_is_said_once_and_changes_nothing(
    project: CliProject, tmp_path: Path
) -> None:
    (project.folder / "go").touch()
    project.environ = {"SLUICE_METRICS_TEXTFILE": str(tmp_path / "nowhere/x.prom")}

    done = project.sluice("run", check=0)

    warnings = [line for line in done.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert "the metrics were not written" in warnings[0]
    assert "nowhere" in warnings[0]


def test_a_port_that_is_taken_is_said_once_and_changes_nothing(
    project: CliProject,
) -> None:
    (project.folder / "go").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.environ = {
            "OTEL_METRICS_EXPORTER": "otlp, prometheus",
            "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
        }
        done = project.sluice("run", check=0)

    assert (done.stdout + done.stderr).count("no /metrics at") == 1


def test_telemetry_that_is_switched_off_serves_nothing(project: CliProject) -> None:
    port = free_port()
    project.environ = {
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
        "OTEL_SDK_DISABLED": "true",
    }
    run = project.start("run")
    assert run.stdout is not None
    while "wait: started" not in run.stdout.readline():
        pass

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))

    (project.folder / "go").touch()
    run.communicate()
    assert run.returncode == 0


def test_a_run_that_is_stopped_leaves_a_whole_file_and_a_free_port(
    project: CliProject, tmp_path: Path
) -> None:
    file, port = tmp_path / "sluice.prom", free_port()
    project.environ = {
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
        "SLUICE_METRICS_TEXTFILE": str(file),
    }
    run = project.start("run")
    assert run.stdout is not None
    while "wait: started" not in run.stdout.readline():
        pass

    os.killpg(run.pid, signal.SIGINT)
    run.communicate()

    assert run.returncode == 130
    check(file.read_bytes())
    assert 'outcome="running",pipeline="shown_release_v1.0"} 1.0' in file.read_text()
    with socket.create_server(("127.0.0.1", port)):
        pass
    (project.folder / "go").touch()
    project.sluice("resume", check=0)
    assert 'outcome="open",pipeline="shown_release_v1.0"} 1.0' in file.read_text()
    assert 'sluice_stage_attempts{pipeline="shown_release_v1.0",stage="wait"} 2.0' in (
        file.read_text()
    )
