"""Unit tests of `sluicegate.adapters.stores.git_place`."""

import os
from pathlib import Path

import pytest
from log_stores import git, make_checkout

from sluicegate.adapters.stores.git_place import GitPlace, find_place
from sluicegate.errors import UsageError
from sluicegate.model.git_address import DEFAULT_REF, GitAddress


def find(folder: Path, text: str = "", **environ: str) -> GitPlace:
    return find_place({**os.environ, **environ}, folder, GitAddress.parse(text))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "project")


def test_without_a_remote_the_ref_is_in_the_repository_itself(project: Path) -> None:
    (project / "sub").mkdir()
    place = find(project / "sub")

    assert place.url is None
    assert place.repository == project / ".git"
    assert place.name == f"{project}/.git#{DEFAULT_REF}"
    assert place.object_format == "sha1"


def test_all_work_trees_of_a_repository_have_one_place(project: Path) -> None:
    git("worktree", "add", "--quiet", "../other", cwd=project)

    assert find(project.parent / "other") == find(project)


def test_origin_is_meant_where_there_is_one_and_nothing_else_is_said(
    project: Path,
) -> None:
    git("remote", "add", "origin", "https://host/a.git", cwd=project)
    git("remote", "add", "other", "../b.git", cwd=project)
    git("config", "remote.other.pushurl", "git@host:b.git", cwd=project)

    assert find(project).url == "https://host/a.git"
    assert find(project).is_guessed
    assert find(project, ".").url is None
    other = find(project, "other#refs/heads/x")
    assert (other.url, other.push_url) == (
        str(project.parent / "b.git"),
        "git@host:b.git",
    )
    assert other.name == "git@host:b.git#refs/heads/x"
    assert not other.is_guessed
    with pytest.raises(UsageError, match="no remote 'third'"):
        find(project, "third")


def test_a_path_is_one_from_the_folder_that_names_it(project: Path) -> None:
    assert find(project, "../log.git").url == str(project.parent / "log.git")
    assert find(project.parent, "./log.git").url == str(project.parent / "log.git")
    assert find(project, "../log.git").remote_folder == project.parent / "log.git"
    assert find(project, "file:///srv/log.git").remote_folder == Path("/srv/log.git")
    assert find(project, "git@host:log.git").remote_folder is None


@pytest.mark.parametrize("text", ["", ".", "origin", "refs/heads/x"])
def test_a_ref_of_no_repository_is_asked_for_where_there_is_none(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(UsageError, match="in no repository") as caught:
        find(tmp_path, text, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))

    assert "git:URL#REF" in str(caught.value.hint)


def test_a_login_in_a_configured_url_is_used_and_not_shown(project: Path) -> None:
    url = "https://robot:hunter22x@host/a.git"
    git("remote", "add", "origin", url, cwd=project)
    place = find(project)

    assert place.url == url
    assert place.name == f"https://host/a.git#{DEFAULT_REF}"


def test_what_only_the_checkout_knows_of_speaking_to_remotes_is_taken_along(
    project: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[http]\n\textraHeader = everywhere\n")
    git("remote", "add", "origin", "https://host/a.git", cwd=project)
    git("config", "http.https://host/.extraHeader", "AUTH: here", cwd=project)
    git("config", "credential.helper", "store --file=x\ny", cwd=project)
    git("config", "user.name", "Nobody else's business", cwd=project)

    place = find(project, HOME=str(home), XDG_CONFIG_HOME=str(home))

    assert place.settings == (
        ("http.https://host/.extraheader", "AUTH: here"),
        ("credential.helper", "store --file=x\ny"),
    )


def test_ssh_asks_for_nothing_unless_the_user_has_a_command_of_their_own(
    project: Path,
) -> None:
    assert find(project).variables == {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    assert find(project, GIT_SSH_COMMAND="mine").variables == {}
    git("config", "core.sshCommand", "mine", cwd=project)
    assert find(project).variables == {}


def test_a_repository_that_the_environment_names_is_not_meant(
    project: Path, tmp_path: Path
) -> None:
    other = make_checkout(tmp_path / "other")

    assert find(project, GIT_DIR=str(other / ".git")).repository == project / ".git"


def test_the_ids_of_a_repository_may_be_sha_256(tmp_path: Path) -> None:
    git("init", "--quiet", "--object-format=sha256", "new", cwd=tmp_path)

    assert find(tmp_path / "new").object_format == "sha256"
