"""What real tools said; see ``tests/vectors/tools/capture.py``."""

import json
from pathlib import Path

from sluicegate.model.command import CommandResult, ResourceUsage, StepResult

PROJECT = "/tmp/sluicegate-vectors/project"  # noqa: S108 - where it was captured
OUTPUT = "/tmp/sluicegate-vectors/output"  # noqa: S108

_FOLDER = Path(__file__).parent / "vectors" / "tools"


def load_results(case: str) -> tuple[StepResult, ...]:
    folder = _FOLDER / case
    results = []
    for number, step in enumerate(json.loads((folder / "steps.json").read_text())):
        parts = {
            path.name.partition(".")[2]: path.read_bytes()
            for path in folder.glob(f"{number}.*")
        }
        stdout, stderr = parts.pop("stdout"), parts.pop("stderr")
        results.append(
            make_result(step["name"], step["exit_code"], stdout, stderr, parts)
        )
    return tuple(results)


def make_result(
    name: str,
    exit_code: int = 0,
    stdout: bytes = b"",
    stderr: bytes = b"",
    files: dict[str, bytes] | None = None,
    *,
    timed_out: bool = False,
) -> StepResult:
    result = CommandResult(
        exit_code, stdout, stderr, ResourceUsage(wall_ms=1), timed_out=timed_out
    )
    return StepResult(name, result, files or {})
