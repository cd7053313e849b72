import os
import subprocess
from pathlib import Path

import pytest

from sluicegate.adapters.inboxes.git_refs import PREFIX, GitInbox
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError, UsageError

LIMIT = 100


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone, of a remote called origin."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin")
    git(tmp_path, "clone", "-q", "origin", "clone")
    folder = tmp_path / "clone"
    (folder / "file").write_text("x")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "push", "-q", "origin", "HEAD:main")
    return folder


def inbox(folder: Path, remote: str | None = None) -> GitInbox:
    return GitInbox(str(folder), SubprocessRunner(StopRequest(), os.environ), remote)


def read(box: GitInbox) -> dict[str, bytes | str]:
    """What each branch holds, or what its problem is."""
    return {
        one.place.removeprefix(PREFIX): one.problem if one.data is None else one.data
        for one in box.letters(LIMIT)
    }


@pytest.mark.parametrize("remote", [None, "origin"])
def test_what_is_put_is_there_until_it_is_removed(
    clone: Path, remote: str | None
) -> None:
    box = inbox(clone, remote)
    assert read(box) == {}

    where = box.put("hold-1", b"one\n")
    box.put("hold-2", b"two")

    assert where.startswith("the branch sluicegate-inbox/hold-1")
    letters = list(box.letters(LIMIT))
    assert [one.data for one in letters] == [b"one\n", b"two"]
    box.remove(letters[0])
    assert read(box) == {"hold-2": b"two"}
    box.remove(letters[0])  # another recorder was faster


def test_reading_a_remote_leaves_nothing_in_the_repository(
    clone: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "origin", "laptop")
    inbox(tmp_path / "laptop", "origin").put("hold-1", b"one")
    (clone / "file").write_text("changed, and staged")
    git(clone, "add", "-A")
    before = {
        path: path.stat().st_mtime_ns
        for path in (clone / ".git").rglob("*")
        if path.is_file()
    }

    assert read(inbox(clone, "origin")) == {"hold-1": b"one"}

    after = {path for path in (clone / ".git").rglob("*") if path.is_file()}
    assert after == set(before)
    assert all(path.stat().st_mtime_ns == before[path] for path in after)


def test_what_was_fetched_can_be_looked_at_without_its_remote(
    clone: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "origin", "laptop")
    inbox(tmp_path / "laptop", "origin").put("approval-1", b"one")
    inbox(clone).put("approval-2", b"two")
    assert list(inbox(clone).fetched(LIMIT)) == []
    git(clone, "fetch", "-q", "origin")
    (tmp_path / "origin").rename(tmp_path / "away")

    (found,) = inbox(clone).fetched(LIMIT)

    assert found.place == "refs/remotes/origin/sluicegate-inbox/approval-1"
    assert found.data == b"one"


def test_a_statement_names_nobody_who_has_left_it(clone: Path) -> None:
    inbox(clone).put("hold-1", b"one")

    commit = git(clone, "cat-file", "commit", f"{PREFIX}hold-1")
    assert "example.org" not in commit
    assert "parent" not in commit
    assert commit.count("sluicegate <inbox@sluicegate.invalid>") == 2


@pytest.mark.parametrize("remote", [None, "origin"])
def test_nothing_on_a_branch_keeps_the_rest_from_being_read(
    clone: Path, remote: str | None
) -> None:
    box = inbox(clone, remote)
    box.put("good", b"x" * LIMIT)
    box.put("huge", b"x" * (LIMIT + 1))
    box.put("gone", b"x")
    box.put("zlast", b"y")
    (clone / "statement.json").symlink_to("file")
    git(clone, "add", "statement.json")
    git(clone, "rm", "-q", "--cached", "file")
    linked = git(clone, "commit-tree", git(clone, "write-tree"), "-m", "x")
    for name, commit in {
        "branch": "HEAD",
        "link": linked,
        "a%b": "HEAD",
        "$(touch_x)": "HEAD",
        "deep/er": "HEAD",
    }.items():
        if remote is None:
            git(clone, "update-ref", f"{PREFIX}{name}", commit)
        else:
            git(clone, "push", "-q", remote, f"{commit}:{PREFIX}{name}")
    root = clone.parent / "origin" if remote else clone / ".git"
    (root / PREFIX / "gone").write_text("1" * 40 + "\n")  # a commit that is not there

    found = read(box)

    other = "not a commit that holds statement.json and nothing else"
    name = "its name is not that of a statement"
    assert found.pop("gone", other) == other  # a remote does not show it
    assert found == {
        "$(touch_x)": name,
        "a%b": name,
        "branch": other,
        "deep/er": name,
        "good": b"x" * LIMIT,
        "huge": "larger than 100 bytes",
        "link": other,
        "zlast": b"y",
    }


def test_what_is_no_longer_what_was_read_stays(clone: Path) -> None:
    box = inbox(clone, "origin")
    box.put("hold-1", b"one")
    (letter,) = box.letters(LIMIT)
    git(clone, "push", "-q", "--force", "origin", f"HEAD:{PREFIX}hold-1")

    with pytest.raises(PermanentError, match="git could not remove the branch"):
        box.remove(letter)

    assert "hold-1" in read(box)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "X", "a\n", "-a", "a..b"])
def test_a_name_leads_nowhere_else(clone: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not a name"):
        inbox(clone).put(name, b"")


def test_a_remote_that_is_an_option_is_refused(clone: Path) -> None:
    with pytest.raises(UsageError, match="not a remote"):
        inbox(clone, "--upload-pack=touch x")


def test_a_remote_that_does_not_answer_is_said(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="git could not ls-remote"):
        list(inbox(clone, str(tmp_path / "nowhere")).letters(LIMIT))
    with pytest.raises(PermanentError, match="git could not push"):
        inbox(clone, str(tmp_path / "nowhere")).put("a", b"")
