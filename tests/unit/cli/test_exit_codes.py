"""Unit tests of `sluicegate.cli.exit_codes`."""

import pytest

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
