"""Finding the ref of a log: in which repository, on which remote, spoken to how."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from sluicegate.adapters.stores.git_process import GitProgram, Said, Settings
from sluicegate.errors import UsageError
from sluicegate.model.git_address import HERE, GitAddress

_ORIGIN = "origin"
# How a checkout was told to speak to its remotes; the log speaks to them likewise.
_SPEAKING = re.compile(
    r"(http|credential|url|ssh|protocol)\.|core\.(sshcommand|gitproxy|askpass)$"
)
_OF_CHECKOUT = {"local", "worktree"}  # what is wider holds for every repository
_SCP = re.compile(r"[^/]+:.*")  # host:path; a slash before the colon makes it a path
_QUIET_SSH = "ssh -oBatchMode=yes"


@dataclass(frozen=True, slots=True)
class GitPlace:
    """Where a ref is.

    Attributes:
        ref: its full name.
        name: the place for a person and as its one name, without credentials.
        repository: the Git folder it was found from, shared by all its work trees.
        url: the remote to read from; None if the ref is in *repository* itself.
        push_url: the remote to write to, where that is another address.
        object_format: ``sha1`` or ``sha256``.
        settings: how to speak to the remote.
        variables: likewise, for the environment.
        is_guessed: whether the remote is only that because there is one.
    """

    ref: str
    name: str
    repository: Path | None
    url: str | None
    push_url: str | None
    object_format: str
    settings: Settings
    variables: Mapping[str, str]
    is_guessed: bool = False

    @property
    def remote_folder(self) -> Path | None:
        """The remote's own folder, where it is on this machine."""
        url = (self.push_url or self.url or "").removeprefix("file://")
        return Path(url) if url.startswith("/") else None


class _Setting(NamedTuple):
    """A setting, and how wide it holds: ``local``, ``global``, ..."""

    scope: str
    name: str
    value: str


def find_place(
    environ: Mapping[str, str], folder: Path, address: GitAddress
) -> GitPlace:
    """Find the ref that *address* means, seen from *folder*.

    Raises:
        UsageError: that takes a repository and *folder* is in none, or a remote that
            it does not have.
        PermanentError: git cannot be started.
    """
    git = GitProgram(environ, folder.absolute())
    said = git.run(
        *("rev-parse", "--path-format=absolute"),
        *("--git-common-dir", "--show-object-format"),
    )
    settings = _read_settings(git)
    if said.exit_code:
        return _place_outside(git, address, settings, said)
    repository, object_format = said.text.split("\n")
    url, push_url = _read_remote(git, address, settings)
    return GitPlace(
        address.ref,
        name=f"{_hide_login(push_url or url or repository)}#{address.ref}",
        repository=Path(repository),
        url=url,
        push_url=push_url,
        object_format=object_format,
        settings=_choose_speaking(settings),
        variables=_speak_quietly(git, settings),
        is_guessed=address.remote is None,
    )


def _place_outside(
    git: GitProgram, address: GitAddress, settings: Sequence[_Setting], said: Said
) -> GitPlace:
    remote = address.remote
    if remote is None or remote == HERE or _is_name(remote):
        raise UsageError(
            f"the log is in the Git ref {address}, and {git.cwd} is in no repository"
            + ("" if "not a git repository" in said.stderr else f" ({said.reason})"),
            hint="go to the project, or name the remote: git:URL#REF",
        )
    url = _make_absolute(remote, git.cwd)
    return GitPlace(
        address.ref,
        name=f"{_hide_login(url)}#{address.ref}",
        repository=None,
        url=url,
        push_url=None,
        object_format="sha1",
        settings=(),
        variables=_speak_quietly(git, settings),
    )


def _read_settings(git: GitProgram) -> list[_Setting]:
    said = git.run("config", "--list", "--show-scope", "-z")
    fields = said.stdout.decode("utf-8", "surrogateescape").split("\0")
    found = []
    for scope, line in zip(fields[::2], fields[1::2], strict=False):
        name, mark, value = line.partition("\n")
        found.append(_Setting(scope, name, value if mark else "true"))
    return found


def _read_remote(
    git: GitProgram, address: GitAddress, settings: Sequence[_Setting]
) -> tuple[str | None, str | None]:
    """The addresses to read from and to write to, as they are configured."""
    remote = address.remote
    if remote == HERE:
        return None, None
    if remote is not None and not _is_name(remote):
        return _make_absolute(remote, git.cwd), None
    name = remote or _ORIGIN
    url, push_url = (
        next(
            (one.value for one in settings if one.name == f"remote.{name}.{which}"), ""
        )
        for which in ("url", "pushurl")
    )
    if not url and remote is not None:
        raise UsageError(
            f"the repository of {git.cwd} has no remote {remote!r}",
            hint="`git remote -v` lists them",
        )
    if not url:
        return None, None
    top = git.run("rev-parse", "--show-toplevel")
    base = git.cwd if top.exit_code else Path(top.text)
    return _make_absolute(url, base), (
        _make_absolute(push_url, base) if push_url else None
    )


def _choose_speaking(settings: Sequence[_Setting]) -> Settings:
    """Credentials and proxies that the checkout alone knows: CI puts them there."""
    return tuple(
        (one.name, one.value)
        for one in settings
        if one.scope in _OF_CHECKOUT and _SPEAKING.match(one.name)
    )


def _speak_quietly(git: GitProgram, settings: Sequence[_Setting]) -> dict[str, str]:
    """SSH that fails instead of asking, unless the user has a command of their own."""
    own = {"GIT_SSH", "GIT_SSH_COMMAND"}.intersection(git.environ)
    if own or any(one.name == "core.sshcommand" for one in settings):
        return {}
    return {"GIT_SSH_COMMAND": _QUIET_SSH}


def _is_name(remote: str) -> bool:
    return not any(mark in remote for mark in ("/", ":", "\\"))


def _make_absolute(url: str, base: Path) -> str:
    is_path = "://" not in url and "::" not in url and not _SCP.fullmatch(url)
    return str((base / url).resolve()) if is_path else url


def _hide_login(url: str) -> str:
    """Cut ``user:password@`` out: it may change, and the place is still the same."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an unreadable URL"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
