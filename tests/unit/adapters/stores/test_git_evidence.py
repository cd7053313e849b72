"""Unit tests of evidence in the ref of its log, and of what waits for it."""

from pathlib import Path

import pytest
from log_stores import git, make_checkout, make_remote, open_git

from sluicegate.adapters.stores.git_evidence import GitEvidence
from sluicegate.adapters.stores.git_log import GitLog
from sluicegate.adapters.stores.waiting import MAX_BYTES, WaitingEvidence
from sluicegate.errors import IntegrityError, PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.git_address import DEFAULT_REF


class Machine:
    """A machine with a log and the evidence that goes with it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.waiting = WaitingEvidence(self.folder / "waiting")
        self._project = folder / "project"
        self.log = self._open(self.waiting)
        self.evidence = GitEvidence(self._open(None), self.waiting)

    def _open(self, waiting: WaitingEvidence | None) -> GitLog:
        return open_git(self._project, self.folder / "cache", waiting=waiting)

    def append(self, size: int) -> None:
        with self.log.exclusive():
            new = f"log.example/a\n{size}\nroot\n".encode()
            self.log.commit(self.log.load(), [(f"tile/0/000.p/{size}", b"x")], new)

    @property
    def waits(self) -> list[bytes]:
        return [data for _, data in self.waiting.all()]


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    project = make_checkout(tmp_path / "project")
    make_remote(tmp_path / "remote.git")
    git("remote", "add", "origin", "../remote.git", cwd=project)
    return Machine(tmp_path, "here")


def test_evidence_is_kept_here_at_once_and_goes_with_the_next_commit(
    here: Machine, tmp_path: Path
) -> None:
    here.append(1)
    digest = here.evidence.keep(b"report")
    assert here.evidence.load(digest) == b"report"
    there = Machine(tmp_path, "there")
    with pytest.raises(IntegrityError, match="is missing"):
        there.evidence.load(digest)

    here.append(2)

    assert there.evidence.load(digest) == b"report"
    assert here.evidence.load(digest) == b"report"
    assert here.waits == []
    remote = tmp_path / "remote.git"
    changed = git("diff", "--name-only", f"{DEFAULT_REF}~", DEFAULT_REF, cwd=remote)
    name = f"evidence/sha256/{digest.hex[:2]}/{digest.hex}"
    assert changed.split() == ["checkpoint", name, "tile/0/000.p/2"]
    assert list(here.log.names()) == ["checkpoint", "tile/0/000.p/1", "tile/0/000.p/2"]
    assert list(here.log.names("evidence/")) == [name]
    assert list(here.log.inspect(2)) == []


def test_what_is_kept_twice_is_there_once(here: Machine) -> None:
    digests = {here.evidence.keep(b"report") for _ in range(2)}
    assert here.waits == [b"report"]
    here.append(1)
    digests.add(here.evidence.keep(b"report"))
    here.append(2)

    assert digests == {Digest.of(b"report")}
    assert here.waits == []
    assert here.evidence.load(Digest.of(b"report")) == b"report"


def test_evidence_of_a_commit_that_lost_its_race_still_waits(
    here: Machine, tmp_path: Path
) -> None:
    here.append(1)
    there = Machine(tmp_path, "there")
    old = there.log.load()
    there.evidence.keep(b"report")
    here.append(2)

    with pytest.raises(TransientError):
        there.log.commit(old, [], b"log.example/a\n3\nroot\n")
    assert there.waits == [b"report"]

    there.append(3)
    assert there.waits == []
    assert here.evidence.load(Digest.of(b"report")) == b"report"


def test_an_empty_file_and_one_of_the_largest_size_are_kept(here: Machine) -> None:
    files = [b"", b"\0" * MAX_BYTES, b"\n", b"data 3\nD checkpoint\n"]
    digests = [here.evidence.keep(data) for data in files]
    here.append(1)

    assert [here.evidence.load(digest) for digest in digests] == files


def test_what_is_too_large_for_a_repository_is_refused_with_advice(
    here: Machine,
) -> None:
    with pytest.raises(PermanentError, match="takes 1048576") as caught:
        here.evidence.keep(b"\0" * (MAX_BYTES + 1))

    assert "audit: {evidence:" in str(caught.value.hint)
    assert "evidence_limit: 4MiB" in str(caught.value.hint)
    assert here.waits == []


def test_evidence_that_was_changed_while_it_waited_is_not_pushed(
    here: Machine,
) -> None:
    digest = here.evidence.keep(b"report")
    (file,) = (here.folder / "waiting").rglob(digest.hex)
    file.write_bytes(b"better")

    with pytest.raises(IntegrityError, match="was changed"):
        here.evidence.load(digest)
    with pytest.raises(IntegrityError, match="no evidence that waits"):
        here.append(1)
    assert here.log.load() is None


def test_evidence_that_was_changed_in_the_ref_is_found(
    here: Machine, tmp_path: Path
) -> None:
    digest = here.evidence.keep(b"report")
    here.append(1)
    work = tmp_path / "work"
    remote = str(tmp_path / "remote.git")
    git("clone", "--quiet", "-b", "sluicegate-audit", remote, "work", cwd=tmp_path)
    (work / f"evidence/sha256/{digest.hex[:2]}/{digest.hex}").write_bytes(b"better")
    git("commit", "--quiet", "-a", "-m", "Mend", cwd=work)
    git("push", "--quiet", cwd=work)

    with pytest.raises(IntegrityError, match="was changed"):
        Machine(tmp_path, "there").evidence.load(digest)
