"""Unit tests of `sluicegate.cli.last_words`, in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest
from secret_finder import find

GIVEN = "p7Xq-ZkL0wT9_vBn3RmJ"
FETCHED = "Another/Secret+Of=Ours77"
DEFECT = """
import json, os, sys, threading
import sluicegate.cli.execution
from sluicegate.adapters.learned_secrets import LearnedSecrets
from sluicegate.cli import main
from sluicegate.cli.last_words import hear_of_threads
from sluicegate.errors import PermanentError

kind, fetched, *arguments = sys.argv[1:]
said = json.dumps({"token": os.environ["DEPLOY_TOKEN"], "fetched": fetched})

def fail(*_given, **_named):
    LearnedSecrets().add([fetched])
    if kind == "known":
        raise PermanentError(f"no: {said}", hint=f"try {said}")
    if kind == "thread":
        hear_of_threads()
        thread = threading.Thread(target=int, args=[said])
        thread.start()
        thread.join()
    try:
        raise ValueError(said)
    except ValueError as error:
        raise RuntimeError(repr(said)) from error

sluicegate.cli.execution.execute = fail
main.main(args=arguments, prog_name="sluice")
"""
Said = subprocess.CompletedProcess[str]


def last_words(folder: Path, kind: str, *arguments: str) -> Said:
    return subprocess.run(
        [sys.executable, "-c", DEFECT, kind, FETCHED, *arguments],
        env={"DEPLOY_TOKEN": GIVEN, "HOME": str(folder), "NO_COLOR": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("known", ("run",), "error: no: "),
        ("defect", ("run",), "error: internal error: RuntimeError: "),
        ("defect", ("--traceback", "run"), "ValueError: "),
        ("thread", ("run",), "in Thread:\nTraceback"),
    ],
)
def test_no_error_says_a_secret(
    tmp_path: Path, kind: str, arguments: tuple[str, ...], words: str
) -> None:
    done = last_words(tmp_path, kind, *arguments)

    assert done.returncode == 4
    assert words in done.stderr
    assert "***" in done.stderr
    assert done.stdout == ""
    for secret in (GIVEN, FETCHED):
        assert not find(secret, done.stderr.encode())
