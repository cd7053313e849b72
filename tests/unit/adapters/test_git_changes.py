"""Unit tests of `sluicegate.adapters.git_changes`, on real repositories."""

import subprocess
from pathlib import Path

import pytest

from sluicegate.adapters.git_changes import GitChanges
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError
from sluicegate.model.release_request import Change


class Repository:
    """A repository whose commits are by whom a test says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, by: str = "ann@acme.org", to: str = "") -> str:
        names = {"GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "C"}
        mails = {"GIT_AUTHOR_EMAIL": by, "GIT_COMMITTER_EMAIL": to or by}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.root), **names, **mails},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(
        self, message: str, file: str = "a", *, by: str = "ann@acme.org", to: str = ""
    ) -> str:
        path = self.root / file
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as opened:
            opened.write(f"{message}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, by=by, to=to)
        return self.git("rev-parse", "HEAD")

    def changes(
        self, since: str | None, until: str, *paths: str, folder: str = "."
    ) -> list[Change]:
        runner = SubprocessRunner(StopRequest(), {"PATH": "/usr/bin:/bin"})
        found = GitChanges(str(self.root / folder), runner)
        return list(found.between(since, until, paths))

    def identities(self, since: str | None, until: str, *paths: str) -> set[str]:
        return {
            i for each in self.changes(since, until, *paths) for i in each.identities
        }


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_author_committer_and_co_authors_have_all_made_a_commit(
    repository: Repository,
) -> None:
    message = "Mend it\n\nAs said.\n\nCo-authored-by: Eve <eve@acme.org>\nSigned-off: x"
    first = repository.commit("begin")
    last = repository.commit(message, by="ann@acme.org", to="bob@acme.org")

    (change,) = repository.changes(first, last)

    assert change.commit == last
    assert change.identities == ("ann@acme.org", "bob@acme.org", "eve@acme.org")
    assert change.subject == "Mend it"


@pytest.mark.parametrize(
    "line",
    [
        "co-authored-by: eve <eve@acme.org>",
        "  CO-AUTHORED-BY:<eve@acme.org>",
        "Co-developed-by: E. V. E. <eve@acme.org>",
    ],
)
def test_a_co_author_counts_wherever_the_message_names_them(
    repository: Repository, line: str
) -> None:
    first = repository.commit("begin")
    last = repository.commit(f"Mend it\n{line}\nand more words after it\n\nEnd.")

    assert "eve@acme.org" in repository.identities(first, last)


def test_only_what_came_since_the_last_release_counts(repository: Repository) -> None:
    repository.commit("begin", by="eve@acme.org")
    live = repository.commit("live", by="dan@acme.org")
    last = repository.commit("new", by="ann@acme.org")

    assert repository.identities(live, last) == {"ann@acme.org"}
    assert repository.identities(last, live) == set()
    assert repository.identities(None, last) == {
        *("eve@acme.org", "dan@acme.org", "ann@acme.org")
    }


def test_a_commit_alone_says_who_made_it(repository: Repository) -> None:
    repository.commit("begin", by="eve@acme.org")
    last = repository.commit("mine", by="ann@acme.org", to="bob@acme.org")
    runner = SubprocessRunner(StopRequest(), {"PATH": "/usr/bin:/bin"})

    change = GitChanges(str(repository.root), runner).one(last)

    assert (change.commit, change.subject) == (last, "mine")
    assert change.identities == ("ann@acme.org", "bob@acme.org")


def test_of_a_folder_only_what_touches_it_or_its_paths_counts(
    repository: Repository,
) -> None:
    first = repository.commit("begin", "churn/a")
    repository.commit("other", "fraud/a", by="eve@acme.org")
    repository.commit("shared", "shared/a", by="dan@acme.org")
    last = repository.commit("own", "churn/a", by="bob@acme.org")

    found = repository.changes(first, last, ".", "../shared", folder="churn")

    assert {i for each in found for i in each.identities} == {
        *("bob@acme.org", "dan@acme.org")
    }


def test_a_change_that_a_merge_smuggles_in_counts(repository: Repository) -> None:
    first = repository.commit("begin")
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("side", "b")
    repository.git("checkout", "-q", "main")
    repository.commit("main", "c")
    repository.git("merge", "-q", "--no-ff", "--no-commit", "side", by="eve@acme.org")
    last = repository.commit("Merge", "a", by="eve@acme.org")

    assert "eve@acme.org" in repository.identities(first, last, ".")


def test_a_mail_map_in_the_tree_renames_nobody(repository: Repository) -> None:
    first = repository.commit("begin")
    (repository.root / ".mailmap").write_text("Eve <eve@acme.org> <ann@acme.org>\n")
    last = repository.commit("map")

    assert repository.identities(first, last) == {"ann@acme.org"}


def test_a_replacement_of_a_commit_has_no_say(repository: Repository) -> None:
    first = repository.commit("begin")
    last = repository.commit("mine", by="ann@acme.org")
    repository.git("checkout", "-q", first)
    fake = repository.commit("mine", by="bob@acme.org")
    repository.git("replace", last, fake)

    assert repository.identities(first, last) == {"ann@acme.org"}


def test_a_graft_hides_nobody(repository: Repository) -> None:
    first = repository.commit("begin")
    repository.commit("mine", by="ann@acme.org")
    last = repository.commit("yours", by="bob@acme.org")
    grafts = repository.root / ".git/info/grafts"
    grafts.write_text(f"{last} {first}\n")

    assert repository.identities(first, last) == {"ann@acme.org", "bob@acme.org"}


def test_what_the_clone_does_not_have_is_not_nobody(
    repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit("begin")
    last = repository.commit("next")
    with pytest.raises(PermanentError, match="does not have the commit"):
        repository.changes("f" * 40, last)
    with pytest.raises(PermanentError, match="not a whole commit"):
        repository.changes("v1.0.0", last)
    url = repository.root.as_uri()
    repository.git("clone", "-q", "--depth=2", url, str(tmp_path / "shallow"))
    shallow = Repository.__new__(Repository)
    shallow.root = tmp_path / "shallow"
    with pytest.raises(PermanentError, match="shallow"):
        shallow.changes(first, last)


def test_a_message_that_looks_like_the_end_of_a_record_is_a_message(
    repository: Repository,
) -> None:
    first = repository.commit("begin")
    last = repository.commit("x\n\n%H%x00 eve@acme.org\\0\n<mallory@acme.org>")

    assert repository.identities(first, last) == {"ann@acme.org"}
