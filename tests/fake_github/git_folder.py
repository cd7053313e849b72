"""Take branches, tags and commits from a git repository on this machine.

A push to it is known to the fake at its next request, as a push to GitHub is.
"""

import re
import subprocess
from datetime import datetime
from pathlib import Path

from fake_github.state import Commit, Repository, Signature

_FORMAT = "%x01%H%x00%P%x00%T%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"


def take_over(repository: Repository) -> None:
    """Let *repository* have what its git folder has; nothing if it has no folder."""
    folder = repository.git_dir
    if folder is None:
        return
    names = "--format=%(objectname) %(*objectname) %(refname)"
    listed = _git(folder, "for-each-ref", names, "refs/heads", "refs/tags").decode()
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    for line in listed.splitlines():
        sha, peeled, ref = line.split(" ", 2)
        kind, name = re.sub("^refs/", "", ref).split("/", 1)
        (branches if kind == "heads" else tags)[name] = peeled or sha
    repository.branches, repository.tags = branches, tags
    tips = {*branches.values(), *tags.values()}
    if new := sorted(tips - repository.commits.keys()):
        # Commits that a push by force left behind stay known, as GitHub keeps them.
        _add_commits(repository, folder, new)


def read_files(repository: Repository, commit: Commit) -> dict[str, bytes]:
    """All files of *commit*."""
    if commit.files is not None:
        return commit.files
    folder = repository.git_dir
    assert folder is not None, f"nobody knows the files of {commit.sha}"
    listed = _git(folder, "ls-tree", "-r", "-z", "--full-tree", commit.sha).decode()
    commit.files = {}
    for line in filter(None, listed.split("\0")):
        kind, path = line.split("\t", 1)
        if kind.split(" ")[1] == "blob":
            commit.files[path] = _git(folder, "cat-file", "blob", kind.split(" ")[2])
    return commit.files


def _add_commits(repository: Repository, folder: Path, tips: list[str]) -> None:
    shown = _git(folder, "log", f"--format={_FORMAT}", *tips).decode(errors="replace")
    for entry in shown.split("\1")[1:]:
        sha, parents, tree, an, ae, at, cn, ce, ct, message = entry.split("\0", 9)
        if sha in repository.commits:
            continue
        repository.commits[sha] = Commit(
            sha=sha,
            parents=parents.split(),
            message=message.strip(),
            author=Signature(an, ae, datetime.fromisoformat(at)),
            committer=Signature(cn, ce, datetime.fromisoformat(ct)),
            tree=tree,
        )


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, check=True
    )
    return done.stdout
