"""Unit tests of `sluicegate.stages.trivy_shell`; ``sh`` itself reads the scripts."""

import subprocess
from datetime import timedelta
from pathlib import Path

from sluicegate.stages.trivy_shell import KEPT, Cache, clean

PATH = "/usr/bin:/bin"


def run(argv: tuple[str, ...], **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, env={"PATH": PATH, **environ}, capture_output=True, text=True, check=False
    )


def test_what_could_steer_trivy_is_taken_away() -> None:
    kept = dict.fromkeys(KEPT, "kept")
    odd = {"OTHER": "a\nTRIVY_CACHE_DIRS=x\nb", "TRIVY_": "x", "TRIVY_NEW": "a\nb"}

    said = run(clean(("env",)), TRIVY_SEVERITY="LOW", **kept, **odd).stdout

    names = {line.partition("=")[0] for line in said.splitlines()}
    assert set(KEPT) <= names
    assert "TRIVY_DISABLE_TELEMETRY" in names
    assert not {"TRIVY_SEVERITY", "TRIVY_NEW", "TRIVY_"} & names


def make_cache(folder: Path, *update: str) -> Cache:
    return Cache(
        lock=str(folder / "a folder/lock"),
        patience=timedelta(seconds=1),
        version=("echo", "it's", "version"),
        about=str(folder / "about it"),
        update=update,
    )


def test_a_program_runs_after_the_update_with_its_exit_code(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, "touch", str(tmp_path / "up to date"))

    done = run(cache.use(("sh", "-c", 'echo "$1"; exit 3', "sh", "a  b")))

    assert (done.stdout, done.returncode) == ("a  b\n", 3)
    assert (tmp_path / "up to date").exists()
    assert (tmp_path / "about it").read_text() == "it's version\n"


def test_a_failed_update_is_the_end(tmp_path: Path) -> None:
    done = run(make_cache(tmp_path, "sh", "-c", "exit 7").use(("echo", "scanned")))

    assert (done.stdout, done.returncode) == ("", 7)


def test_a_lock_that_cannot_be_had_is_the_end(tmp_path: Path) -> None:
    (tmp_path / "a folder").write_text("in the way")

    done = run(make_cache(tmp_path).use(("echo", "scanned")))

    assert done.stdout == ""
    assert done.returncode != 0


def test_the_program_holds_the_lock_and_another_waits_for_it(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    first = ("sh", "-c", "echo ready; read line")

    with subprocess.Popen(
        cache.use(first), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "ready\n"
        refused = run(cache.use(("echo", "scanned")))
        holder.stdin.write("go\n")
    taken = run(cache.use(("echo", "scanned")))

    assert (refused.stdout, refused.returncode) == ("", 1)
    assert "waiting for it" in refused.stderr
    assert "kept Trivy's cache for 1 s" in refused.stderr
    assert (taken.stdout, taken.stderr) == ("scanned\n", "")


def test_without_flock_there_is_no_lock_and_no_failure(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "env", "sed", "echo"):
        (tools / name).symlink_to(f"/usr/bin/{name}")

    done = run(make_cache(tmp_path).use(("echo", "scanned")), PATH=str(tools))

    assert (done.stdout, done.returncode) == ("scanned\n", 0)
