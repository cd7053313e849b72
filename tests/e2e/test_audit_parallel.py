"""Several processes record their runs in one log at once."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import audit_writer
import pytest
from audit_writer import open_here

from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.history import read_events
from sluicegate.audit.verify import verify
from sluicegate.model.event import StageSkipped

WRITER = Path(audit_writer.__file__)
FULL = bool(os.environ.get("SLUICE_FULL"))
PROCESSES, EVENTS = (8, 200) if FULL else (4, 12)

pytestmark = pytest.mark.exhaustive


def test_processes_that_begin_a_log_together_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    labels = [str(number) for number in range(EVENTS)]
    writers = [
        subprocess.Popen(
            [sys.executable, str(WRITER), str(tmp_path), f"R{number}", *labels],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    errors = [writer.communicate(timeout=600)[1] for writer in writers]
    assert errors == [""] * PROCESSES

    store = DirectoryLog(tmp_path / "audit")
    report = verify(store)
    assert report.problems == ()
    assert report.size == 1 + PROCESSES * (1 + EVENTS)
    found = Counter(
        (envelope.run_id, event.reason)
        for _, envelope, event in read_events(open_here(tmp_path))
        if isinstance(event, StageSkipped)
    )
    assert found == Counter(
        (f"R{number}", label) for number in range(PROCESSES) for label in labels
    )
    assert len(list((tmp_path / "keys").iterdir())) == 1
