"""The log and its evidence in a Git ref, put together for this machine."""

from dataclasses import replace
from pathlib import Path

from sluicegate.adapters.stores.git_cache import GitCache
from sluicegate.adapters.stores.git_evidence import GitEvidence
from sluicegate.adapters.stores.git_log import GitLog
from sluicegate.adapters.stores.git_place import GitPlace, find_place
from sluicegate.adapters.stores.git_ref import LocalRef
from sluicegate.adapters.stores.git_remote import RemoteRef
from sluicegate.adapters.stores.waiting import MAX_BYTES, WaitingEvidence
from sluicegate.errors import UsageError
from sluicegate.model.git_address import GitAddress
from sluicegate.wiring.git_access import git_access
from sluicegate.wiring.machine import Machine

_WAITING = Path(".sluicegate/waiting")
"""Evidence that goes with the log's next commit, from the project's folder."""


def open_git_log(machine: Machine, address: str, base: Path) -> GitLog:
    """The log in the ref that *address* names, seen from the folder *base*.

    Raises:
        UsageError: there is no such repository or remote.
    """
    place = find_git_place(machine, address, base)
    cache = GitCache(machine.cache_folder / "git", place, machine.environ_without())
    ref = LocalRef if place.url is None else RemoteRef
    return GitLog(ref(place, cache), _waiting(base))


def open_git_evidence(
    machine: Machine, address: str, base: Path, limit: int | None = None
) -> GitEvidence:
    """The evidence in that ref; files of at most *limit* bytes go there.

    Raises:
        UsageError: as for `open_git_log`.
    """
    log = open_git_log(machine, address, base)
    return GitEvidence(log, _waiting(base, limit or MAX_BYTES))


def find_git_place(machine: Machine, address: str, base: Path) -> GitPlace:
    """Where that ref is.

    Raises:
        UsageError: there is no such repository or remote.
    """
    place = find_place(machine.environ, base, GitAddress.parse(address))
    access = git_access(machine.environ, place.push_url or place.url)
    return replace(place, settings=(*place.settings, *access))


def check_outlives_clone(machine: Machine, address: str, base: Path) -> None:
    """A CI runner throws its clone away, and with it a log that is in the clone.

    Raises:
        UsageError: it would.
    """
    place = find_git_place(machine, address, base)
    if place.url is None:
        raise UsageError(
            f"CI=true, and the audit log {place.name} is in the clone itself, which a"
            " CI runner throws away",
            hint="keep it on a remote, in the pipeline file:"
            " `audit: {store: 'git:URL#REF'}`",
        )


def _waiting(base: Path, limit: int = MAX_BYTES) -> WaitingEvidence:
    return WaitingEvidence(base / _WAITING, limit)
