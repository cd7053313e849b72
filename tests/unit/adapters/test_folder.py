import os
import subprocess
from pathlib import Path

import pytest

from sluicegate.adapters.folder import Folder, make_state_folder, write_whole
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError, UsageError


def look(folder: Path) -> Folder:
    return Folder(folder, SubprocessRunner(StopRequest(), os.environ))


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("12345")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def test_files_of_a_repository_are_those_that_git_does_not_ignore(
    tmp_path: Path,
) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, "a.py", "sub/ä b.py", "build/c.py", "gone.py")
    (tmp_path / ".gitignore").write_text("build/\n")
    git(tmp_path, "add", "gone.py")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "link.py").symlink_to("a.py")
    os.mkfifo(tmp_path / "pipe.py")

    assert look(tmp_path).sizes() == {".gitignore": 7, "a.py": 5, "sub/ä b.py": 5}
    assert look(tmp_path / "sub").sizes() == {"ä b.py": 5}


def test_without_a_repository_hidden_and_foreign_folders_are_left_out(
    tmp_path: Path,
) -> None:
    write(tmp_path, "a.py", "sub/b.py", ".venv/c.py", "node_modules/d.py")

    assert look(tmp_path).sizes() == {"a.py": 5, "sub/b.py": 5}


def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("")
    write(tmp_path, "a.py")

    assert look(tmp_path).sizes() == {"a.py": 5}


def test_only_the_beginning_of_a_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a")

    assert look(tmp_path).texts(["a", "missing"], 3) == {"a": "123"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@github.com/a/b", "https://github.com/a/b"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
    ],
)
def test_the_remote_is_told_without_credentials(
    tmp_path: Path, url: str, shown: str
) -> None:
    git(tmp_path, "init", "-q")
    none = look(tmp_path).remote()
    git(tmp_path, "remote", "add", "origin", url)

    assert none == ""
    assert look(tmp_path).remote() == shown


def test_a_file_is_replaced_whole_and_keeps_its_mode_and_its_link(
    tmp_path: Path,
) -> None:
    write(tmp_path, "real")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")

    write_whole(tmp_path / "link", b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"real", "link"}


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    with pytest.raises(PermanentError, match="cannot write"):
        write_whole(tmp_path / "a", b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_state_folder_that_is_a_link_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".sluicegate").symlink_to("elsewhere")

    with pytest.raises(UsageError, match="is a link"):
        make_state_folder(tmp_path / ".sluicegate")

    assert not list((tmp_path / "elsewhere").iterdir())
