"""A process that rotates the log's key is killed, or its disk fails, at any call.

Whatever happens: the log verifies with the first key, exactly one key signs it and is
found on this machine, and the next rotation works. A sample with a printed seed by
default; every call with SLUICE_FULL=1.
"""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rotation_writer
from audit_writer import open_here
from e2e.test_audit_crash import Fault, list_calls, list_faults

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.trust import read_keychain
from sluicegate.audit.verify import verify
from sluicegate.tlog.note import format_vkey

WRITER = Path(rotation_writer.__file__)
FULL = bool(os.environ.get("SLUICE_FULL"))
SAMPLE = 6

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing"),
]


def rotate(root: Path, *strace: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*strace, sys.executable, str(WRITER), str(root)],
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def check_after(root: Path, first: str, fault: Fault, output: str) -> None:
    report = verify(DirectoryLog(root / "audit"), first)
    assert report.ok, (str(fault), report.problems)
    log = open_here(root)
    current = format_vkey(log.key)
    if output:
        assert current == output.strip(), str(fault)
    keys = KeyDirectory(root / "keys")
    found = keys.find(log.key.name)
    assert found is not None, str(fault)
    assert found.vkey() == current, str(fault)
    assert all(keys.find_key(vkey) for vkey in read_keychain(log).vkeys), str(fault)

    new = rotation_writer.rotate(root)

    assert format_vkey(open_here(root).key) == new, str(fault)
    assert verify(DirectoryLog(root / "audit"), first).ok, str(fault)


def test_a_fault_at_any_call_leaves_one_key_in_use(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    first = format_vkey(open_here(origin).key)
    traced, trace = tmp_path / "traced", tmp_path / "trace"
    shutil.copytree(origin, traced)
    result = rotate(traced, "strace", "-f", "-y", "-o", str(trace))
    assert result.returncode == 0, result.stderr
    faults = list_faults(list_calls(trace.read_text().splitlines()))
    assert len(faults) > 100
    if not FULL:
        seed = random.randrange(2**32)
        print(f"sample of {SAMPLE} of {len(faults)} faults, seed {seed}")
        faults = random.Random(seed).sample(faults, SAMPLE)

    for number, fault in enumerate(faults):
        root = tmp_path / str(number)
        shutil.copytree(origin, root)
        inject = f"inject={fault.call}:{fault.what}:when={fault.count}"
        done = rotate(
            root,
            *("strace", "-f", "-qq", "-o", str(tmp_path / "fault")),
            *("-e", f"trace={fault.call}", "-e", inject),
        )
        check_after(root, first, fault, done.stdout)
        shutil.rmtree(root)
