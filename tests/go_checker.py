"""The verifier of `tests/e2e/tlog_checker`, built on golang.org/x/mod of the system.

Only its ``main.go`` is ours; x/mod comes from the distribution's package
``golang-golang-x-mod-dev``.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "e2e" / "tlog_checker" / "main.go"
GOPATH = Path("/usr/share/gocode")


def find_go() -> str | None:
    """Debian's own toolchain first: the package beside it is made for it."""
    debian = sorted(Path("/usr/lib").glob("go-*/bin/go"))
    return str(debian[-1]) if debian else shutil.which("go")


GO = find_go()
needs_go = pytest.mark.skipif(
    GO is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
    reason="needs golang-go and golang-golang-x-mod-dev",
)


@dataclass(frozen=True)
class Checker:
    """The built program."""

    binary: Path

    def run(self, *arguments: str | Path, stdin: str = "") -> str:
        """What it says; it must agree."""
        done = self._run(arguments, stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuses(self, *arguments: str | Path) -> bool:
        """Whether it does not agree."""
        return self._run(arguments, "").returncode != 0

    def _run(
        self, arguments: tuple[str | Path, ...], stdin: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.binary), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


def build(folder: Path) -> Checker:
    """Build it into *folder*; the first time compiles Go's own library, too."""
    assert GO is not None
    binary = folder / "checker"
    subprocess.run(
        [GO, "build", "-o", str(binary), str(SOURCE)],
        env={
            **os.environ,
            "GO111MODULE": "off",
            "GOPATH": str(GOPATH),
            "GOFLAGS": "",
            "GOTOOLCHAIN": "local",
        },
        check=True,
    )
    return Checker(binary)
