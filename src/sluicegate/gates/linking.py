"""Who has a part in a release, and by which account the code host knows them. Pure.

Commits name addresses, a code host names accounts. What ties the two together is what
the layers say of people, and what the host says of commits. Where neither does,
somebody could approve their own change, and nobody would see it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from sluicegate.gates.human import Humans
from sluicegate.model.policy import ACCOUNT, Part, normalise
from sluicegate.model.release_request import Approval, ReleaseRequest

_ABBREVIATED = 7  # hex digits of a commit, for people

_NO_REPLY = re.compile(
    r"(?:[0-9]+\+)?([a-z0-9][a-z0-9-]*(?:\[bot\])?)@users\.noreply\.github\.com"
)
"""
Source:
    GitHub, "Email addresses reference": what those get who hide theirs.
"""


def find_bars(
    exclude: frozenset[Part], request: ReleaseRequest, answers: Iterable[Approval]
) -> Mapping[str, str]:
    """The identities that have a part in *request*, and which.

    Accounts are among them of which any of *answers* says that the code host takes an
    author for them.
    """
    accounts = _accounts(request, answers)
    bars: dict[str, str] = {}
    for part, identities, did in _parts(request):
        if part in exclude:
            for identity in identities:
                plain = normalise(identity)
                for known in (plain, *accounts.get(plain, ())):
                    bars.setdefault(known, did)
    return bars


def find_unlinked(
    exclude: frozenset[Part],
    request: ReleaseRequest,
    answers: Iterable[Approval],
    humans: Humans,
) -> str:
    """Who has a part in *request* and no known account; empty if nobody is.

    Each author has to have one, and whoever asked or pushed by any of their names.
    """
    accounts = _accounts(request, answers)

    def is_linked(identity: str) -> bool:
        return normalise(identity) in accounts or _is_tied(identity, humans)

    for part, identities, did in _parts(request):
        if part not in exclude:
            continue
        linked = [is_linked(each) for each in identities]
        if not (all(linked) if part is Part.AUTHOR else any(linked)):
            who = f"the {did}" if part is Part.AUTHOR else f"whoever {did}"
            return (
                f"it may be by {who}, whose account nobody knows: list them under"
                f' people, with "{ACCOUNT}LOGIN"'
            )
    return ""


def list_untied(
    request: ReleaseRequest, humans: Humans
) -> Iterator[tuple[str, frozenset[str]]]:
    """The commits of *request* by people whose accounts the code host may know.

    Yields:
        A commit, and the addresses in it that nobody else ties to an account.
    """
    known = _accounts(request, ())
    for change in request.changes:
        untied = frozenset(
            normalise(each)
            for each in change.identities
            if normalise(each) not in known and not _is_tied(each, humans)
        )
        if untied:
            yield change.commit, untied


def _is_tied(identity: str, humans: Humans) -> bool:
    """Whether the layers know an account of whoever it is, or that it is a service."""
    names = humans.behind([identity])
    return humans.is_service(identity) or any(
        name.startswith(ACCOUNT) for name in names
    )


def _parts(request: ReleaseRequest) -> Iterator[tuple[Part, tuple[str, ...], str]]:
    """Who has which part, by all their names, and what people call it."""
    for change in request.changes:
        did = f"author of {change.commit[:_ABBREVIATED]}"
        yield Part.AUTHOR, change.identities, did
    yield Part.REQUESTER, request.requester, "asked for this release"
    yield Part.LAST_PUSHER, request.pusher, "pushed this commit last"


def _accounts(
    request: ReleaseRequest, answers: Iterable[Approval]
) -> Mapping[str, frozenset[str]]:
    """Accounts by the addresses in commits that they are known by."""
    found: dict[str, frozenset[str]] = {}
    for given in answers:
        for address, account in given.accounts:
            plain = normalise(address)
            found[plain] = found.get(plain, frozenset()) | {normalise(account)}
    for change in request.changes:
        for identity in change.identities:
            plain = normalise(identity)
            if named := _NO_REPLY.fullmatch(plain):
                account = f"{ACCOUNT}{named[1]}"
                found[plain] = found.get(plain, frozenset()) | {account}
    return found
