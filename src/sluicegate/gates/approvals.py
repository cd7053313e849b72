"""Count the people who said yes to a release request. Pure.

What keeps one human from being counted twice, or for their own change: whoever signs is
named by the identities that ``allowed_signers`` has for the key, and a person counts
once, whichever of their keys they use. A key of two people counts for neither, since
nobody can say which of them signed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.gates.human import Humans
from sluicegate.gates.linking import find_bars, find_unlinked
from sluicegate.gates.shortage import Candidate, describe_shortage
from sluicegate.gates.when import write_length
from sluicegate.model.digest import Digest
from sluicegate.model.policy import (
    ApprovalRule,
    Group,
    OverrideRule,
    Part,
    People,
    Way,
    normalise,
)
from sluicegate.model.release_request import Answer, Approval, ReleaseRequest

OVERRIDE_LASTS = timedelta(days=1)
"""How long the signature of an override is good for, from when it was made."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A release request, and all that was said to requests until ``now``."""

    now: datetime
    request_id: Digest
    request: ReleaseRequest
    answers: tuple[Approval, ...]
    humans: Humans


@dataclass(frozen=True, slots=True)
class Voter:
    """A human whose yes counts.

    ``names`` are what the layer calls them, as names are compared: more than one only
    where another layer knows that two of this one's people are the same human.
    """

    person: str
    names: frozenset[str]
    answer: Approval


