"""A case that somebody makes up, and how the rules judge it. Pure.

A case is judged by the very functions that judge a run: the gate of a stage, or the
entry gate of an environment. Only what surrounds them is made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sluicegate.gates.entry import EntryFacts, judge_entry
from sluicegate.gates.facts import STABLE, values_of
from sluicegate.gates.gate import Gate
from sluicegate.gates.rules import Policy
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.policy import Way
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    Change,
    LiveRelease,
    ReleaseRequest,
)
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import Lock, StableRelease

_REQUEST = Digest.of(b"the request of a case")
_LONG = timedelta(days=3650)  # the rules say how long a request is good for

Fields = Mapping[str, Mapping[str, Value]]
"""Evidence, by stage and field."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to the request, given ``age`` before the case is judged."""

    answer: Answer
    by: str
    age: timedelta = timedelta(0)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What a gate is to be judged on, and what is expected of it.

    Attributes:
        name: what people call it.
        stage: the stage whose gate is judged, None if it is an entry gate.
        environment: the environment whose entry gate is judged, None otherwise.
        evidence: what the stages found; what was not measured is absent.
        stable: what they found for the stable release, None if nothing is released.
        expect: the verdict it should have; ``because`` is to be part of the reason.
        now: when it is judged.
        said: what people answered, in this order.
        authors: the identities of whoever made the commits since the last release.
        requester: the identities of whoever asks.
        pusher: the identities of whoever pushed the commit.
        request_age: how long ago the request was made.
        release_age: how long ago what is stable there came there.
        soaked: how long the same artifact has been stable in other environments.
        locked: why somebody locked the environment, None if nobody did.
        rollback: whether it goes back to an earlier release.
        stages_open: whether the gates of the stages before are taken to hold.
    """

    name: str
    stage: str | None
    environment: str | None
    evidence: Fields
    stable: Fields | None
    expect: Verdict
    because: str
    now: datetime
    said: tuple[Said, ...] = ()
    authors: tuple[str, ...] = ()
    requester: tuple[str, ...] = ()
    pusher: tuple[str, ...] = ()
    request_age: timedelta = timedelta(hours=1)
    release_age: timedelta = timedelta(days=1)
    soaked: Mapping[str, timedelta] = field(default_factory=dict)
    locked: str | None = None
    rollback: bool = False
    stages_open: bool = False


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case was judged. ``reasons`` say why: first all in one, then each."""

    case: Case
    verdict: Verdict
    reasons: tuple[str, ...]

    @property
    def is_expected(self) -> bool:
        """Whether verdict and reason are those that the case expects."""
        return self.verdict is self.case.expect and any(
            self.case.because in reason for reason in self.reasons
        )


def try_gate(case: Case, gate: Gate) -> CaseResult:
    """Judge *case* by the gate of its stage."""
    record, decision = gate.judge_beside(_named(case.evidence), case.stable)
    unmet = [each.reason for each in record.conditions if _is_unmet(each.verdict)]
    return CaseResult(case, decision.verdict, tuple(unmet) or (decision.reason,))


def try_entry(case: Case, policy: Policy) -> CaseResult:
    """Judge *case* by the rules of its environment."""
    if case.stages_open:
        policy = replace(policy, stages={})
    stable = _stable(case, policy.environment)
    facts = EntryFacts(
        now=case.now,
        request_id=_REQUEST,
        request=_request(case, policy, stable.get(policy.environment)),
        answers=tuple(
            _answer(case, policy.environment, index, said)
            for index, said in enumerate(case.said)
        ),
        values=values_of(
            case.evidence,
            environment=policy.environment,
            now=case.now,
            stable=stable.get(policy.environment),
            stable_evidence=case.stable or {},
            rollback=case.rollback,
        ),
        lock=_lock(case, policy.environment),
        stable=stable,
    )
    decision = judge_entry(_signed(policy), facts)
    unmet = [each.reason for each in decision.conditions if _is_unmet(each.verdict)]
    reasons = (decision.reason, *unmet, *decision.missing, *decision.ignored)
    return CaseResult(case, decision.verdict, tuple(dict.fromkeys(reasons)))


def _signed(policy: Policy) -> Policy:
    """*policy*, whichever way people answer: which ways count is not tried.

    Nor are reviews on the code host: they are locked and opened there.
    """
    ways = frozenset({Way.SIGNATURE})
    layers = [
        replace(each, approvals=replace(each.approvals, by=ways, reviews=None))
        if each.approvals is not None
        else each
        for each in policy.layers
    ]
    return replace(policy, layers=tuple(layers))


def split_evidence(values: Mapping[str, Value]) -> tuple[Fields, Fields]:
    """Evidence of the run, and of the stable release, by the names of conditions."""
    own: dict[str, dict[str, Value]] = {}
    stable: dict[str, dict[str, Value]] = {}
    for name, value in values.items():
        found = stable if name.startswith(STABLE) else own
        stage, _, spec = name.removeprefix(STABLE).partition(".")
        found.setdefault(stage, {})[spec] = value
    return own, stable


def _named(fields: Fields) -> dict[str, Value]:
    return {
        f"{stage}.{name}": value
        for stage, found in fields.items()
        for name, value in found.items()
    }


def _is_unmet(verdict: Verdict) -> bool:
    return verdict is not Verdict.OPEN


def _image(name: str) -> Digest:
    return Digest.of(name.encode())


def _stable(case: Case, environment: str) -> dict[str, StableRelease]:
    """What every environment runs: this artifact where it soaks, else another one."""
    found = {
        place: _release(place, "this", case.now - soak)
        for place, soak in case.soaked.items()
    }
    if case.stable is not None:
        since = case.now - case.release_age
        found[environment] = _release(environment, "before", since)
    return found


def _release(place: str, name: str, since: datetime) -> StableRelease:
    commit = _image(name).hex[:40]
    return StableRelease(
        place, Release(_image(name), name, commit), f"run of {name}", since, 0
    )


def _request(
    case: Case, policy: Policy, stable: StableRelease | None
) -> ReleaseRequest:
    created = case.now - case.request_age
    commit = _image("this").hex[:40]
    live = None
    if stable is not None:
        live = LiveRelease("before", stable.release.commit, stable.release.image)
    return ReleaseRequest(
        log="a case",
        repository="a case",
        environment=policy.environment,
        run_id="a case",
        stage="a case",
        pipeline="a case",
        definition=Digest.of(b""),
        commit=commit,
        release="this",
        artifacts=(Artifact("this", ArtifactKind.CONFIG, _image("this")),),
        evidence=(),
        policy=policy.digest,
        policy_branch=policy.branch,
        policy_commit=policy.commit,
        live=live,
        changes=tuple(Change(commit, (author,)) for author in case.authors),
        requester=case.requester,
        pusher=case.pusher,
        created=created,
        expires=created + _LONG,
        nonce="",
        rollback=case.rollback,
    )


def _answer(case: Case, environment: str, index: int, said: Said) -> Approval:
    at = case.now - said.age
    return Approval(
        request=_REQUEST,
        environment=environment,
        answer=said.answer,
        identities=(said.by,),
        key=f"key of {said.by}",
        reason=said.reason,
        created=at,
        recorded=at,
        statement=Digest.of(str(index).encode()),
        index=index,
    )


def _lock(case: Case, environment: str) -> Lock | None:
    if case.locked is None:
        return None
    return Lock("a case", environment, case.locked, "a case", case.now, 0)
