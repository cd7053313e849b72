"""What ssh says when it fails, and what to do about it. Pure."""

from collections.abc import Callable

from sluicegate.errors import ExternalError, PermanentError, TransientError

_LONGEST = 300  # characters of what it said

_KNOWN: tuple[tuple[str, type[ExternalError], str, Callable[[str], str]], ...] = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        PermanentError,
        "shows another key than it used to: somebody may be in between",
        lambda host: (
            f"ask whoever runs {host} for its fingerprints; only if the new"
            " one is among them, replace the line in known_hosts"
        ),
    ),
    (
        "Host key verification failed",
        PermanentError,
        "is not known: its key is in no known_hosts file",
        lambda host: (
            f"`ssh {host}` once by hand and compare the fingerprint that it"
            " shows; on a runner, put that line of known_hosts into ~/.ssh/known_hosts"
        ),
    ),
    (
        "Permission denied",
        PermanentError,
        "does not let this user in",
        lambda host: (
            f"see that `ssh -o BatchMode=yes {host} true` works: the key must"
            " be in the agent (ssh-add) or without a passphrase"
        ),
    ),
    (
        "Could not resolve hostname",
        PermanentError,
        "is no host that is known here",
        lambda _host: "mend `host:` under `target`, or the name service",
    ),
    (
        "Bad owner or permissions",
        PermanentError,
        "cannot be reached with this user's ssh configuration",
        lambda _host: "chmod 600 ~/.ssh/config",
    ),
)


def ssh_error(host: str, said: str) -> ExternalError:
    """The error of a connection to *host* of which ssh says *said*."""
    for words, kind, meaning, advise in _KNOWN:
        if words in said:
            return kind(f"{host} {meaning}", hint=advise(host))
    told = " | ".join(line.strip() for line in said.splitlines() if line.strip())
    why = told[-_LONGEST:] or "ssh ended without a word"
    return TransientError(
        f"{host} cannot be reached: {why}", hint=f"see whether `ssh {host} true` works"
    )
