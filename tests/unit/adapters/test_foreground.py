import os
import sys
import threading
from pathlib import Path

import pytest

from sluicegate.adapters.foreground import ForegroundRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import Interrupted, PermanentError

_TALKS = """\
import os, sys
print(os.environ["X"])
print("so far", file=sys.stderr)
sys.exit(5)
"""

_WAITS = """\
import pathlib, signal, sys
def stop(*_):
    pathlib.Path(sys.argv[1], "stopped").touch()
    sys.exit(130)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1], "ready").touch()
signal.pause()
"""


def runner(stop: StopRequest | None = None) -> ForegroundRunner:
    return ForegroundRunner(stop or StopRequest(), os.environ)


def test_output_is_kept_and_progress_passed_on(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    argv = (sys.executable, "-c", _TALKS)
    code, output = runner().run(argv, cwd=str(tmp_path), env={"X": "kept"})
    assert (code, output) == (5, b"kept\n")
    assert capfd.readouterr().err == "so far\n"


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot start"):
        runner().run(("/nowhere/to/be/found",), cwd=str(tmp_path), env={})


def test_a_request_to_stop_reaches_the_program_and_is_awaited(tmp_path: Path) -> None:
    stop = StopRequest()

    def ask_once_it_runs() -> None:
        while not (tmp_path / "ready").exists():
            threading.Event().wait(0.01)
        stop.set()

    thread = threading.Thread(target=ask_once_it_runs)
    thread.start()
    argv = (sys.executable, "-c", _WAITS, str(tmp_path))
    with pytest.raises(Interrupted):
        runner(stop).run(argv, cwd=str(tmp_path), env={})
    thread.join()
    assert (tmp_path / "stopped").exists()


def test_nothing_is_started_after_a_request_to_stop(tmp_path: Path) -> None:
    stop = StopRequest()
    stop.set()
    argv = (sys.executable, "-c", "open('started', 'w')")
    with pytest.raises(Interrupted):
        runner(stop).run(argv, cwd=str(tmp_path), env={})
    assert not (tmp_path / "started").exists()


def test_the_program_has_a_session_of_its_own(tmp_path: Path) -> None:
    script = "import os; print(os.getsid(0) == os.getpid())"
    argv = (sys.executable, "-c", script)
    _, output = runner().run(argv, cwd=str(tmp_path), env={})
    assert output == b"True\n"
