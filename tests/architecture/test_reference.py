"""What is generated from the code is committed, and current."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_generated_reference_is_current() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_docs.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert check.stdout + check.stderr == ""
    assert check.returncode == 0
