"""Unit tests of `sluicegate.wiring.github.command_files`."""

from pathlib import Path

import pytest

from sluicegate.wiring.github.command_files import CommandFiles

NAMES = ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH", "STATE")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    for name in NAMES:
        (tmp_path / name).write_text("")
    return {f"GITHUB_{name}": str(tmp_path / name) for name in NAMES}


def test_what_others_write_into_the_files_is_gone_and_told(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ENV").write_text("EARLIER=1\n")
    files = CommandFiles.of(environ)
    (tmp_path / "ENV").write_text("EARLIER=1\nLD_PRELOAD=/evil.so\n")
    (tmp_path / "PATH").write_text("/evil/bin\n")
    (tmp_path / "OUTPUT").write_text("verdict=open\n")

    assert files.restore() == ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH"]
    files.write_outputs({"verdict": "closed"})

    assert (tmp_path / "ENV").read_text() == "EARLIER=1\n"
    assert (tmp_path / "PATH").read_text() == ""
    assert (tmp_path / "OUTPUT").read_text().splitlines()[1:2] == ["closed"]
    assert "open" not in (tmp_path / "OUTPUT").read_text()
    assert files.restore() == ["GITHUB_OUTPUT"]


def test_a_link_in_the_place_of_a_file_is_not_followed(
    environ: dict[str, str], tmp_path: Path
) -> None:
    files = CommandFiles.of(environ)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "OUTPUT").unlink()
    (tmp_path / "OUTPUT").symlink_to(elsewhere)

    assert files.restore() == ["GITHUB_OUTPUT"]
    files.write_outputs({"verdict": "closed"})

    assert elsewhere.read_text() == "mine"
    assert not (tmp_path / "OUTPUT").is_symlink()
    assert "closed" in (tmp_path / "OUTPUT").read_text()


def test_a_file_that_was_removed_is_there_again(
    environ: dict[str, str], tmp_path: Path
) -> None:
    files = CommandFiles.of(environ)
    (tmp_path / "STEP_SUMMARY").unlink()

    assert files.restore() == ["GITHUB_STEP_SUMMARY"]
    files.write_summary("## closed\n")
    assert (tmp_path / "STEP_SUMMARY").read_text() == "## closed\n"


def test_an_output_of_several_lines_is_left_out_and_the_others_stay(
    environ: dict[str, str], tmp_path: Path
) -> None:
    files = CommandFiles.of(environ)

    files.write_outputs({"report": "/a\nverdict=open", "verdict": "closed"})

    written = (tmp_path / "OUTPUT").read_text().splitlines()
    assert [line.partition("<<")[0] for line in written] == [
        "verdict",
        "closed",
        written[2],
    ]
    assert written[0] == f"verdict<<{written[2]}"


def test_every_write_has_a_delimiter_of_its_own(
    environ: dict[str, str], tmp_path: Path
) -> None:
    files = CommandFiles.of(environ)
    for _ in range(2):
        files.write_outputs({"verdict": "open"})

    lines = (tmp_path / "OUTPUT").read_text().splitlines()
    assert len({lines[2], lines[5]}) == 2


def test_outside_of_a_runner_nothing_is_written(tmp_path: Path) -> None:
    files = CommandFiles.of({})
    files.write_outputs({"verdict": "open"})
    files.write_summary("x")

    assert files.restore() == []
    assert list(tmp_path.iterdir()) == []
