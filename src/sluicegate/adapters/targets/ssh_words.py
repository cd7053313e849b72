"""What ssh says when it fails, and what to do about it. Pure."""

from collections.abc import Callable

from sluicegate.errors import ExternalError, PermanentError, TransientError

_LONGEST = 300  # characters of what it said

_KNOWN: tuple[tuple[str, type[ExternalError], str, Callable[[str], str]], ...] = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        PermanentError,
        "shows another key than it used to: somebody may be in between",
        lambda _ssh: (
            "ask whoever runs it for its fingerprints; only if the new one is among"
            " them, replace the line in known_hosts"
        ),
    ),
    (
        "Host key verification failed",
        PermanentError,
        "is not known: its key is in no known_hosts file",
        lambda ssh: (
            f"`{ssh}` once by hand and compare the fingerprint that it shows; on a"
            " runner, put that line of known_hosts into ~/.ssh/known_hosts"
        ),
    ),
    (
        "Permission denied",
        PermanentError,
        "does not let this user in",
        lambda ssh: (
            f"see that `{ssh} -o BatchMode=yes true` works: the key must be in the"
            " agent (ssh-add) or without a passphrase"
        ),
    ),
    (
        "Could not resolve hostname",
        PermanentError,
        "is no host that is known here",
        lambda _ssh: "mend `host:` under `target`, or the name service",
    ),
    (
        "Bad owner or permissions",
        PermanentError,
        "cannot be reached with this user's ssh configuration",
        lambda _ssh: "chmod 600 ~/.ssh/config",
    ),
)


def name_of(address: str) -> str:
    """*address*, ``ssh://USER@HOST:PORT``, for messages.

    Without the scheme: what looks like an address with a login in it is masked.
    """
    return address.removeprefix("ssh://")


def ssh_error(address: str, said: str) -> ExternalError:
    """The error of a connection to *address* of which ssh says *said*."""
    host = name_of(address)
    login, _, port = host.partition(":")
    ssh = f"ssh -p {port} {login}" if port else f"ssh {login}"
    for words, kind, meaning, advise in _KNOWN:
        if words in said:
            return kind(f"{host} {meaning}", hint=advise(ssh))
    told = " | ".join(line.strip() for line in said.splitlines() if line.strip())
    why = told[-_LONGEST:] or "ssh ended without a word"
    return TransientError(
        f"{host} cannot be reached: {why}", hint=f"see whether `{ssh} true` works"
    )
