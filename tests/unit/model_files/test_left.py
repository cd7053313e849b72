"""Unit tests of `sluicegate.model_files.left` and `sluicegate.model_files.before`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.model.digest import Digest
from sluicegate.model.model_manifest import digest_content
from sluicegate.model_files.before import find_untouched, note
from sluicegate.model_files.folder import Unreadable
from sluicegate.model_files.left import find_content


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.json").write_bytes(b"{}")
    (tmp_path / "model" / "w.bin").write_bytes(b"weights")
    return tmp_path


def test_the_content_is_that_of_the_manifest(project: Path) -> None:
    rows = [
        ("model/a.json", 2, Digest.of(b"{}")),
        ("model/w.bin", 7, Digest.of(b"weights")),
    ]

    assert find_content(project, ["model"]) == digest_content(rows).hex


@pytest.mark.parametrize(
    "change",
    [
        lambda model: (model / "w.bin").write_bytes(b"Weights"),
        lambda model: (model / "w.bin").unlink(),
        lambda model: (model / "more").write_bytes(b""),
        lambda model: (model / "w.bin").rename(model / "v.bin"),
    ],
)
def test_any_change_of_the_files_is_noticed(project: Path, change: object) -> None:
    before = find_content(project, ["model"])

    assert callable(change)
    change(project / "model")

    assert find_content(project, ["model"]) != before


def test_what_is_not_there_or_no_plain_file_cannot_be_told(project: Path) -> None:
    with pytest.raises(Unreadable):
        find_content(project, ["other"])
    (project / "model" / "link").symlink_to("w.bin")
    with pytest.raises(Unreadable):
        find_content(project, ["model"])


def test_a_file_that_nobody_has_written_since_is_found(project: Path) -> None:
    noted = project / "noted.json"
    note(project, ["model"], noted)
    os.utime(project / "model" / "w.bin", ns=(1, 1))  # whatever its time says now
    (project / "model" / "new").write_bytes(b"")

    assert find_untouched(project, ["model"], noted) == ["model/a.json"]


def test_a_file_made_anew_with_the_same_bytes_was_written(project: Path) -> None:
    noted = project / "noted.json"
    note(project, ["model"], noted)
    for path in (project / "model").iterdir():
        data = path.read_bytes()
        (project / "other").write_bytes(data)
        (project / "other").replace(path)

    assert find_untouched(project, ["model"], noted) == []


def test_where_nothing_was_before_all_of_it_is_new(project: Path) -> None:
    noted = project / "noted.json"
    note(project, ["later"], noted)

    assert json.loads(noted.read_text()) == {}


@pytest.mark.parametrize("text", ["", "[", "[1]", "[" * 10**5, None])
def test_without_a_note_nothing_can_be_told(project: Path, text: str | None) -> None:
    if text is not None:
        (project / "noted.json").write_text(text)

    with pytest.raises(Unreadable):
        find_untouched(project, ["model"], project / "noted.json")


def ask(**orders: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", "-m", "sluicegate.model_files", json.dumps(orders)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_program_answers_by_its_exit_code(project: Path) -> None:
    place = {"project": str(project), "paths": ["model"]}
    content = find_content(project, ["model"])

    same, other = ask(**place, content=content), ask(**place, content="0" * 64)
    broken = ask(project=str(project), paths=["none"], content=content)

    assert (same.returncode, other.returncode, broken.returncode) == (0, 1, 2)
    assert "not what they were" in other.stderr
    assert "Traceback" not in broken.stderr
