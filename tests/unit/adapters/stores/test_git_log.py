"""Unit tests of the log in a Git ref: races, lost answers, and what it leaves alone.

`tests/contract/test_log_store.py` holds it against what every store promises.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from log_stores import git, make_checkout, make_remote, open_git

from sluicegate.adapters.stores.git_log import GitLog
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PermanentError,
    SluicegateError,
    TransientError,
    UsageError,
)
from sluicegate.model.git_address import DEFAULT_REF
from sluicegate.model.retention import Keeping

TILE = "tile/0/000.p"


def state(size: int) -> bytes:
    return f"log.example/a\n{size}\nroot\n".encode()


def append(log: GitLog, size: int, *, what: bytes = b"hashes") -> None:
    with log.exclusive():
        log.commit(log.load(), [(f"{TILE}/{size}", what)], state(size))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone of the remote that is beside it."""
    made = make_checkout(tmp_path / "project")
    make_remote(tmp_path / "remote.git")
    git("remote", "add", "origin", "../remote.git", cwd=made)
    git("push", "--quiet", "-u", "origin", "main", cwd=made)
    return made


@pytest.fixture
def remote(project: Path) -> Path:
    return project.parent / "remote.git"


@pytest.fixture
def log(project: Path) -> GitLog:
    return open_git(project, project.parent / "cache")


@pytest.fixture
def other(project: Path) -> GitLog:
    """The same log on another machine."""
    return open_git(project, project.parent / "other-cache")


def tip(remote: Path, ref: str = DEFAULT_REF) -> str:
    return git("rev-parse", ref, cwd=remote)


def commits(remote: Path) -> Sequence[str]:
    return git("log", "--format=%s", DEFAULT_REF, cwd=remote).splitlines()


def put_hook(remote: Path, name: str, script: str) -> None:
    hook = remote / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)


# --- one commit a batch -------------------------------------------------------------


def test_each_batch_is_one_commit_by_the_program_without_a_person_or_a_signature(
    log: GitLog, project: Path, remote: Path
) -> None:
    git("config", "commit.gpgSign", "true", cwd=project)
    append(log, 1)
    append(log, 2)

    who = "%an <%ae> %cn <%ce> %ai".replace("%ai", "%ad")
    shown = git(
        "log", "--date=format:%z", f"--format={who} %G? %p|", DEFAULT_REF, cwd=remote
    )
    program = "sluicegate <sluicegate@sluicegate.invalid>"
    first, second = (line.strip() for line in reversed(shown.split("|")[:2]))
    assert first == f"{program} {program} +0000 N"
    assert second.startswith(f"{program} {program} +0000 N ")
    changed = git("diff", "--name-only", f"{DEFAULT_REF}~", DEFAULT_REF, cwd=remote)
    assert changed.split() == ["checkpoint", f"{TILE}/2"]
    assert "code.py" not in git("ls-tree", "--name-only", DEFAULT_REF, cwd=remote)


def test_a_person_who_opens_the_branch_is_told_what_it_is(
    log: GitLog, remote: Path
) -> None:
    append(log, 1)

    assert "audit log" in git("show", f"{DEFAULT_REF}:README.md", cwd=remote)
    assert list(log.names()) == ["checkpoint", f"{TILE}/1"]


# --- what is left alone -------------------------------------------------------------


