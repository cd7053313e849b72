"""Finding the ref of a log: in which repository, on which remote, spoken to how."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from sluicegate.adapters.stores.git_process import GitProgram, Said, Settings
from sluicegate.errors import UsageError
from sluicegate.model.git_address import HERE, GitAddress

_ORIGIN = "origin"
# How a checkout was told to speak to its remotes; the log speaks to them likewise.
_SPEAKING = (
    r"^(http|credential|url|ssh|protocol)\.|^core\.(sshcommand|gitproxy|askpass)$"
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
    if said.exit_code:
        return _place_outside(git, address, said)
    repository, object_format = said.text.split("\n")
    url, push_url = _read_remote(git, address)
    return GitPlace(
        address.ref,
        name=f"{_hide_login(push_url or url or repository)}#{address.ref}",
        repository=Path(repository),
        url=url,
        push_url=push_url,
        object_format=object_format,
        settings=_read_speaking(git) if url else (),
        variables=_speak_quietly(git),
        is_guessed=address.remote is None,
    )


def _place_outside(git: GitProgram, address: GitAddress, said: Said) -> GitPlace:
    remote = address.remote
    if remote is None or remote == HERE or _is_name(remote):
        raise UsageError(
            f"the log is in the Git ref {address}, and {git.cwd} is in no repository"
            + ("" if "not a git repository" in said.stderr else f" ({said.reason})"),
            hint="go to the project, or name the remote: git:URL#REF",
        )
    url = _make_absolute(remote, git.cwd)
    name = f"{_hide_login(url)}#{address.ref}"
    quiet = _speak_quietly(git)
    return GitPlace(address.ref, name, None, url, None, "sha1", (), quiet)


def _read_remote(git: GitProgram, address: GitAddress) -> tuple[str | None, str | None]:
    """The addresses to read from and to write to, as they are configured."""
    remote = address.remote
    if remote == HERE:
        return None, None
    if remote is not None and not _is_name(remote):
        return _make_absolute(remote, git.cwd), None
    name = remote or _ORIGIN
    url = _read_url(git, f"remote.{name}.url")
    if url is None and remote is not None:
        raise UsageError(
            f"the repository of {git.cwd} has no remote {remote!r}",
            hint="`git remote -v` lists them",
        )
    if url is None:
        return None, None
    return url, _read_url(git, f"remote.{name}.pushurl")


def _read_url(git: GitProgram, setting: str) -> str | None:
    said = git.run("config", "--get-all", setting)
    if said.exit_code or not said.text:
        return None
    top = git.run("rev-parse", "--show-toplevel")
    return _make_absolute(
        said.text.split("\n")[0], git.cwd if top.exit_code else Path(top.text)
    )


def _read_speaking(git: GitProgram) -> Settings:
    """Credentials and proxies that the checkout alone knows: CI puts them there."""
    said = git.run("config", "--show-scope", "-z", "--get-regexp", _SPEAKING)
    fields = said.stdout.decode("utf-8", "surrogateescape").split("\0")
    found = []
    for scope, line in zip(fields[::2], fields[1::2], strict=False):
        name, mark, value = line.partition("\n")
        if scope in _OF_CHECKOUT:
            found.append((name, value if mark else "true"))
    return tuple(found)


def _speak_quietly(git: GitProgram) -> dict[str, str]:
    """SSH that fails instead of asking, unless the user has a command of their own."""
    own = {"GIT_SSH", "GIT_SSH_COMMAND"}.intersection(git.environ)
    if own or git.run("config", "--get", "core.sshCommand").text:
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
