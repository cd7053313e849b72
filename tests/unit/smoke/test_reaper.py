"""Unit tests of `sluicegate.smoke.reaper`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sluicegate.smoke.reaper import reaping

KILLED = """
import signal, sys, os
from sluicegate.smoke.reaper import reaping
if signal.{0} != signal.SIGKILL:
    signal.signal(signal.{0}, signal.SIG_DFL)  # under nohup, children ignore SIGHUP
with reaping(sys.argv[1:], "the-name"):
    print("on", flush=True)
    os.killpg(0, signal.{0})
    signal.pause()
"""


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """Writes down what it is asked."""
    script = tmp_path / "docker"
    script.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n')
    script.chmod(0o755)
    return script


def asked(folder: Path) -> list[str]:
    path = folder / "asked"
    return path.read_text().splitlines() if path.exists() else []


def test_who_leaves_by_itself_needs_nobody(client: Path) -> None:
    with reaping([str(client)], "the-name"):
        pass

    assert asked(client.parent) == []


def test_who_fails_is_cleaned_up_after(client: Path) -> None:
    with pytest.raises(OSError, match="so"), reaping([str(client)], "the-name"):
        raise OSError("so")

    wait_for(client.parent)


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_who_is_killed_with_all_of_the_group_is_cleaned_up_after(
    how: str, client: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(how), str(client)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    said, _ = process.communicate(timeout=60)
    assert said == b"on\n"
    assert process.returncode == -getattr(signal, how)

    wait_for(client.parent)


def wait_for(folder: Path) -> None:
    """Both are asked for; it goes on for three seconds, for which nobody waits."""
    end = time.monotonic() + 20
    while len(asked(folder)) < 2 and time.monotonic() < end:
        os.sched_yield()
    assert asked(folder)[:2] == ["rm --force --volumes the-name", "network rm the-name"]
