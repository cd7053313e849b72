"""Unit tests of `sluicegate.adapters.workspace`."""

import os
from pathlib import Path

import pytest

from sluicegate.adapters.masking import Masks
from sluicegate.adapters.workspace import LocalWorkspace
from sluicegate.errors import PermanentError


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    return LocalWorkspace(tmp_path, tmp_path / ".sluicegate", "R", tmp_path / "cache")


def test_an_attempt_starts_with_an_empty_folder(workspace: LocalWorkspace) -> None:
    folder = Path(workspace.output("test", 1))
    (folder / "junit.xml").write_text("left over")

    assert list(Path(workspace.output("test", 1)).iterdir()) == []
    assert workspace.output("test", 2) != workspace.output("test", 1)


def test_a_file_is_read_and_a_missing_one_is_none(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "report").write_bytes(b"x")

    assert workspace.read(str(tmp_path / "report")) == b"x"
    assert workspace.read(str(tmp_path / "absent")) is None


def test_code_under_test_cannot_make_us_read_through_a_link(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("key")
    (tmp_path / "report").symlink_to(tmp_path / "secret")

    with pytest.raises(PermanentError):
        workspace.read(str(tmp_path / "report"))


def test_a_pipe_is_refused_and_does_not_block(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "report")

    with pytest.raises(PermanentError, match="plain file"):
        workspace.read(str(tmp_path / "report"))


def test_a_huge_file_is_refused(workspace: LocalWorkspace, tmp_path: Path) -> None:
    with (tmp_path / "report").open("wb") as file:
        file.truncate((64 << 20) + 1)

    with pytest.raises(PermanentError, match="64 MiB"):
        workspace.read(str(tmp_path / "report"))


def test_sources_are_the_plain_files_that_are_there(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM scratch\n")
    (tmp_path / "link").symlink_to("Dockerfile")
    (tmp_path / "large").write_bytes(bytes((1 << 20) + 1))
    os.mkfifo(tmp_path / "pipe")

    found = workspace.sources(("Dockerfile", "link", "large", "pipe", "none", "a\0b"))

    assert found == {"Dockerfile": b"FROM scratch\n", "link": b"FROM scratch\n"}


def masked(tmp_path: Path) -> LocalWorkspace:
    masks = Masks({"MY_TOKEN": "open-sesame"}, None)
    return LocalWorkspace(tmp_path, tmp_path / "s", "R", tmp_path / "c", masks=masks)


def test_what_is_read_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(b"<open-sesame>")

    assert masked(tmp_path).read(str(tmp_path / "report")) == b"<***>"


def test_what_stages_wrote_is_cleaned(tmp_path: Path) -> None:
    workspace = masked(tmp_path)
    folder = Path(workspace.output("test", 1))
    (folder / "deep").mkdir()
    (folder / "deep" / "junit.xml").write_bytes(b"\xff<open-sesame>")
    (folder / "clean").write_bytes(b"nothing")
    (tmp_path / "elsewhere").write_bytes(b"open-sesame")
    (folder / "link").symlink_to(tmp_path / "elsewhere")

    workspace.clean()

    assert (folder / "deep" / "junit.xml").read_bytes() == b"\xff<***>"
    assert (folder / "clean").read_bytes() == b"nothing"
    assert (tmp_path / "elsewhere").read_bytes() == b"open-sesame"


def test_an_output_with_a_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\0open-sesame")

    with pytest.raises(PermanentError, match=r"model\.bin holds a credential"):
        masked(tmp_path).collect(["model.bin"])
