"""The script that `docs/auditors.md` shows, run as it stands there.

It is written in other languages with nothing of ours, so that it stays true that nobody
needs Sluicegate to verify a log.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cli_project import CliProject

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "tlog"
KEY = (
    "sluicegate.example/acme/churn-model+6a8124fd+"
    "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
)
OTHER = (
    "sluicegate.example/acme/churn-model+20324abe+"
    "BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The script, as somebody copies it from the page."""
    for program in ("openssl", "perl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    page = (ROOT / "docs" / "auditors.md").read_text("utf-8")
    [text] = re.findall(r"```sh\n(#!/bin/sh.*?)```", page, re.DOTALL)
    path = tmp_path / "verify.sh"
    path.write_text(text)
    return path


def verify(script: Path, log: Path, key: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", script, log, key], capture_output=True, text=True, check=False
    )


def copy(log: Path, folder: Path) -> Path:
    shutil.copytree(log, folder)
    return folder


@pytest.mark.parametrize("name", ["log1", "log3", "log256", "log600"])
def test_it_accepts_logs_that_others_made(script: Path, name: str) -> None:
    done = verify(script, VECTORS / name, KEY)

    assert done.returncode == 0, done.stderr
    assert f"{name.removeprefix('log')} entries with root" in done.stdout


@pytest.mark.parametrize(
    "file",
    ["checkpoint", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"],
)
def test_it_refuses_a_changed_byte(script: Path, tmp_path: Path, file: str) -> None:
    log = copy(VECTORS / "log600", tmp_path / "log")
    data = bytearray((log / file).read_bytes())
    data[44] ^= 1
    (log / file).write_bytes(data)

    assert verify(script, log, KEY).returncode != 0


@pytest.mark.parametrize("more", [b"x", b"\0\0", b"\0\1x"])
def test_it_refuses_what_is_beyond_the_entries(
    script: Path, tmp_path: Path, more: bytes
) -> None:
    log = copy(VECTORS / "log600", tmp_path / "log")
    with (log / "tile/entries/002.p/88").open("ab") as file:
        file.write(more)

    assert verify(script, log, KEY).returncode != 0


def test_it_refuses_another_key_and_a_missing_bundle(
    script: Path, tmp_path: Path
) -> None:
    log = copy(VECTORS / "log600", tmp_path / "log")

    assert verify(script, log, OTHER).returncode != 0
    assert verify(script, log, KEY.replace("churn", "other")).returncode != 0
    (log / "tile/entries/001").unlink()
    assert verify(script, log, KEY).returncode != 0


def test_it_accepts_a_log_of_ours(script: Path, tmp_path: Path) -> None:
    project = CliProject.make(
        tmp_path,
        {
            "sluicegate.yaml": "schema: sluicegate/v1\nname: a_b_v1.0\n"
            'stages:\n  make: {uses: command, run: "true"}\n'
        },
    )
    project.sluice("run", check=0)
    key = project.document("audit", "verify")["key"]

    done = verify(script, project.folder / ".sluicegate/audit", key)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(
        f"as signed by {key.partition('+')[0]}"
    )


def test_it_accepts_both_keys_while_a_rotation_lets_both_sign(
    script: Path, tmp_path: Path
) -> None:
    project = CliProject.make(
        tmp_path,
        {
            "sluicegate.yaml": "schema: sluicegate/v1\nname: a_b_v1.0\n"
            'stages:\n  make: {uses: command, run: "true"}\n'
        },
    )
    project.sluice("run", check=0)
    project.sluice("audit", "keys", "rotate", "--reason", "yearly", check=0)
    keys = project.document("audit", "keys", "show")["keys"]

    assert len(keys) == 2
    for key in keys:
        done = verify(script, project.folder / ".sluicegate/audit", key["vkey"])
        assert done.returncode == 0, done.stderr


def test_the_words_are_careful() -> None:
    page = (ROOT / "docs" / "auditors.md").read_text("utf-8")

    assert "180 days is not six months" in page
    assert not re.search(r"\b(complies|ensures compliance|certified)\b", page)
