"""Unit tests of `sluicegate.smoke.__main__`: the whole program, but for an engine."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import smoke_service
from smoke_asked import GOLDEN, IMAGE, asking

from sluicegate.errors import PermanentError
from sluicegate.smoke.__main__ import carry_out
from sluicegate.smoke.engine import Broken
from sluicegate.stages.serving.answers import read_replay
from sluicegate.stages.serving.exchanges import plan_exchanges
from sluicegate.stages.serving.golden import read_golden
from sluicegate.stages.serving.orders import Orders

# Says what an engine says whose container publishes the port of a running service.
_CLIENT = """#!/bin/sh
echo "$*" >> "{folder}/asked"
case $1 in
  inspect) echo '{{"Running": true, "ExitCode": 0, "OOMKilled": false}}' ;;
  port) echo 127.0.0.1:{port} ;;
  logs) echo its last words ;;
esac
"""


def orders(folder: Path, port: int = 1) -> Orders:
    client = folder / "docker"
    client.write_text(_CLIENT.format(folder=folder, port=port))
    client.chmod(0o755)
    (folder / "out").mkdir()
    return Orders(
        docker=(str(client),),
        image=IMAGE,
        project=str(folder),
        golden="golden.jsonl",
        output=str(folder / "out"),
        cache=str(folder / "cache"),
        labels={"run": "01"},
        now=1,
        until=2,
        port=8000,
        health="/healthz",
        ready_seconds=5,
        answer_seconds=5,
        memory=1 << 30,
        network="bridge",
        env={},
        headers={},
        asking=asking(),
    )


def test_all_of_it_is_asked_written_down_and_removed(tmp_path: Path) -> None:
    (tmp_path / "golden.jsonl").write_bytes(GOLDEN)
    with smoke_service.served() as server:
        carry_out(orders(tmp_path, server.server_port))

    answers = (tmp_path / "out" / "smoke.json").read_bytes()
    exchanges = plan_exchanges(read_golden(GOLDEN, "g"), asking())
    assert read_replay(answers, exchanges).output == "its last words"
    assert (tmp_path / "out" / "golden.jsonl").read_bytes() == GOLDEN
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-2].startswith("rm --force --volumes sluicegate-smoke-")
    assert asked[-1].startswith("network rm sluicegate-smoke-")


@pytest.mark.parametrize(
    ("golden", "said"),
    [
        (None, "there is no file golden.jsonl; does a stage before write it?"),
        (b"", "golden.jsonl holds no requests"),
        (b"{", "golden.jsonl:1: no JSON: Expecting property name enclosed"),
    ],
)
def test_without_golden_requests_nothing_is_started(
    golden: bytes | None, said: str, tmp_path: Path
) -> None:
    if golden is not None:
        (tmp_path / "golden.jsonl").write_bytes(golden)

    with pytest.raises((Broken, PermanentError), match=re.escape(said)):
        carry_out(orders(tmp_path))

    assert not (tmp_path / "asked").exists()


def test_a_pipe_is_no_golden_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "golden.jsonl")

    with pytest.raises(Broken, match="there is no file"):
        carry_out(orders(tmp_path))


def test_the_program_says_what_was_wrong_and_nothing_else(tmp_path: Path) -> None:
    argv = (sys.executable, "-I", "-m", "sluicegate.smoke", orders(tmp_path).written())
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    said = "there is no file golden.jsonl; does a stage before write it?\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_the_program_shows_what_a_golden_request_looks_like(tmp_path: Path) -> None:
    (tmp_path / "golden.jsonl").write_text('{"id": 1, "request": {}, "answer": 1}')
    argv = (sys.executable, "-I", "-m", "sluicegate.smoke", orders(tmp_path).written())
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.stderr.startswith('golden.jsonl:1: unknown key "answer" -- ')
    assert '"expected": {"score": 0.83}' in done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_it_is_ended_what_was_started_is_removed(
    how: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / "golden.jsonl").write_bytes(GOLDEN)
    with smoke_service.served("hangs") as server:
        told = orders(tmp_path, server.server_port).written()
        argv = (sys.executable, "-I", "-m", "sluicegate.smoke", told)
        with subprocess.Popen(argv, start_new_session=True) as process:
            wait_until(lambda: bool(server.seen))
            os.killpg(process.pid, how)
    asked = tmp_path / "asked"

    if how is signal.SIGKILL:
        assert process.returncode == -how
        wait_until(lambda: "network rm" in asked.read_text())
    else:
        assert process.returncode == 128 + how
    name = re.search("create .*--name=(sluicegate-smoke-[0-9a-f]+)", asked.read_text())
    assert name is not None
    assert f"rm --force --volumes {name[1]}\nnetwork rm {name[1]}" in asked.read_text()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_orders_are_read_as_they_were_written(tmp_path: Path) -> None:
    told = orders(tmp_path)

    assert Orders.model_validate(json.loads(told.written())) == told