@dataclass(frozen=True, slots=True)
class Tally:
    """Who said yes, and who is missing.

    ``ignored`` says of each other answer of the kind why it does not count, by the
    digest of what was signed. Nothing is missing: the rule holds.
    """

    voters: tuple[Voter, ...]
    missing: tuple[str, ...]
    ignored: Mapping[Digest, str]

    @property
    def is_enough(self) -> bool:
        """Whether the rule holds."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class _Electorate:
    """Whose answers count, of which kind, and for how long.

    ``by`` is how they may answer, ``workflow`` the file whose runs are answers.
    ``bars`` holds the identities that have a part in the release, and which; none of
    them has a part in ``exclude``.
    """

    people: People
    allowed: frozenset[str]
    answer: Answer
    lasts: timedelta
    reason_required: bool
    by: frozenset[Way] = frozenset({Way.SIGNATURE})
    workflow: str = ""
    exclude: frozenset[Part] = frozenset()
    bars: Mapping[str, str] = field(default_factory=dict)


def judge_approvals(rule: ApprovalRule, people: People, hearing: Hearing) -> Tally:
    """Judge whether those whom *rule* asks for have approved.

    *people* are those of the layer that the rule is of. Where the rule excludes the
    requester or the last pusher, but nobody knows who that is, nothing is enough.
    """
    unknown = _find_unknown(rule, people, hearing.request)
    electorate = _Electorate(
        people,
        rule.allowed,
        Answer.APPROVE,
        rule.approval_lasts,
        rule.reason_required,
        by=rule.by,
        workflow=rule.workflow,
        exclude=rule.exclude,
        bars=find_bars(rule.exclude, hearing.request, hearing.answers),
    )
    tally = _tally(electorate, rule.count, rule.one_of_each, hearing)
    return Tally(tally.voters, (*unknown, *tally.missing), tally.ignored)


def judge_override(rule: OverrideRule, people: People, hearing: Hearing) -> Tally:
    """Judge whether those whom *rule* names have broken the glass, with a reason.

    They may have any part in the release: an emergency has nobody to spare.
    """
    electorate = _Electorate(
        people, rule.allowed, Answer.OVERRIDE, OVERRIDE_LASTS, reason_required=True
    )
    return _tally(electorate, rule.count, (), hearing)


def find_mismatch(given: Approval, hearing: Hearing) -> str:
    """Say why *given* is not about the request at all; empty if it is."""
    if given.request != hearing.request_id:
        return f"about another request, {given.request.short}"
    if given.environment != hearing.request.environment:
        return f"about {given.environment}, not {hearing.request.environment}"
    return given.flaw


def _tally(
    electorate: _Electorate, count: int, groups: tuple[Group, ...], hearing: Hearing
) -> Tally:
    voters: dict[frozenset[str], Voter] = {}
    ignored: dict[Digest, str] = {}
    for given in sorted(hearing.answers, key=lambda answer: answer.index):
        if given.answer is not electorate.answer or given.way is Way.REVIEW:
            continue
        why = _object(given, electorate, hearing)
        if not why:
            human = hearing.humans.behind(given.identities)
            (name,) = electorate.people.named(given.identities)
            named = frozenset({normalise(name)})
            why = _find_twin(given, human, voters)
            if why:
                ignored[given.statement] = why
                continue
            known = voters.setdefault(human, Voter(name, named, given))
            if known.answer is given:
                continue
            voters[human] = Voter(known.person, known.names | named, known.answer)
            why = f"{known.person} is counted already"
        ignored[given.statement] = why
    missing = describe_shortage(
        max(count, 1),  # nobody at all is never enough
        groups,
        [voter.names for voter in voters.values()],
        _list_candidates(electorate, voters, hearing.humans),
    )
    return Tally(tuple(voters.values()), missing, ignored)


def _find_twin(
    given: Approval, human: frozenset[str], voters: Mapping[frozenset[str], Voter]
) -> str:
    """Who has answered by the same account under another name; empty for nobody.

    A login can pass to somebody else, and an account keeps its number.
    """
    if given.way is Way.SIGNATURE:
        return ""
    twins = (
        voter.person
        for known, voter in voters.items()
        if known != human and voter.answer.key == given.key
    )
    return next((f"its account was counted as {twin}" for twin in twins), "")


def _object(given: Approval, electorate: _Electorate, hearing: Hearing) -> str:
    """Why *given* does not count; empty if it does."""
    return (
        find_mismatch(given, hearing)
        or _find_way(given, electorate)
        or _find_impostor(given, electorate, hearing.humans)
        or _find_lapse(given, electorate, hearing.now)
        or _find_bar(given.identities, electorate.bars, hearing.humans)
        or _find_unlinked(given, electorate, hearing)
    )


def _find_way(given: Approval, electorate: _Electorate) -> str:
    """Why it does not count in the way in which it was given."""
    if given.way not in electorate.by:
        ways = ", ".join(sorted(way.value for way in electorate.by))
        return f"it was given by {given.way.value}, and what counts is {ways}"
    if given.way is Way.DISPATCH and given.workflow != electorate.workflow:
        return f"it is a run of {given.workflow}, not of {electorate.workflow}"
    return ""


def _find_unlinked(given: Approval, electorate: _Electorate, hearing: Hearing) -> str:
    """Whom an account that says yes cannot be told apart from; empty for nobody.

    A signature is by a name of ``allowed_signers``, and people know which of these is
    whose. An account may be anybody's.
    """
    if given.way is Way.SIGNATURE:
        return ""
    return find_unlinked(
        electorate.exclude, hearing.request, hearing.answers, hearing.humans
    )


def _find_impostor(given: Approval, electorate: _Electorate, humans: Humans) -> str:
    if any(map(humans.is_service, given.identities)):
        return "a service or a bot is no person"
    names = sorted(electorate.people.named(given.identities))
    if len(names) != 1:
        whose = " and ".join(names) or "nobody"
        return f"its key is of {whose}: nobody can say who signed"
    if normalise(names[0]) not in map(normalise, electorate.allowed):
        return "not among those who may"
    return ""


def _find_lapse(given: Approval, electorate: _Electorate, now: datetime) -> str:
    if given.recorded > now:
        return "recorded in the future: a clock was set back"
    # Whoever signs may claim a later time than it is, to make a yes last longer.
    made = min(given.created, given.recorded)
    if now - made >= electorate.lasts:
        return f"it has expired, after {write_length(electorate.lasts)}"
    if electorate.reason_required and not any(map(str.isalnum, given.reason)):
        return "it gives no reason"
    return ""


def _find_bar(
    identities: Iterable[str], bars: Mapping[str, str], humans: Humans
) -> str:
    known = humans.behind(identities)
    return next((why for identity, why in bars.items() if identity in known), "")


def _find_unknown(
    rule: ApprovalRule, people: People, request: ReleaseRequest
) -> tuple[str, ...]:
    return tuple(
        f"nobody knows who {did} ({', '.join(identities) or 'no name is given'}), so "
        f"nobody can be told apart from them: list them under people or services"
        for did, identities in find_strangers(rule, people, request)
    )


def find_strangers(
    rule: ApprovalRule, people: People, request: ReleaseRequest
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Those who must not approve, but whom the layer of *rule* does not know.

    Yields:
        What they did, and by what identities they did it.
    """
    parts = (
        (Part.REQUESTER, request.requester, "asked for this release"),
        (Part.LAST_PUSHER, request.pusher, "pushed this commit last"),
    )
    for part, identities, did in parts:
        if part in rule.exclude and not any(
            is_known(identity, rule, people) for identity in identities
        ):
            yield did, identities


def is_known(identity: str, rule: ApprovalRule, people: People) -> bool:
    """Whether *identity* is of a person or service that the layer of *rule* knows."""
    listed = {*people.identities, *rule.allowed}.union(*people.identities.values())
    return people.is_service(identity) or normalise(identity) in map(normalise, listed)


def _list_candidates(
    electorate: _Electorate, voters: Iterable[frozenset[str]], humans: Humans
) -> tuple[Candidate, ...]:
    """Everybody who may at all, by name, and what keeps them from it now."""
    return tuple(
        Candidate(name, _find_hindrance(name, electorate, tuple(voters), humans))
        for name in sorted(electorate.allowed)
    )


def _find_hindrance(
    name: str,
    electorate: _Electorate,
    voters: tuple[frozenset[str], ...],
    humans: Humans,
) -> str:
    if humans.behind([name]) in voters:
        return "said yes already"
    if humans.is_service(name):
        return "is no person"
    bar = _find_bar([name], electorate.bars, humans)
    return f"may not: {bar}" if bar else ""
