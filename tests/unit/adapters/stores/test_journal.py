"""Unit tests of `sluicegate.adapters.stores.journal`."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.errors import IntegrityError, UsageError

ENTRIES = [b'{"a":1}', b"", b'{"text":"\xc3\xa9 \\n"}']


def open_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def write(folder: Path, entries: list[bytes] = ENTRIES) -> None:
    """Write as a process that is then killed."""
    journal = FileJournal(folder, "R1")
    for entry in entries:
        journal.append(entry)
    journal.close()


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path)

    assert FileJournal(tmp_path, "R1").read() == ENTRIES * 2
    assert FileJournal(tmp_path, "R2").read() == []


def test_a_cleared_journal_is_empty_and_goes_when_it_is_closed(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal", "R1")
    journal.append(b"a")
    journal.clear()
    assert journal.read() == []
    journal.append(b"b")
    assert journal.read() == [b"b"]
    journal.clear()
    journal.close()

    assert list((tmp_path / "journal").iterdir()) == []


def test_a_journal_that_was_never_used_leaves_no_file(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal", "R1")

    assert journal.read() == []
    journal.close()
    assert not (tmp_path / "journal").exists()


def test_cut_anywhere_only_the_last_entry_is_lost(tmp_path: Path) -> None:
    write(tmp_path)
    whole = open_file(tmp_path).read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1

    for length in range(last, len(whole)):
        open_file(tmp_path).write_bytes(whole[:length])
        assert FileJournal(tmp_path, "R1").read() == ENTRIES[:-1]


def test_a_page_that_never_reached_the_disk_is_a_torn_entry(tmp_path: Path) -> None:
    write(tmp_path)
    whole = open_file(tmp_path).read_bytes()
    open_file(tmp_path).write_bytes(whole[:-9] + bytes(8) + b"\n")

    assert FileJournal(tmp_path, "R1").read() == ENTRIES[:-1]


def test_appending_after_a_crash_does_not_join_a_torn_entry(tmp_path: Path) -> None:
    write(tmp_path)
    with open_file(tmp_path).open("ab") as file:
        file.write(b"0123456789abcdef {half")

    write(tmp_path, [b"next"])

    assert FileJournal(tmp_path, "R1").read() == [*ENTRIES, b"next"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_entry_is_never_read_as_it_is(
    tmp_path: Path, data: st.DataObject
) -> None:
    file = tmp_path / "R1.journal"
    file.unlink(missing_ok=True)
    write(tmp_path)
    whole = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole)

    try:
        entries = FileJournal(tmp_path, "R1").read()
    except IntegrityError:
        return
    assert entries == ENTRIES[:-1]  # as if the last one had been torn


def test_only_one_process_writes_a_journal(tmp_path: Path) -> None:
    one, other = FileJournal(tmp_path, "R1"), FileJournal(tmp_path, "R1")
    one.append(b"a")
    for act in (other.hold, other.clear, lambda: other.append(b"b")):
        with pytest.raises(UsageError, match="another process"):
            act()
    assert other.read() == [b"a"]
    one.close()

    other.append(b"b")
    assert other.read() == [b"a", b"b"]


def test_a_journal_removed_by_its_last_user_is_begun_anew(tmp_path: Path) -> None:
    one = FileJournal(tmp_path, "R1")
    one.hold()
    one.close()
    other = FileJournal(tmp_path, "R1")
    other.append(b"a")

    assert FileJournal(tmp_path, "R1").read() == [b"a"]


def test_run_ids_with_slashes_are_file_names(tmp_path: Path) -> None:
    FileJournal(tmp_path, "acme/churn/1").append(b"a")

    assert open_file(tmp_path).name == "acme%2Fchurn%2F1.journal"


def test_an_entry_with_a_newline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no newline"):
        FileJournal(tmp_path, "R1").append(b"a\nb")


def test_a_link_in_place_of_a_journal_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "R1.journal").symlink_to(tmp_path / "victim")

    with pytest.raises(Exception, match=r"R1\.journal"):
        FileJournal(tmp_path, "R1").append(b"a")
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_whether_a_journal_is_held_is_told_without_touching_it(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    other = FileJournal(folder, "R1")
    assert not other.is_held()
    assert not folder.exists()

    holder = FileJournal(folder, "R1")
    holder.append(b"a")
    assert other.is_held()
    assert not FileJournal(folder, "R2").is_held()

    holder.close()
    assert not other.is_held()
    assert other.read() == [b"a"]


def test_only_what_a_recorder_has_written_is_believed_by_one(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, "R1", (b"current", b"old"))
    journal.append(b"a")
    journal.close()
    rotated = FileJournal(tmp_path, "R1", (b"newer", b"current"))

    assert rotated.read() == [b"a"]
    assert FileJournal(tmp_path, "R1").read() == [b"a"], "who looks needs no key"
    with pytest.raises(IntegrityError, match="no recorder of this log"):
        FileJournal(tmp_path, "R1", (b"stranger",)).read()


def test_what_somebody_else_has_written_is_tampering(tmp_path: Path) -> None:
    for by in ((), (b"guessed",)):
        folder = tmp_path / str(len(by))
        FileJournal(folder, "R1", by).append(b"entered")

        with pytest.raises(IntegrityError, match="no recorder of this log"):
            FileJournal(folder, "R1", (b"secret",)).read()


def test_a_line_of_a_recorder_vouches_for_no_other(tmp_path: Path) -> None:
    FileJournal(tmp_path, "R1", (b"secret",)).append(b"closed")
    FileJournal(tmp_path, "R2").append(b"opened")
    sealed = (tmp_path / "R1.journal").read_bytes().partition(b" ")[0]
    plain = (tmp_path / "R2.journal").read_bytes().partition(b" ")[0]
    mixed = plain + sealed[sealed.index(b".") :] + b" opened\n"
    (tmp_path / "R1.journal").write_bytes(mixed)

    with pytest.raises(IntegrityError, match="no recorder of this log"):
        FileJournal(tmp_path, "R1", (b"secret",)).read()
