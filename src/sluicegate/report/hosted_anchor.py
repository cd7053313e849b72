"""What a code host's statuses vouch for of a log, as text and as JSON. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostedAnchor:
    """What the statuses of commits say of a log.

    Attributes:
        repository: where they are.
        commits: how many commits were looked at.
        unknown: how many of them the host does not know.
        agreeing: how many statuses say of this log what it was.
        newest: the largest size among those, None without any.
        others: how many are about other logs.
        contradictions: what cannot be true of this log, a line each.
    """

    repository: str
    commits: int
    unknown: int = 0
    agreeing: int = 0
    newest: int | None = None
    others: int = 0
    contradictions: tuple[str, ...] = ()


def anchor_rows(found: HostedAnchor, size: int) -> Iterator[str]:
    """Say it of a log of *size*, not escaped."""
    looked = _count(found.commits, "commit")
    if found.newest is None:
        yield f"no status of {looked} in {found.repository} is about this log"
    else:
        statuses = _count(found.agreeing, "status", "statuses")
        yield f"{statuses} of {looked} in {found.repository} agree with it"
        newer = size - found.newest
        after = f"; the {newer} after them have none yet" if newer else ", all of it"
        yield f"they vouch for {found.newest} entries{after}"
    if found.unknown:
        yield f"{_count(found.unknown, 'commit')} it does not know"
    if found.others:
        yield f"{_count(found.others, 'status', 'statuses')} about other logs"


def hosted_document(found: HostedAnchor | None) -> dict[str, object] | None:
    """The same as JSON; None where it was not asked for."""
    if found is None:
        return None
    return {
        "host": "github",
        "repository": found.repository,
        "commits": found.commits,
        "commits_unknown": found.unknown,
        "agreeing": found.agreeing,
        "size": found.newest,
        "other_logs": found.others,
        "contradictions": list(found.contradictions),
    }


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
