"""Unit tests of `sluicegate.adapters.process_plain`, with real programs."""

import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from sluicegate.adapters.process_plain import PlainRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import Command, CommandResult

ENVIRON = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "secret"}
LONG = timedelta(minutes=2)


def run(
    *argv: str, cwd: Path, timeout: timedelta = LONG, lines: list[str] | None = None
) -> CommandResult:
    seen: list[str] = [] if lines is None else lines
    runner = PlainRunner(StopRequest(), ENVIRON)
    return runner.run(Command(argv, str(cwd), timeout, {"ADDED": "1"}), seen.append)


def test_output_exit_code_and_lines_arrive(tmp_path: Path) -> None:
    lines: list[str] = []
    script = "echo one; echo two >&2; printf '\\377three'; exit 7"

    result = run("sh", "-c", script, cwd=tmp_path, lines=lines)

    assert result.exit_code == 7
    assert result.stdout == b"one\n\xffthree"
    assert result.stderr == b"two\n"
    assert lines == ["one", "\ufffdthree", "two"]
    assert not result.timed_out


def test_secrets_do_not_reach_programs_and_additions_do(tmp_path: Path) -> None:
    seen = run("env", cwd=tmp_path).stdout.decode()

    assert "secret" not in seen
    assert "ADDED=1" in seen


def test_a_program_that_is_not_there_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="no-such-program"):
        run("no-such-program", cwd=tmp_path)


def test_a_program_whose_time_is_over_is_killed(tmp_path: Path) -> None:
    result = run(
        "sh", "-c", "echo begun; exec sleep 1000",
        cwd=tmp_path, timeout=timedelta(seconds=0.5),
    )  # fmt: skip

    assert result.timed_out
    assert result.exit_code == -signal.SIGKILL
    assert result.stdout == b"begun\n"


def test_a_request_to_stop_ends_the_program(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    stop = threading.Event()
    failed: list[BaseException] = []

    def carry_out() -> None:
        command = Command(("cat", "pipe"), str(tmp_path), LONG)
        try:
            PlainRunner(stop, ENVIRON).run(command, print)
        except Interrupted as error:
            failed.append(error)

    thread = threading.Thread(target=carry_out)
    thread.start()
    with (tmp_path / "pipe").open("w") as pipe:  # waits until the program reads
        stop.set()
        thread.join()
        with pytest.raises(BrokenPipeError):
            os.write(pipe.fileno(), b"x")

    assert len(failed) == 1


def test_nothing_is_started_after_a_request_to_stop(tmp_path: Path) -> None:
    stop = StopRequest()
    stop.set()

    with pytest.raises(Interrupted):
        PlainRunner(stop, ENVIRON).run(
            Command(("touch", "made"), str(tmp_path), LONG), print
        )

    assert not (tmp_path / "made").exists()