def picture(folder: Path) -> dict[str, bytes]:
    """Every file of a checkout, its Git folder included, but its access times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--filter=blob:none",)])
def test_nothing_in_a_checkout_is_touched(
    log: GitLog, remote: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    for size in (1, 2, 3):
        append(log, size)
    clone = tmp_path / "clone"
    git("clone", "--quiet", *options, remote.as_uri(), "clone", cwd=tmp_path)
    (clone / "code.py").write_text("print('changed')\n")
    (clone / "staged").write_text("staged\n")
    git("add", "staged", cwd=clone)
    git("status", cwd=clone)
    before = picture(clone)

    mine = open_git(clone, tmp_path / "clone-cache")
    append(mine, 4)
    mine.attach("retention.json", b"{}")
    mine.drop([f"{TILE}/1"])
    assert mine.get(f"{TILE}/2") == b"hashes"
    assert list(mine.inspect(4)) == []

    assert picture(clone) == before
    assert log.load() == state(4)


def test_a_log_in_the_repository_itself_touches_its_own_ref_alone(
    project: Path, tmp_path: Path
) -> None:
    before = picture(project)
    mine = open_git(project, tmp_path / "c", f".#{DEFAULT_REF}")
    append(mine, 1)
    append(mine, 2)

    after = picture(project)
    changed = {name for name in after if after[name] != before.get(name)}
    allowed = (
        ".git/objects/",
        ".git/refs/heads/sluicegate-audit",
        ".git/logs/refs/heads/",
    )
    assert all(name.startswith(allowed) for name in changed)
    assert before.keys() <= after.keys()
    assert git("status", "--porcelain", cwd=project) == ""


def test_the_hooks_of_the_user_are_not_run(project: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    for name in ("pre-push", "post-commit", "pre-auto-gc", "post-update"):
        put_hook(tmp_path, name, f"touch {tmp_path}/ran-{name}")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    environ = {**os.environ, "HOME": str(tmp_path / "home")}
    append(open_git(project, tmp_path / "c", environ=environ), 1)
    (tmp_path / "ran-post-update").unlink()  # that one is the remote's
    put_hook(tmp_path, "reference-transaction", f"touch {tmp_path}/ran-reference")
    place = f".#{DEFAULT_REF}"
    append(open_git(project, tmp_path / "d", place, environ=environ), 1)

    assert list(tmp_path.glob("ran-*")) == []


def test_a_branch_that_is_checked_out_is_not_moved_under_its_user(
    project: Path, tmp_path: Path
) -> None:
    mine = open_git(project, tmp_path / "c", f".#{DEFAULT_REF}")
    append(mine, 1)
    git("worktree", "add", "--quiet", "../look", "sluicegate-audit", cwd=project)

    with pytest.raises(UsageError, match="checked out"):
        append(mine, 2)
    assert open_git(project, tmp_path / "d", f".#{DEFAULT_REF}").load() == state(1)


def test_a_branch_of_something_else_does_not_become_a_log(
    project: Path, remote: Path, tmp_path: Path
) -> None:
    before = tip(remote, "main")
    for place in ("#refs/heads/main", ".#refs/heads/main"):
        with pytest.raises(UsageError, match="is no log: it has a file 'code"):
            append(open_git(project, tmp_path / f"c{len(place)}", place), 1)

    assert tip(remote, "main") == before == tip(project, "main")


def test_a_log_that_began_before_there_was_a_remote_is_not_begun_again(
    project: Path, tmp_path: Path
) -> None:
    append(open_git(project, tmp_path / "c", f".#{DEFAULT_REF}"), 1)

    with pytest.raises(UsageError, match="this repository has") as caught:
        open_git(project, tmp_path / "d").load()
    assert "git push" in str(caught.value.hint)

    git("push", "--quiet", "origin", f"{DEFAULT_REF}:{DEFAULT_REF}", cwd=project)
    assert open_git(project, tmp_path / "d").load() == state(1)


# --- little is fetched --------------------------------------------------------------


def count_objects(cache: Path, kind: str) -> int:
    repository = next(cache.iterdir()) / "repository.git"
    command = ("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    return git(*command, cwd=repository).split().count(kind)


def test_of_a_long_history_one_commit_is_fetched_and_files_when_they_are_read(
    log: GitLog, project: Path, tmp_path: Path
) -> None:
    for size in range(1, 13):
        append(log, size, what=b"%d" % size)
    late = open_git(project, tmp_path / "late")

    assert late.load() == state(12)
    assert count_objects(tmp_path / "late", "commit") == 1
    assert count_objects(tmp_path / "late", "blob") == 1
    assert late.get(f"{TILE}/7") == b"7"
    assert count_objects(tmp_path / "late", "blob") == 2

    append(late, 13, what=b"13")
    assert count_objects(tmp_path / "late", "commit") == 2
    assert log.load() == state(13)
    assert log.get(f"{TILE}/13") == b"13"


def test_whoever_reads_everything_asks_the_remote_ever_less_often(
    log: GitLog, project: Path, tmp_path: Path
) -> None:
    log.load()
    files = [(f"tile/0/{number:03}", b"%d" % number) for number in range(200)]
    log.commit(None, files, state(1))
    requests = tmp_path / "requests"
    environ = {
        **os.environ,
        "GIT_SSH_COMMAND": f"sh -c 'echo >>{requests}; shift; eval \"$1\"' -",
        "GIT_SSH_VARIANT": "simple",
    }
    url = f"ssh://host{project.parent}/remote.git"
    late = open_git(project, tmp_path / "late", url, environ=environ)

    read = {name: late.get(name) for name in late.names("tile/")}

    assert read == dict(files)
    assert 3 < len(requests.read_text().splitlines()) < 10


# --- races --------------------------------------------------------------------------


def test_a_race_that_the_client_sees_is_a_lost_one(log: GitLog, other: GitLog) -> None:
    append(log, 1)
    old = other.load()
    append(log, 2)

    with pytest.raises(TransientError, match="another writer was faster"):
        other.commit(old, [(f"{TILE}/3", b"lost")], state(3))
    assert log.load() == state(2)


RACE = """
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
git update-ref {ref} {new}
"""


def test_a_race_that_only_the_server_sees_is_a_lost_one(
    log: GitLog, other: GitLog, remote: Path
) -> None:
    append(log, 1)
    old = other.load()
    append(log, 2)
    new = tip(remote)
    git("update-ref", DEFAULT_REF, f"{new}~", cwd=remote)
    put_hook(remote, "pre-receive", RACE.format(ref=DEFAULT_REF, new=new))

    with pytest.raises(TransientError, match="another writer was faster"):
        other.commit(old, [(f"{TILE}/3", b"lost")], state(3))
    assert tip(remote) == new


def test_a_ref_that_the_server_has_locked_is_a_lost_race(
    log: GitLog, remote: Path
) -> None:
    append(log, 1)
    lock = remote / f"{DEFAULT_REF}.lock"
    lock.touch()
    with pytest.raises(TransientError):
        append(log, 2)

    lock.unlink()
    append(log, 2)
    assert log.load() == state(2)


def test_a_race_for_a_ref_of_the_repository_itself_is_lost_alike(
    project: Path, tmp_path: Path
) -> None:
    place = f".#{DEFAULT_REF}"
    one, two = (open_git(project, tmp_path / name, place) for name in "ab")
    append(one, 1)
    old = two.load()
    append(one, 2)
    with pytest.raises(TransientError, match="moved"):
        two.commit(old, [], state(3))

    (project / f".git/{DEFAULT_REF}.lock").touch()
    with pytest.raises(TransientError, match="moved"):
        append(two, 3)
    assert one.load() == state(2)


@pytest.mark.parametrize("place", ["", f".#{DEFAULT_REF}"])
def test_a_ref_that_somebody_has_put_back_is_not_put_back_by_force(
    project: Path, remote: Path, tmp_path: Path, place: str
) -> None:
    where = remote if not place else project
    mine = open_git(project, tmp_path / "mine", place)
    for size in (1, 2):
        append(mine, size)
    old = mine.load()
    foreign = git("commit-tree", "-m", "Another", "main^{tree}", cwd=where)
    git("update-ref", DEFAULT_REF, foreign, cwd=where)

    with pytest.raises(TransientError):
        mine.commit(old, [], state(3))
    assert tip(where) == foreign


# --- broken connections -------------------------------------------------------------

PROXY = """\
import subprocess, sys
command, mode = sys.argv[-1], {mode!r}
if "receive-pack" not in command or mode == "whole":
    sys.exit(subprocess.run(command, shell=True).returncode)
