"""Packages that are measured beside ours and installed nowhere.

They are downloaded once, checked against their digests, and imported from a folder of
their own. Two of them ask for a newer Python than they need.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

_WHEELS = (
    (
        "cachetools==8.0.1",  # pymerkle needs it
        "9e54fbdef4b24e8059e8a430893122febbaf9f5673f236fdb82256cdd090d506",
    ),
    (
        "aics-tlog==0.2.1",
        "e8cd2be003001576353bbd1a139b68252baf85df8e5d356c5ff26f3c417efdfc",
    ),
    (
        "pymerkle==7.0.0",
        "506817f2a78cf9b2b49fcabb1d00c0dc76f0efa90fb0b14d998bab4e6729ad4f",
    ),
)


def provide(folder: Path) -> None:
    """Make ``aics_tlog`` and ``pymerkle`` importable, out of *folder*."""
    packages = folder / "packages"
    for wanted, digest in _WHEELS:
        wheel = _download(wanted, folder)
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{wheel.name} is not the file that was measured before")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    sys.path.insert(0, str(packages))


def _download(wanted: str, folder: Path) -> Path:
    name = wanted.replace("-", "_").replace("==", "-")
    found = list(folder.glob(f"{name}-*.whl"))
    if not found:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        where = ["--dest", str(folder), "--python-version", "3.12"]
        only = ["--only-binary=:all:", wanted]
        subprocess.run([*pip, *where, *only], check=True, env=dict(os.environ))
        found = list(folder.glob(f"{name}-*.whl"))
    return found[0]
