"""Whether what people want of a rollout under way is done. Pure.

Going on towards the release (*promote*, *resume*) takes what entering the environment
takes: every layer's approval rule, with the same people excluded. Stopping (*abort*,
*pause*) takes one person whom any of these rules lets approve: nobody should have to
find a second one while a bad release serves. Where no rule asks for people, one word is
enough, of whoever signs statements of this project or holds the log's key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from sluicegate.gates.approvals import Hearing, Voter, judge_approvals
from sluicegate.gates.human import Humans
from sluicegate.gates.rules import Policy
from sluicegate.model.digest import Digest
from sluicegate.model.event import CountedApproval
from sluicegate.model.policy import ApprovalRule, Way
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    ReleaseRequest,
)
from sluicegate.model.rollout import Direction

ORDER = (
    Direction.SUPERSEDE,
    Direction.ABORT,
    Direction.PAUSE,
    Direction.RESUME,
    Direction.PROMOTE,
)
"""Which goes first where several would be done: the one that risks least.

A paused rollout is resumed before it is promoted: one that serves beside nothing has
nothing to be promoted over, and would wait for ever behind that word."""

_STOPS = frozenset({Direction.ABORT, Direction.PAUSE})


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said about a rollout; it is in the log, and was verified just now.

    ``said`` has whose it is; its ``request`` is of no interest. None if the holder of
    the log's key said it without a signature.
    """

    direction: Direction
    reason: str
    index: int
    said: Approval | None

    @classmethod
    def unsigned(cls, direction: Direction, reason: str, index: int) -> Self:
        """Of whoever holds the log's key."""
        return cls(direction, reason, index, None)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of one direction.

    ``by`` are the people who count. Nothing is ``missing``: it is to be done, for
    ``reason``. ``ignored`` says why a word does not count, by entry. ``index`` is the
    newest entry that counts: what was said after it is about what comes then.
    """

    direction: Direction
    reason: str
    by: tuple[CountedApproval, ...]
    missing: tuple[str, ...]
    ignored: tuple[tuple[int, str], ...] = ()
    index: int = -1

    @property
    def is_due(self) -> bool:
        """Whether it is to be done."""
        return not self.missing


def judge_directions(
    policy: Policy,
    request: ReleaseRequest | None,
    words: Sequence[Word],
    now: datetime,
) -> tuple[Ruling, ...]:
    """Judge everything that was said, in the order in which it would be done.

    Args:
        policy: the rules of the environment, now.
        request: by which the release entered; None where nobody was asked then.
        words: what was said since something was last done, oldest first.
        now: the time that gates go by.
    """
    return tuple(
        _judge(policy, request, direction, said, now)
        for direction in ORDER
        if (said := [word for word in words if word.direction is direction])
    )


def _judge(
    policy: Policy,
    request: ReleaseRequest | None,
    direction: Direction,
    words: Sequence[Word],
    now: datetime,
) -> Ruling:
    if direction is Direction.SUPERSEDE:
        return _of_newer(words)
    rules = [each for each in policy.layers if each.approvals is not None]
    if not rules:
        return _of_anybody(direction, words)
    signed = [word.said for word in words if word.said is not None]
    reasons = {word.said.statement: word.reason for word in words if word.said}
    unsigned = tuple(
        (word.index, "nobody has signed it, and the rules ask for people")
        for word in words
        if word.said is None
    )
    if request is None and direction not in _STOPS:
        nobody = ("no request says who made this release, so nobody can be excluded",)
        return Ruling(direction, "", (), nobody, unsigned)
    humans = Humans.known_to(each.people for each in policy.layers)
    tallies = []
    for layer in rules:
        assert layer.approvals is not None
        rule = _signed(layer.approvals)
        rule = _one_of(rule) if direction in _STOPS else rule
        hearing = _hearing(request, policy.environment, signed, humans, now)
        tallies.append(judge_approvals(rule, layer.people, hearing))
    done = any if direction in _STOPS else all
    is_due = done(tally.is_enough for tally in tallies)
    voters = [voter for tally in tallies for voter in tally.voters]
    missing = [each for tally in tallies for each in tally.missing]
    counted = _count(voters)
    by_digest = {given.statement: given.index for given in signed}
    ignored = {
        by_digest[digest]: why
        for tally in tallies
        for digest, why in tally.ignored.items()
        if digest not in {each.statement for each in counted}
    }
    return Ruling(
        direction,
        next((reasons[each.statement] for each in counted), ""),
        counted,
        () if is_due else tuple(dict.fromkeys(missing)),
        (*unsigned, *sorted(ignored.items())),
        max((by_digest[each.statement] for each in counted), default=-1),
    )


def _of_newer(words: Sequence[Word]) -> Ruling:
    """A newer release has come through its gates: its recorder says so, unsigned."""
    signed = tuple(
        (word.index, "nobody supersedes a rollout but a newer release")
        for word in words
        if word.said is not None
    )
    said = next((word for word in words if word.said is None), None)
    if said is None:
        missing = ("a newer release",)
        return Ruling(Direction.SUPERSEDE, "", (), missing, signed)
    return Ruling(Direction.SUPERSEDE, said.reason, (), (), signed, said.index)


def _of_anybody(direction: Direction, words: Sequence[Word]) -> Ruling:
    """Without a rule: the first word that counts at all is enough."""
    ignored: list[tuple[int, str]] = []
    for word in words:
        if word.said is None:
            return Ruling(direction, word.reason, (), (), tuple(ignored), word.index)
        if not word.said.flaw:
            name = ", ".join(word.said.identities)
            by = (CountedApproval(word.said.statement, name, word.said.key),)
            return Ruling(direction, word.reason, by, (), tuple(ignored), word.index)
        ignored.append((word.index, word.said.flaw))
    return Ruling(direction, "", (), ("nobody's word counts",), tuple(ignored))


def _signed(rule: ApprovalRule) -> ApprovalRule:
    """*rule*, however releases are approved: about rollouts people sign their word."""
    return replace(rule, by=frozenset({Way.SIGNATURE}))


def _one_of(rule: ApprovalRule) -> ApprovalRule:
    """Any one person of *rule*, whatever part they have in the release."""
    return replace(rule, count=1, one_of_each=(), exclude=frozenset())


_SAME = Digest.of(b"what is said about a rollout")


def _hearing(
    request: ReleaseRequest | None,
    environment: str,
    signed: Iterable[Approval],
    humans: Humans,
    now: datetime,
) -> Hearing:
    """The words as yeses to one request: each is about the same thing already."""
    answers = tuple(
        replace(given, request=_SAME, answer=Answer.APPROVE) for given in signed
    )
    about = request or _nobodys(environment, now)
    return Hearing(now, _SAME, about, answers, humans)


def _nobodys(environment: str, now: datetime) -> ReleaseRequest:
    """What a rollout that nobody asked for was let in by: it excludes nobody."""
    return ReleaseRequest(
        log="",
        repository="",
        environment=environment,
        run_id="",
        stage="",
        pipeline="",
        definition=_SAME,
        commit="",
        release="",
        artifacts=(Artifact("", ArtifactKind.CONFIG, _SAME),),
        evidence=(),
        policy=_SAME,
        policy_branch="",
        policy_commit="",
        live=None,
        changes=(),
        requester=(),
        pusher=(),
        created=now,
        expires=now,
        nonce="",
    )


def _count(voters: Iterable[Voter]) -> tuple[CountedApproval, ...]:
    found = {
        voter.answer.statement: CountedApproval(
            voter.answer.statement, voter.person, voter.answer.key
        )
        for voter in voters
    }
    return tuple(found.values())
