"""The entry gate of an environment: all its rules, judged together. Pure.

- Every layer of the policy must be satisfied; one that asks for nothing is.
- *closed* outweighs *pending*, *pending* outweighs *open*. Closed is what waiting does
  not mend: a no, a condition that does not hold, a request that was used.
- Anybody's no to the request wins until there is a new one, whether or not their yes
  would have counted, and over an override, too.
- An override breaks the glass as a whole: every layer that asks for something must name
  people who may, and they must have signed. It opens whatever did not hold, a lock
  included, and leaves it among the conditions with its verdict. It opens nothing for a
  request that was rejected, used, has expired, or is about something else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.gates.approvals import Hearing, Tally, Voter
from sluicegate.gates.combine import all_of
from sluicegate.gates.human import Humans
from sluicegate.gates.layer import (
    JudgedLayer,
    Surroundings,
    judge_layer,
    judge_stages,
    write_override,
)
from sluicegate.gates.rules import Policy
from sluicegate.gates.standing import judge_lock, judge_pipeline, judge_standing
from sluicegate.gates.undecided import judge_unweighed
from sluicegate.gates.unmet import list_ignored, list_missing
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult, CountedApproval
from sluicegate.model.evidence import Value
from sluicegate.model.release_request import Approval, ReleaseRequest
from sluicegate.model.state_item import Lock, StableRelease


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """All that an entry gate is judged on.

    Attributes:
        now: the time that gates go by, in UTC.
        request: what is asked for; ``request_id`` is its SHA-256.
        answers: what people have said to requests, verified; not only to this one.
        values: evidence and further facts, by the names that conditions use.
        lock: the lock of the environment, None if nobody has locked it.
        stable: what each environment of the log runs.
        used: whether the request has opened the environment before.
        definitions: of the pipelines that have been on the protected branch, the one
            that is asked for, if it is one; None where nobody looked, and then it is
            not judged.
    """

    now: datetime
    request_id: Digest
    request: ReleaseRequest
    answers: tuple[Approval, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    lock: Lock | None = None
    stable: Mapping[str, StableRelease] = field(default_factory=dict)
    used: bool = False
    definitions: frozenset[Digest] | None = None


@dataclass(frozen=True, slots=True)
class EntryDecision:
    """What the entry gate says.

    Attributes:
        verdict: its answer; ``reason`` says why, in one line for people.
        conditions: each rule, its verdict and the reason, for the log.
        counted: the answers that were counted as a yes.
        override: whether it is open only because the glass was broken.
        missing: who or what is still missing, a line each, for people.
        ignored: whose answers were not counted, and why, a line each, for people.
    """

    verdict: Verdict
    reason: str
    conditions: tuple[ConditionResult, ...]
    counted: tuple[CountedApproval, ...] = ()
    override: bool = False
    missing: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def judge_entry(policy: Policy, facts: EntryFacts) -> EntryDecision:
    """Judge whether *facts* satisfy all of *policy*.

    Raises:
        ValueError: a window of the policy was never checked.
    """
    humans = Humans.known_to(layer.people for layer in policy.layers)
    hearing = Hearing(facts.now, facts.request_id, facts.request, facts.answers, humans)
    around = Surroundings(facts.values, facts.stable)
    standing = judge_standing(policy, hearing, used=facts.used)
    layers = [judge_layer(rules, policy, hearing, around) for rules in policy.layers]
    rules = (
        *(result for layer in layers for result in layer.results),
        *judge_stages(policy, around, rollback=facts.request.rollback),
        *judge_unweighed(facts.values, asks_people=policy.needs_people),
        *judge_pipeline(policy, facts.request, facts.definitions),
        judge_lock(facts.lock),
    )
    stands = _combine(standing).verdict is Verdict.OPEN
    if stands and all(rule.verdict is Verdict.OPEN for rule in rules):
        return _open(layers, (*standing, *rules))
    if stands and _is_overridden(layers):
        return _override(layers, (*standing, *rules))
    return _refuse(layers, standing, rules, hearing)


def _refuse(
    layers: Sequence[JudgedLayer],
    standing: Sequence[ConditionResult],
    rules: Sequence[ConditionResult],
    hearing: Hearing,
) -> EntryDecision:
    decision, stands = _combine((*standing, *rules)), _combine(standing)
    reason = decision.reason
    missing = tuple(list_missing(layers, rules, hearing))
    if stands.verdict is not Verdict.OPEN:  # whatever else is missing is in vain
        missing = (stands.reason,)
        reason = stands.reason if stands.verdict is decision.verdict else reason
    return EntryDecision(
        decision.verdict,
        reason,
        (*standing, *rules),
        counted=_count(layer.asked for layer in layers),
        missing=missing,
        ignored=tuple(list_ignored(layers, hearing)),
    )


def _open(
    layers: Sequence[JudgedLayer], results: tuple[ConditionResult, ...]
) -> EntryDecision:
    counted = _count(layer.asked for layer in layers)
    by = f"approved by {_name(counted)}; " if counted else ""
    reason = f"{by}all {len(results)} rules hold"
    return EntryDecision(Verdict.OPEN, reason, results, counted)


def _override(
    layers: Sequence[JudgedLayer], results: tuple[ConditionResult, ...]
) -> EntryDecision:
    """Open in spite of *results*, at the word of those who signed for it."""
    counted = _count(layer.glass for layer in layers)
    unmet = [result.reason for result in results if result.verdict is not Verdict.OPEN]
    reason = f"overridden by {_name(counted)}, though: {'; '.join(unmet)}"
    signed = (write_override(layer) for layer in layers if layer.is_overridden)
    return EntryDecision(
        Verdict.OPEN, reason, (*results, *signed), counted, override=True
    )


def _is_overridden(layers: Iterable[JudgedLayer]) -> bool:
    concerned = [layer for layer in layers if layer.must_be_overridden]
    return bool(concerned) and all(layer.is_overridden for layer in concerned)


def _combine(results: Sequence[ConditionResult]) -> Decision:
    return all_of([Decision(result.verdict, result.reason) for result in results])


def _count(tallies: Iterable[Tally | None]) -> tuple[CountedApproval, ...]:
    """Each answer that counts in any layer, once, in the order of the log."""
    voters: dict[Digest, Voter] = {}
    for tally in tallies:
        for voter in tally.voters if tally else ():
            voters.setdefault(voter.answer.statement, voter)
    return tuple(
        CountedApproval(statement, voter.person, voter.answer.key)
        for statement, voter in sorted(
            voters.items(), key=lambda item: item[1].answer.index
        )
    )


def _name(counted: Sequence[CountedApproval]) -> str:
    return ", ".join(dict.fromkeys(one.person for one in counted))
