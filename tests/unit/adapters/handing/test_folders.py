"""Unit tests of the folders in which results go from one job to another."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sluicegate.adapters.handing.incoming import IncomingFolder
from sluicegate.adapters.handing.outgoing import OutgoingFolder
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hand_over import HandedFile

INDEX = b'{"stages": []}\n'
DATA = b"what a program said"
FILE = HandedFile(Digest.of(DATA), len(DATA))
LIMIT = 1000


def write(place: Path) -> HandedFile:
    """A hand-over with a file and an archive; what the archive is."""
    folder = OutgoingFolder(place)
    assert folder.keep(DATA) == folder.keep(DATA) == FILE
    Path(folder.path_of("image.tar")).write_bytes(b"an image")
    archive = folder.look_at("image.tar")
    folder.finish(INDEX, [FILE.digest])
    return archive


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "out"


def check(place: Path, archive: HandedFile) -> None:
    folder = IncomingFolder(place)
    folder.index(Digest.of(INDEX), LIMIT)
    folder.check({FILE.digest: FILE.size}, {"image.tar": archive})


def test_what_was_written_is_read(place: Path) -> None:
    archive = write(place)

    check(place, archive)

    folder = IncomingFolder(place)
    assert folder.index(Digest.of(INDEX), LIMIT) == INDEX
    assert folder.read(FILE) == DATA
    assert Path(folder.path_of("image.tar")).read_bytes() == b"an image"


def test_what_is_not_finished_is_not_there(place: Path) -> None:
    folder = OutgoingFolder(place)
    folder.keep(DATA)

    assert not place.exists()
    folder.abandon()

    assert list(place.parent.iterdir()) == []


def test_files_that_the_index_does_not_name_are_not_handed_over(place: Path) -> None:
    folder = OutgoingFolder(place)
    folder.keep(b"of an attempt that was broken")
    folder.keep(DATA)
    folder.finish(INDEX, [FILE.digest])

    assert [path.name for path in (place / "files").iterdir()] == [FILE.digest.hex]


def test_nothing_is_written_over(place: Path) -> None:
    place.mkdir()
    write(place)

    with pytest.raises(UsageError, match="no empty folder"):
        OutgoingFolder(place)


def test_a_folder_without_files_need_not_hold_their_folder(place: Path) -> None:
    OutgoingFolder(place).finish(INDEX, [])
    (place / "files").rmdir()

    IncomingFolder(place).check({}, {})


def _link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


ATTACKS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "a file changed": (
        lambda it: (it / "files" / FILE.digest.hex).write_bytes(DATA.upper()),
        IntegrityError,
    ),
    "a file cut": (
        lambda it: (it / "files" / FILE.digest.hex).write_bytes(DATA[:-1]),
        IntegrityError,
    ),
    "a file missing": (
        lambda it: (it / "files" / FILE.digest.hex).unlink(),
        UsageError,
    ),
    "a file is a link": (
        lambda it: _link(it / "files" / FILE.digest.hex, Path("/etc/hostname")),
        UsageError,
    ),
    "a file is a pipe": (
        lambda it: _fifo(it / "files" / FILE.digest.hex),
        UsageError,
    ),
    "one file more": (
        lambda it: (it / "files" / Digest.of(b"").hex).write_bytes(b""),
        UsageError,
    ),
    "a hidden file more": (
        lambda it: (it / "files" / ".hidden").write_bytes(b""),
        UsageError,
    ),
    "one more beside": (lambda it: (it / "conftest.py").write_text(""), UsageError),
    "the archive changed": (
        lambda it: (it / "image.tar").write_bytes(b"an imagE"),
        IntegrityError,
    ),
    "the archive is a link": (
        lambda it: _link(it / "image.tar", Path("/etc/hostname")),
        UsageError,
    ),
    "the index is a link": (
        lambda it: _link(it / "handover.json", Path("/etc/hostname")),
        UsageError,
    ),
    "the index changed": (
        lambda it: (it / "handover.json").write_bytes(INDEX + b" "),
        IntegrityError,
    ),
    "the index is huge": (
        lambda it: (it / "handover.json").write_bytes(INDEX * LIMIT),
        UsageError,
    ),
    "the index is missing": (lambda it: (it / "handover.json").unlink(), UsageError),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_tampered_with_is_refused(place: Path, attack: str) -> None:
    archive = write(place)
    change, error = ATTACKS[attack]
    change(place)

    with pytest.raises(error):
        check(place, archive)


def test_a_link_in_the_place_of_the_files_is_refused(place: Path) -> None:
    archive = write(place)
    (place / "files").rename(place.parent / "elsewhere")
    (place / "files").symlink_to(place.parent / "elsewhere")

    with pytest.raises(UsageError, match="something else"):
        check(place, archive)


def test_a_file_that_changes_after_it_was_checked_is_not_read(place: Path) -> None:
    archive = write(place)
    check(place, archive)
    (place / "files" / FILE.digest.hex).write_bytes(DATA.upper())

    with pytest.raises(IntegrityError):
        IncomingFolder(place).read(FILE)


@pytest.mark.parametrize(
    "files",
    [
        {Digest.of(str(n).encode()): 0 for n in range(20_001)},
        {Digest.of(b"x"): 5 << 30},
    ],
    ids=["many", "large"],
)
def test_more_than_anybody_hands_over_is_refused_unread(
    place: Path, files: dict[Digest, int]
) -> None:
    write(place)

    with pytest.raises(UsageError, match="holds more than"):
        IncomingFolder(place).check(files, {})


def test_a_folder_that_is_not_there_is_no_hand_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        IncomingFolder(tmp_path / "none").index(Digest.of(INDEX), LIMIT)
