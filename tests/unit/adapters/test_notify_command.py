"""Unit tests of `sluicegate.adapters.notify_command`, with real programs."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from sluicegate.adapters.notify_command import NotifyCommand
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError, TransientError

BODY = b'{"event": "abort"}'


def command(
    folder: Path, *argv: str, timeout: timedelta = timedelta(seconds=30)
) -> NotifyCommand:
    runner = SubprocessRunner(StopRequest(), os.environ, grace_seconds=0.2)
    return NotifyCommand(argv, str(folder), runner, timeout=timeout)


def test_a_program_gets_the_message_in_the_projects_folder(tmp_path: Path) -> None:
    script = (
        'cat >body; printf %s "$SLUICEGATE_MESSAGE" >text; printf %s "$1" >argument'
    )
    command(tmp_path, "sh", "-c", script, "sh", "a 'b' $c").send(BODY, "it's <off>")

    assert (tmp_path / "body").read_bytes() == BODY
    assert (tmp_path / "text").read_text() == "it's <off>"
    assert (tmp_path / "argument").read_text() == "a 'b' $c"


def test_a_program_that_reads_nothing_is_fine(tmp_path: Path) -> None:
    command(tmp_path, "true").send(BODY * 100_000, "")


def test_a_program_that_fails_is_said_to_without_its_words(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"^it exited with 3$"):
        command(tmp_path, "sh", "-c", "echo https://s3cret >&2; exit 3").send(BODY, "")


def test_a_program_that_is_not_there_is_said_to_have_failed(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"^it exited with 127$"):
        command(tmp_path, "no-such-program").send(BODY, "")


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    hanging = command(tmp_path, "sleep", "600", timeout=timedelta(seconds=0.2))

    with pytest.raises(TransientError, match=r"^it was ended after 0\.2 s$"):
        hanging.send(BODY, "")
