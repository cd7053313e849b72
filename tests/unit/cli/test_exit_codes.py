"""Unit tests of `sluicegate.cli.exit_codes`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sluicegate.cli import main
from sluicegate.cli.exit_codes import ExitCode, for_error, for_outcome
from sluicegate.errors import (
    IntegrityError,
    Interrupted,
    PermanentError,
    PipelineFileError,
    SluicegateError,
    TransientError,
    UsageError,
)
from sluicegate.model.decision import Outcome


def test_exit_codes_are_a_public_promise() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "OPEN": 0,
        "CLOSED": 1,
        "USAGE": 2,
        "PENDING": 3,
        "BROKEN": 4,
        "TAMPERED": 5,
        "INTERRUPTED": 130,
    }


def test_every_outcome_has_its_own_code() -> None:
    codes = {for_outcome(outcome.value) for outcome in Outcome}

    assert len(codes) == len(Outcome)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (IntegrityError("checkpoint went backwards"), ExitCode.TAMPERED),
        (UsageError("no such stage"), ExitCode.USAGE),
        (PipelineFileError(["a:1: no"]), ExitCode.USAGE),
        (TransientError("timeout"), ExitCode.BROKEN),
        (PermanentError("not found"), ExitCode.BROKEN),
        (Interrupted("asked to stop"), ExitCode.INTERRUPTED),
        (SluicegateError("anything new"), ExitCode.BROKEN),
    ],
)
def test_no_error_ends_as_open(error: SluicegateError, code: ExitCode) -> None:
    assert for_error(error) is code


@pytest.mark.parametrize("wanted", [True, False])
def test_who_wants_no_colour_gets_none_in_errors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, wanted: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"NO_COLOR": None if wanted else "1"}

    said = CliRunner().invoke(main, ["status"], env=env, color=True)

    assert "error:" in said.output
    assert ("\x1b[" in said.output) is wanted
