"""Unit tests of `sluicegate.adapters.git_pinned`, with real repositories."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sluicegate.adapters.git_pinned import Pin, PinnedFiles
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.model.digest import Digest

TEXT = b"schema: sluicegate-policy/v1\n"
LIMIT = 100


class Shared:
    """A repository of policies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def pin(self, data: bytes = TEXT, path: str = "acme/policy.yaml") -> Pin:
        """Commit *data* as the file *path*, and pin it."""
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        commit = self.git("rev-parse", "HEAD")
        return Pin(str(self.folder), commit, path, Digest.of(data))


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path / "shared")


@pytest.fixture
def files(tmp_path: Path) -> PinnedFiles:
    environ = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    cache = tmp_path / "cache" / "policies"
    return PinnedFiles(cache, SubprocessRunner(StopRequest(), environ))


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_pinned_file_is_read(shared: Shared, files: PinnedFiles, scheme: str) -> None:
    pin = shared.pin()

    assert files.read(replace(pin, url=scheme + pin.url), LIMIT) == TEXT


def test_it_is_read_once_and_known_offline_from_then_on(
    shared: Shared, files: PinnedFiles
) -> None:
    pin = shared.pin()
    files.read(pin, LIMIT)
    shared.folder.rename(shared.folder.with_name("gone"))

    assert files.read(pin, LIMIT) == TEXT
    assert len(list(files.cache.iterdir())) == 1, "nothing else is left behind"


def test_what_was_changed_in_the_cache_is_not_believed(
    shared: Shared, files: PinnedFiles
) -> None:
    pin = shared.pin()
    files.read(pin, LIMIT)
    (kept,) = files.cache.iterdir()
    kept.write_bytes(b"people: {}\n")

    assert files.read(pin, LIMIT) == TEXT


def test_a_later_commit_and_a_moved_branch_change_nothing(
    shared: Shared, files: PinnedFiles
) -> None:
    pin = shared.pin()
    shared.pin(b"loosened\n")

    assert files.read(pin, LIMIT) == TEXT


def test_another_file_than_was_pinned_is_refused(
    shared: Shared, files: PinnedFiles
) -> None:
    pin = shared.pin(b"loosened\n")

    with pytest.raises(IntegrityError, match="is not what was pinned"):
        files.read(replace(pin, digest=Digest.of(TEXT)), LIMIT)

    assert list(files.cache.iterdir()) == []


def test_a_commit_that_its_repository_has_lost_is_refused(
    shared: Shared, files: PinnedFiles
) -> None:
    pin = shared.pin()
    shared.git("checkout", "-q", "--orphan", "other")
    shared.git("commit", "-q", "-m", "y")
    shared.git("branch", "-D", "main")
    shared.git("reflog", "expire", "--expire=now", "--all")
    shared.git("gc", "-q", "--prune=now")

    with pytest.raises(ExternalError):
        files.read(pin, LIMIT)


def test_a_server_that_gives_no_commit_by_its_name_gives_all(
    shared: Shared, files: PinnedFiles
) -> None:
    pin = shared.pin()
    shared.pin(b"later\n")
    old = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.version"}
    runner = SubprocessRunner(
        StopRequest(), {**os.environ, **old, "GIT_CONFIG_VALUE_0": "0"}
    )

    assert PinnedFiles(files.cache, runner).read(pin, LIMIT) == TEXT


@pytest.mark.parametrize("path", ["acme", "none.yaml", "link.yaml", "*.yaml"])
def test_only_a_file_of_that_very_name_is_read(
    shared: Shared, files: PinnedFiles, path: str
) -> None:
    (shared.folder / "link.yaml").symlink_to("acme/policy.yaml")
    pin = shared.pin()

    with pytest.raises(UsageError, match="there is no file"):
        files.read(replace(pin, path=path), LIMIT)


def test_a_file_without_an_end_is_refused(shared: Shared, files: PinnedFiles) -> None:
    pin = shared.pin(b"#" * (LIMIT + 1))

    with pytest.raises(UsageError, match="more than 100 bytes"):
        files.read(pin, LIMIT)


def test_a_tag_is_no_commit(shared: Shared, files: PinnedFiles) -> None:
    pin = shared.pin()
    shared.git("tag", "-a", "v1", "-m", "x")

    with pytest.raises(ExternalError, match="has no commit"):
        files.read(replace(pin, commit=shared.git("rev-parse", "v1")), LIMIT)


@pytest.mark.parametrize("url", ["ext::touch% pwned", "fd::0", "git://127.0.0.1:1/x"])
def test_no_program_is_run_for_an_address(
    files: PinnedFiles, tmp_path: Path, url: str
) -> None:
    pin = Pin(url, "a" * 40, "policy.yaml", Digest.of(TEXT))

    with pytest.raises(ExternalError, match="not allowed"):
        files.read(pin, LIMIT)

    assert not list(tmp_path.rglob("pwned"))


def test_a_repository_that_is_not_there_is_said_to_be_so(
    files: PinnedFiles, tmp_path: Path
) -> None:
    pin = Pin(str(tmp_path / "none"), "a" * 40, "policy.yaml", Digest.of(TEXT))

    with pytest.raises(ExternalError, match="cannot read the policy in"):
        files.read(pin, LIMIT)


def test_a_repository_with_long_hashes_is_read(
    files: PinnedFiles, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    made = subprocess.run(
        ["git", "init", "-q", "-b", "main", "--object-format=sha256", folder],
        check=False,
    )
    if made.returncode:
        pytest.skip("git knows no SHA-256 repositories")
    shared = Shared.__new__(Shared)
    shared.folder = folder

    pin = shared.pin()

    assert len(pin.commit) == 64
    assert files.read(pin, LIMIT) == TEXT
