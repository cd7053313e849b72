import os
from pathlib import Path

import pytest

from sluicegate.adapters.inboxes.folder import FolderInbox
from sluicegate.errors import PermanentError, UsageError
from sluicegate.ports.inbox import Letter

LIMIT = 100


def read(inbox: FolderInbox) -> dict[str, bytes | str]:
    """What each letter holds, or what its problem is, by the name of its file."""
    return {
        Path(one.place).name: one.problem if one.data is None else one.data
        for one in inbox.letters(LIMIT)
    }


def test_an_inbox_that_nobody_has_written_to_is_empty(tmp_path: Path) -> None:
    assert read(FolderInbox(tmp_path / "inbox")) == {}
    assert not (tmp_path / "inbox").exists()


def test_what_is_put_is_there_until_it_is_removed(tmp_path: Path) -> None:
    inbox = FolderInbox(tmp_path / "a/inbox")

    place = inbox.put("hold-1", b"one")

    assert place == str(tmp_path / "a/inbox/hold-1.json")
    (letter,) = inbox.letters(LIMIT)
    assert letter == Letter(place, b"one")
    inbox.remove(letter)
    inbox.remove(letter)
    assert read(inbox) == {}


def test_what_is_no_longer_what_was_read_stays(tmp_path: Path) -> None:
    inbox = FolderInbox(tmp_path)
    inbox.put("hold-1", b"one")
    (letter,) = inbox.letters(LIMIT)
    inbox.put("hold-1", b"another")

    inbox.remove(letter)

    assert read(inbox) == {"hold-1.json": b"another"}


def test_nothing_in_a_folder_keeps_the_rest_from_being_read(tmp_path: Path) -> None:
    inbox = FolderInbox(tmp_path)
    inbox.put("good", b"x" * LIMIT)
    inbox.put("huge", b"x" * (LIMIT + 1))
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "link.json").symlink_to(tmp_path / "good.json")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    (tmp_path / "device.json").symlink_to("/dev/zero")
    (tmp_path / "evil\x1b[2J\n.json").write_bytes(b"y")
    (tmp_path / ".half.json").write_bytes(b"half")
    (tmp_path / "note.txt").write_bytes(b"not for us")

    link = "a symbolic link, which is not followed"
    assert read(inbox) == {
        "device.json": link,
        "evil\x1b[2J\n.json": b"y",
        "folder.json": "not a file",
        "good.json": b"x" * LIMIT,
        "huge.json": "larger than 100 bytes",
        "link.json": link,
        "loop.json": link,
        "pipe.json": "not a file",
    }


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    inbox = FolderInbox(tmp_path / "inbox")
    inbox.put("a", b"a")
    (tmp_path / "inbox/link.json").symlink_to(target)

    for letter in list(inbox.letters(LIMIT)):
        inbox.remove(letter)

    assert target.read_bytes() == b"precious"
    assert read(inbox) == {}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "", ".x", "X", "a\n", "-a"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not a name"):
        FolderInbox(tmp_path / "inbox").put(name, b"")

    assert list(tmp_path.iterdir()) == []


def test_one_file_alone_can_be_an_inbox(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(b"1")
    (tmp_path / "two.json").write_bytes(b"2")

    assert read(FolderInbox(tmp_path, "two.json")) == {"two.json": b"2"}


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(b"")

    with pytest.raises(PermanentError, match="cannot look into"):
        list(FolderInbox(tmp_path / "inbox").letters(LIMIT))
    with pytest.raises(PermanentError, match="cannot write"):
        FolderInbox(tmp_path / "inbox").put("a", b"")