PIPE = subprocess.PIPE
server = subprocess.Popen(command, shell=True, stdin=PIPE, stdout=PIPE)
while True:
    head = server.stdout.read(4)
    sys.stdout.buffer.write(head)
    if head == b"0000":
        break
    sys.stdout.buffer.write(server.stdout.read(int(head, 16) - 4))
sys.stdout.buffer.flush()
if mode == "answer":
    server.stdin.write(sys.stdin.buffer.read())
    server.stdin.close()
    server.stdout.read()
    server.wait()
else:
    server.kill()
"""


def connect(project: Path, tmp_path: Path, mode: str) -> GitLog:
    """The log over a connection that loses the answer, or all of the push."""
    proxy = tmp_path / f"proxy-{mode}.py"
    proxy.write_text(PROXY.format(mode=mode))
    command = f"{sys.executable} {proxy}"
    environ = {**os.environ, "GIT_SSH_COMMAND": command, "GIT_SSH_VARIANT": "simple"}
    url = f"ssh://host{project.parent}/remote.git"
    return open_git(project, tmp_path / "wire", url, environ=environ)


def test_a_push_whose_answer_is_lost_is_known_to_be_made(
    log: GitLog, project: Path, tmp_path: Path
) -> None:
    append(log, 1)
    append(connect(project, tmp_path, "answer"), 2)

    assert log.load() == state(2)
    assert connect(project, tmp_path, "whole").load() == state(2)


def test_a_push_that_never_arrived_is_called_unknown_and_not_a_lost_race(
    log: GitLog, project: Path, tmp_path: Path
) -> None:
    append(log, 1)

    with pytest.raises(ExternalError, match="unknown") as caught:
        append(connect(project, tmp_path, "push"), 2)

    assert not isinstance(caught.value, TransientError)
    assert log.load() == state(1)
    append(connect(project, tmp_path, "whole"), 2)
    assert log.load() == state(2)


def test_a_remote_that_goes_away_after_a_push_leaves_it_unknown(
    log: GitLog, project: Path, remote: Path, tmp_path: Path
) -> None:
    append(log, 1)
    wire = connect(project, tmp_path, "push")
    old = wire.load()
    remote.rename(tmp_path / "gone.git")
    with pytest.raises(ExternalError, match=r"unknown.*and then") as caught:
        wire.commit(old, [], state(2))
    assert not isinstance(caught.value, TransientError)


# --- refusals -----------------------------------------------------------------------


def test_a_rule_of_the_remote_is_named_and_nothing_is_tried_again(
    log: GitLog, remote: Path
) -> None:
    append(log, 1)
    put_hook(remote, "pre-receive", "echo 'GH013: protected branch' >&2; exit 1")

    with pytest.raises(PermanentError, match="GH013") as caught:
        append(log, 2)

    assert "Allow plain pushes" in str(caught.value.hint)
    assert commits(remote) == ["Audit log up to entry 1"]


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("file:///nowhere/log.git", "does not appear to be a git repository"),
        ("https://127.0.0.1:1/log.git", "127.0.0.1"),
    ],
)
def test_a_remote_that_cannot_be_read_is_named(
    project: Path, tmp_path: Path, place: str, what: str
) -> None:
    broken = open_git(project, tmp_path / "c", place)

    with pytest.raises(ExternalError, match=what) as caught:
        broken.load()
    assert not isinstance(caught.value, TransientError)
    assert caught.value.hint


def test_nobody_is_asked_for_a_password(project: Path, tmp_path: Path) -> None:
    marker = tmp_path / "asked"
    ask = tmp_path / "ask.sh"
    ask.write_text(f"#!/bin/sh\ntouch {marker}\n")
    ask.chmod(0o755)
    environ = {**os.environ, "SSH_ASKPASS": str(ask), "DISPLAY": ":0"}
    secret = open_git(project, tmp_path / "c", "https://127.0.0.1:1/x", environ=environ)

    with pytest.raises(ExternalError):
        secret.load()
    assert not marker.exists()


# --- what is noticed ----------------------------------------------------------------


def test_a_ref_that_is_put_back_is_found_until_it_is_whole_again(
    log: GitLog, project: Path, remote: Path, tmp_path: Path
) -> None:
    for size in (1, 2, 3):
        append(log, size)
    late = open_git(project, tmp_path / "late")
    assert late.load() == state(3)
    newest = tip(remote)
    git("update-ref", DEFAULT_REF, f"{newest}~2", cwd=remote)

    for each in (log, late):
        each.load()
        (found,) = each.inspect(1)
        assert newest[:12] in found
        assert "was rewritten" in found

    git("update-ref", DEFAULT_REF, newest, cwd=remote)
    for each in (log, late):
        each.load()
        assert list(each.inspect(3)) == []


def test_a_ref_that_is_deleted_is_found(log: GitLog, remote: Path) -> None:
    append(log, 1)
    git("update-ref", "-d", DEFAULT_REF, cwd=remote)

    assert log.load() is None
    assert list(log.names()) == []
    (found,) = log.inspect(1)
    assert "is gone" in found


def tamper(remote: Path, tmp_path: Path, change: Callable[[Path], object]) -> None:
    work = tmp_path / "tamper"
    git(
        "clone",
        "--quiet",
        "-b",
        "sluicegate-audit",
        str(remote),
        "tamper",
        cwd=tmp_path,
    )
    change(work)
    git("add", "--all", cwd=work)
    git("commit", "--quiet", "-m", "Audit log up to entry 2", cwd=work)
    git("push", "--quiet", cwd=work)
    shutil.rmtree(work)


def test_what_does_not_belong_to_a_log_is_found(
    log: GitLog, remote: Path, tmp_path: Path
) -> None:
    append(log, 1)
    log.attach("retention.json", b"{}")
    log.attach("witnessed", b"")
    assert list(log.inspect(1)) == []

    def change(work: Path) -> None:
        (work / ".github/workflows").mkdir(parents=True)
        (work / ".github/workflows/x.yml").write_text("on: push\n")
        (work / "tile/0/001").symlink_to("000.p/1")
        (work / "evidence").mkdir()
        (work / "evidence/report").write_text("?")
        (work / "checkpoint").chmod(0o755)

    tamper(remote, tmp_path, change)
    with pytest.raises(IntegrityError, match="no plain file"):
        log.load()
    found = "\n".join(log.inspect(1))
    for name in (".github/workflows/x.yml", "tile/0/001", "evidence/report"):
        assert f"that does not belong there: '{name}'" in found
    assert "a symbolic link" in found
    assert "a program that does not belong there: 'checkpoint'" in found
    with pytest.raises(IntegrityError, match="no plain file"):
        log.get("tile/0/001")


def test_a_flood_of_strays_is_counted(
    log: GitLog, remote: Path, tmp_path: Path
) -> None:
    append(log, 1)

    def change(work: Path) -> None:
        for number in range(100):
            (work / f"stray{number}").touch()

    tamper(remote, tmp_path, change)
    log.load()
    found = list(log.inspect(1))
    assert len(found) == 11
    assert found[-1].endswith("holds 90 more that do not belong there")


# --- promises -----------------------------------------------------------------------


def test_a_ref_is_kept_and_guarded_where_the_remote_says_so(
    log: GitLog, project: Path, remote: Path, tmp_path: Path
) -> None:
    append(log, 1)
    assert log.promise().keeping is Keeping.KEPT
    git("config", "receive.denyDeletes", "true", cwd=remote)
    assert log.promise().keeping is Keeping.KEPT
    git("config", "receive.denyNonFastForwards", "yes", cwd=remote)
    assert log.promise().keeping is Keeping.GUARDED
    assert "write to its folder" in log.promise().statement

    local = open_git(project, tmp_path / "c", f".#{DEFAULT_REF}")
    assert local.promise().keeping is Keeping.KEPT
    far = open_git(project, tmp_path / "d", "https://127.0.0.1:1/x")
    assert far.promise().keeping is Keeping.KEPT


def test_what_is_dropped_stays_in_the_history(log: GitLog, remote: Path) -> None:
    append(log, 1)
    log.drop([f"{TILE}/1"])

    assert log.get(f"{TILE}/1") is None
    assert git("show", f"{DEFAULT_REF}~:{TILE}/1", cwd=remote) == "hashes"
    assert "history" in log.promise().statement


# --- the cache ----------------------------------------------------------------------


def test_a_cache_that_is_lost_costs_a_fetch(log: GitLog, project: Path) -> None:
    append(log, 1)
    shutil.rmtree(project.parent / "cache")

    again = open_git(project, project.parent / "cache")
    append(again, 2)
    assert again.load() == state(2)


def test_a_cache_that_cannot_be_made_is_named(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SluicegateError, match="cannot make") as caught:
        open_git(project, tmp_path / "file/cache").load()
    assert "XDG_CACHE_HOME" in str(caught.value.hint)


def test_a_lock_that_a_killed_git_left_in_the_cache_does_not_stay_for_ever(
    log: GitLog, project: Path
) -> None:
    append(log, 1)
    (repository,) = (project.parent / "cache").glob("*/repository.git")
    lock = repository / "refs/log/seen.lock"
    lock.touch()
    again = open_git(project, project.parent / "cache")
    with pytest.raises(PermanentError, match=r"seen\.lock") as caught:
        append(again, 2)
    assert str(repository.parent) in str(caught.value.hint)

    an_hour_ago = lock.stat().st_mtime - 3700
    os.utime(lock, (an_hour_ago, an_hour_ago))
    again = open_git(project, project.parent / "cache")
    append(again, 3)
    assert again.load() == state(3)
