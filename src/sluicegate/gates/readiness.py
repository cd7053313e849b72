"""Whether those whom a rule asks for could be enough, before anything is asked. Pure.

Judged by the very counting that a release is: as if everybody who has a key that counts
had said yes to a release in which nobody has a part.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sluicegate.gates.approvals import Hearing, Tally, is_known, judge_approvals
from sluicegate.gates.human import Humans
from sluicegate.gates.shortage import Candidate, describe_shortage
from sluicegate.model.digest import Digest
from sluicegate.model.policy import (
    ACCOUNT,
    ApprovalRule,
    OverrideRule,
    Part,
    People,
    Way,
    normalise,
)
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    ReleaseRequest,
)

_WHEN = datetime(2000, 1, 1, tzinfo=UTC)
_ID = Digest.of(b"a request that nobody has made")
_REASON = "as if there were one"


@dataclass(frozen=True, slots=True)
class Keyholder:
    """Whoever has the key *key*, a fingerprint, by the names it counts under now."""

    key: str
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a rule can be satisfied.

    Attributes:
        ready: those who may, and have a key that counts.
        lacking: those who may and have none, and why; empty where there is none at all.
        missing: whom it would take besides, a line each; none: enough are ready.
    """

    ready: tuple[str, ...]
    lacking: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """Whether all that is asked for could be given."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Ground:
    """Who is who in the layer that a rule is of, in all layers, and who has keys.

    ``flaws`` says of identities whose lines let nobody sign why they do not.
    """

    people: People
    humans: Humans
    holders: tuple[Keyholder, ...]
    flaws: Mapping[str, str]


def judge_reach(
    rule: ApprovalRule, ground: Ground, requester: Sequence[str] = ()
) -> Reach:
    """Whether *rule* could be satisfied by those who have keys, all of them together.

    With *requester*, for a release that whoever goes by these names asks for.
    """
    excluded = rule.exclude & {Part.REQUESTER} if requester else frozenset[Part]()
    tally = _judge(replace(rule, exclude=excluded), ground, tuple(requester))
    voting = frozenset[str]().union(*(voter.names for voter in tally.voters))
    ready = tuple(n for n in sorted(rule.allowed) if normalise(n) in voting)
    asking = ground.humans.behind(requester) if excluded else frozenset[str]()
    lacking = {
        name: _explain(name, ground, tally)
        for name in sorted(rule.allowed.difference(ready))
        if normalise(name) not in asking
    }
    missing = describe_shortage(
        max(rule.count, 1),
        rule.one_of_each,
        [voter.names for voter in tally.voters],
        [_candidate(name, ready, lacking) for name in sorted(rule.allowed)],
    )
    return Reach(ready, lacking, missing)


def judge_override_reach(rule: OverrideRule, ground: Ground) -> Reach:
    """Whether the glass could be broken by those who have keys."""
    return judge_reach(ApprovalRule(rule.allowed, rule.count), ground)


def is_requester_known(
    rule: ApprovalRule, people: People, requester: Sequence[str]
) -> bool:
    """Whether it can be told that *requester* is not who approves, where it matters."""
    return Part.REQUESTER not in rule.exclude or any(
        is_known(identity, rule, people) for identity in requester
    )


def _candidate(
    name: str, ready: Collection[str], lacking: Collection[str]
) -> Candidate:
    if name in lacking:
        return Candidate(name, "has no key that counts")
    return Candidate(name, "is counted" if name in ready else "would ask for it")


def _judge(rule: ApprovalRule, ground: Ground, requester: tuple[str, ...]) -> Tally:
    request = ReleaseRequest(
        log="",
        repository="",
        environment="",
        run_id="",
        stage="",
        pipeline="",
        definition=_ID,
        commit="",
        release="",
        artifacts=(Artifact("none", ArtifactKind.CONFIG, _ID),),
        evidence=(),
        policy=_ID,
        policy_branch="",
        policy_commit="",
        live=None,
        changes=(),
        requester=requester,
        pusher=(),
        created=_WHEN,
        expires=_WHEN,
        nonce="",
    )
    answers = tuple(_yes(index, each) for index, each in enumerate(ground.holders))
    attested = tuple(_attested(rule, ground, len(answers)))
    hearing = Hearing(_WHEN, _ID, request, (*answers, *attested), ground.humans)
    return judge_approvals(rule, ground.people, hearing)


def _yes(index: int, holder: Keyholder) -> Approval:
    return Approval(
        request=_ID,
        environment="",
        answer=Answer.APPROVE,
        identities=holder.identities,
        key=holder.key,
        reason=_REASON,
        created=_WHEN,
        recorded=_WHEN,
        statement=_named(holder),
        index=index,
    )


def _attested(rule: ApprovalRule, ground: Ground, first: int) -> Iterator[Approval]:
    """A yes of each account of those who may, where the rule counts such."""
    ways = sorted(rule.by - {Way.SIGNATURE}, key=lambda way: way.value)
    named = {
        normalise(each)
        for name in rule.allowed
        for each in (name, *ground.people.identities.get(name, ()))
    }
    accounts = sorted(each for each in named if each.startswith(ACCOUNT))
    for index, account in enumerate(accounts if ways else (), first):
        yes = _yes(index, Keyholder(account, (account,)))
        yield replace(yes, way=ways[-1], workflow=rule.workflow)


def _named(holder: Keyholder) -> Digest:
    return Digest.of(holder.key.encode())


def _explain(name: str, ground: Ground, tally: Tally) -> str:
    """Why nobody could count *name*: a key that is of others, too, or a flawed line."""
    known = ground.people.identities.get(name, frozenset())
    mine = frozenset(map(normalise, (name, *known)))
    for holder in ground.holders:
        if mine.intersection(map(normalise, holder.identities)):
            return f"{holder.key}: {tally.ignored.get(_named(holder), '')}"
    return next((why for each, why in ground.flaws.items() if each in mine), "")
