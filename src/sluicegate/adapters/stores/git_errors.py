"""What Git says when it fails, and what to do about it."""

import re
from collections.abc import Mapping

from sluicegate.adapters.stores.git_process import Said
from sluicegate.errors import ExternalError, PermanentError

# Texts of git in its C locale, of OpenSSH, and of GitHub's and GitLab's servers.
_HINTS: Mapping[str, str] = {
    r"could not read (username|password)|authentication failed|prompts disabled"
    r"|permission denied \(|invalid credentials|host key verification failed"
    r"|returned error: 401": "Nobody is asked for a password here: let `git push` to"
    " this remote work without one, by a credential helper, a token or an SSH key.",
    r"protected branch|rule violations|GH0\d\d|hook declined|prohibited": "A rule of"
    " the remote stands against it. Allow plain pushes to the log's ref, and forbid"
    " only deletion and force pushes: see docs/stores.md.",
    r"permission|access denied|not allowed to push|write access|returned error: 403"
    r"|unable to create temporary": "The log needs the right to write to its ref (on"
    " GitHub: contents: write).",
    r"repository .*not found|does not appear to be a git repository|does not exist"
    r"|not a git repository|returned error: 404": "Is the address of the remote right,"
    " and may this user see it?",
    r"dubious ownership": "Git refuses repositories of other users: see safe.directory"
    " in git-config(1).",
    r"dumb http|does not support shallow": "The log needs a remote that speaks Git's"
    " smart protocol.",
    r"mismatched algorithms|different object format": "Name the log from a repository"
    " that has the remote's object format.",
}


def blame(what: str, said: Said) -> ExternalError:
    """The error for a remote that did not do *what*."""
    return explain(what, said) or ExternalError(
        f"{what}: {said.reason}", hint="is the network there? Try again later"
    )


def explain(what: str, said: Said) -> PermanentError | None:
    """The error for a remote that will never do *what*; None if it might."""
    for pattern, hint in _HINTS.items():
        if re.search(pattern, said.stderr, re.IGNORECASE):
            return PermanentError(f"{what}: {said.reason}", hint=hint)
    return None
