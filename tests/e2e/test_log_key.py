"""A run with a key that was only lent: where its bytes go, and where they do not."""

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_project import CliProject, clean_environment

from sluicegate.adapters.keys import FileSigner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

# What a stage could look at: itself, its descriptors, and all processes above it.
PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  look:
    uses: command
    run: sh look.sh
    evidence: {file: said.json, fields: {fds: text}}
"""
LOOK = r"""
{
  env
  ls -l /proc/self/fd
  process=$$
  while [ "$process" != @TOP@ ] && [ "$process" -gt 1 ]; do
    echo "mark-process $process"
    cat "/proc/$process/environ" | tr '\0' '\n'
    cat "/proc/$process/cmdline" | tr '\0' ' '
    for fd in /proc/$process/fd/*; do
      case $(readlink "$fd") in *pipe*) timeout 0.2 cat "$fd" ;; esac
    done </dev/null
    process=$(sed -n 's/^PPid:\t//p' "/proc/$process/status")
  done
} >../seen.txt 2>&1
"""
SAY = """\
echo '{"fds": "seen"}' >"$SLUICEGATE_OUTPUT/said.json"
"""


class Lent:
    """A project, and a key that its machine does not keep."""

    def __init__(
        self, root: Path, name: str = "local/project", look: str = LOOK + SAY
    ) -> None:
        root.mkdir()
        self.seen = root / "seen.txt"
        look = look.replace("@TOP@", str(os.getpid()))
        self.project = CliProject.make(
            root, {"sluicegate.yaml": PIPELINE, "look.sh": look}
        )
        self.line = make_key(root.parent / f"{root.name}-elsewhere", name)

    def run(self, *arguments: str, by_descriptor: bool = False) -> tuple[int, str]:
        """Run `sluice` with the key; its exit code, and what it said."""
        argv = self.project.argv(*arguments)
        environ = clean_environment(self.project.home, **self.project.environ)
        reading, writing = os.pipe()
        os.write(writing, self.line.encode())
        os.close(writing)
        given = (
            {"SLUICE_LOG_KEY_FD": str(reading)}
            if by_descriptor
            else {"SLUICE_LOG_KEY": self.line}
        )
        done = subprocess.run(
            argv,
            cwd=self.project.folder,
            env={**environ, **given},
            pass_fds=(reading,) if by_descriptor else (),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        os.close(reading)
        return done.returncode, done.stdout + done.stderr

    def traces(self, data: bytes) -> list[str]:
        """The forms of the key that are in *data*."""
        encoded = base64_of(self.line)
        seed = base64.b64decode(encoded)[1:]
        forms = {
            "base64": encoded.rstrip("=").encode(),
            "a part": encoded[4:24].encode(),
            "raw": seed,
            "hex": seed.hex().encode(),
        }
        return [form for form, text in forms.items() if text in data]

    def traces_on_disk(self) -> list[str]:
        root = self.project.folder.parent
        files = [path for path in root.rglob("*") if path.is_file()]
        assert any(path.name == "checkpoint" for path in files), "the wrong folder"
        return [str(path) for path in files if self.traces(path.read_bytes())]


def base64_of(line: str) -> str:
    """The secret of a key's line, which may have a plus itself."""
    return line.strip().split("+", 4)[4]


def make_key(folder: Path, name: str) -> str:
    path = folder / "a.key"
    FileSigner.create(path, name)
    line = path.read_text()
    shutil.rmtree(folder)
    return line


@pytest.mark.parametrize("by_descriptor", [False, True])
def test_a_lent_key_signs_a_log_and_reaches_neither_a_stage_nor_the_disk(
    tmp_path: Path, *, by_descriptor: bool
) -> None:
    lent = Lent(tmp_path / "lent")

    code, said = lent.run("run", by_descriptor=by_descriptor)

    assert code == 0, said
    seen = lent.seen.read_bytes()
    marks = re.findall(rb"mark-process \d+", seen)
    assert len(marks) >= 3, "the stage did not see the processes above it"
    assert b"HOME=" in seen
    assert lent.traces(seen) == []
    assert b"PRIVATE+KEY" not in seen
    assert lent.traces(said.encode()) == []
    assert lent.traces_on_disk() == []
    assert not list(lent.project.home.rglob("*.key"))
    code, said = lent.run("audit", "verify", by_descriptor=by_descriptor)
    assert code == 0, said
    assert "the key given in" in said


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_no_system_call_carries_a_lent_key_anywhere(tmp_path: Path) -> None:
    lent = Lent(tmp_path / "lent", look=f"env >../seen.txt\n{SAY}")
    trace = tmp_path / "trace"
    calls = "execve,write,pwrite64,writev,pwritev,sendto,sendmsg,rename,symlink,link"
    environ = clean_environment(lent.project.home)

    subprocess.run(
        [
            *("strace", "-f", "-qq", "-v", "-s", "1000000", "-e", f"trace={calls}"),
            # The key is in this program's environment: not in strace's own.
            *("-o", str(trace), "-E", f"SLUICE_LOG_KEY={lent.line.strip()}"),
            *lent.project.argv("run"),
        ],
        cwd=lent.project.folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )

    own, *others = trace.read_bytes().split(b"\n")
    assert b"execve(" in own
    assert lent.traces(own) == ["base64", "a part"], "this is how the key came"
    assert sum(b"execve(" in line for line in others) > 5
    assert [line[:200] for line in others if lent.traces(line)] == []


def test_a_key_of_another_log_is_refused_and_begins_none(tmp_path: Path) -> None:
    lent = Lent(tmp_path / "lent", "local/other")

    code, said = lent.run("run")

    assert code == 2
    assert (
        "the key in SLUICE_LOG_KEY is that of the log 'local/other', and this log is"
        " 'local/project'"
    ) in said
    assert not (lent.project.folder / ".sluicegate/audit/checkpoint").exists()
    assert lent.traces(said.encode()) == []


def test_another_key_of_the_same_name_does_not_sign_the_log(tmp_path: Path) -> None:
    lent = Lent(tmp_path / "lent")
    assert lent.run("run")[0] == 0
    lent.line = make_key(tmp_path / "elsewhere", "local/project")

    code, said = lent.run("run", "--force")

    assert code == 5
    assert lent.traces(said.encode()) == []


@pytest.mark.parametrize("cut", [3, 30, -8])
def test_what_is_no_key_is_refused_unseen(tmp_path: Path, cut: int) -> None:
    lent = Lent(tmp_path / "lent")
    secret = base64_of(lent.line)[8:20]
    lent.line = lent.line.strip()[:cut]

    code, said = lent.run("run")

    assert code == 2
    assert "SLUICE_LOG_KEY holds no signing key" in said
    assert secret not in said
