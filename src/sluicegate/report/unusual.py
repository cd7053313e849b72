"""What is unusual about a release request: what somebody who decides must see. Pure.

None of it closes a gate by itself: what must, is a rule of the environment.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sluicegate.gates.undecided import NEEDS_APPROVAL
from sluicegate.model.decision import Verdict
from sluicegate.model.difference import Difference
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    ConditionResult,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import Value
from sluicegate.model.policy import People
from sluicegate.model.release_request import ReleaseRequest
from sluicegate.model.rollout import CanaryVerdict, RolloutResult
from sluicegate.model.ulid import FORM, parse_ulid

OLD_EVIDENCE = timedelta(days=7)
"""From this age on, evidence is called old."""

_RANDOM_BITS = 80  # of a ULID, below its 48 bits of time in milliseconds
_SHOWN = 4
_JUDGES = re.compile(
    r"(^|/)(sluicegate[^/]*\.ya?ml|allowed_signers|CODEOWNERS)$|^\.github/workflows/"
)
_BETTER_LOW = ("failed", "errors", "skipped", "flaky", "critical", "high", "secrets")
_BETTER_HIGH = ("coverage", "passed", "tests")


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What a request is held against. What is not known here is None, or empty.

    Attributes:
        now: the time.
        run: how its run began.
        stages: what its stages found.
        canaries: how canaries were judged that those stages conducted.
        live_run: how the run began that made what is live now; ``live_stages`` is what
            that one's stages found.
        protected: the digest of the pipeline file at the protected branch.
        is_protected: whether the commit is in the history of the protected branch.
        policy: the digest of the rules as they are at the protected branch now.
        people: who is who, by each layer of the rules.
        signers: the names in ``allowed_signers``.
        conditions: how the entry gate would judge now.
        overrides: what is open still of earlier overrides there, a line each.
        others: further requests that wait for the same environment, by their short ids.
        signer: why the yes of whoever looks would not count, a line each.
        difference: the files that changed.
    """

    now: datetime
    run: RunStarted | None = None
    stages: Sequence[StageFinished] = ()
    canaries: Sequence[CanaryJudged] = ()
    live_run: RunStarted | None = None
    live_stages: Sequence[StageFinished] = ()
    protected: Digest | None = None
    is_protected: bool | None = None
    policy: Digest | None = None
    people: Sequence[People] = ()
    signers: frozenset[str] = frozenset()
    conditions: Sequence[ConditionResult] = ()
    overrides: Sequence[str] = ()
    others: Sequence[str] = ()
    signer: Sequence[str] = ()
    difference: Difference | None = None


def find_unusual(request: ReleaseRequest, seen: Backdrop) -> tuple[str, ...]:
    """What is unusual, the gravest first, a line each; not escaped."""
    return (
        *_about_signer(seen),
        *_about_release(request, seen),
        *_about_rules(request, seen),
        *_about_people(request, seen),
        *_about_models(seen),
        *_about_left(seen),
        *_about_canaries(seen),
        *_about_evidence(request, seen),
        *_about_gate(request, seen),
    )


def _about_signer(seen: Backdrop) -> Iterator[str]:
    yield from (f"your yes will not count: {why}" for why in seen.signer)


def _about_release(request: ReleaseRequest, seen: Backdrop) -> Iterator[str]:
    where = request.environment
    if request.rollback:
        live = f", from {request.live.name}" if request.live else ""
        yield f"this is a rollback: {where} goes back to {request.release}{live}"
    if request.live is None:
        yield f"the first release into {where}: there is nothing to compare it with"
    elif not request.changes and not request.rollback:
        yield "no commit is named since the last release"
    if seen.is_protected is False:
        yield (
            f"commit {request.commit[:12]} is not in the history of"
            f" {request.policy_branch}: it was merged by nobody"
        )
    if seen.run is not None and seen.run.dirty:
        yield "the run saw changes that no commit holds"
    if seen.run is not None and seen.run.selection:
        yield f"only a part of the pipeline was run: {seen.run.selection}"
    for short in seen.others:
        yield f"another request waits for {where}: {short}"
    for line in seen.overrides:
        yield f"an override there is not closed: {line}"


def _about_rules(request: ReleaseRequest, seen: Backdrop) -> Iterator[str]:
    if seen.protected is not None and seen.protected != request.definition:
        yield (
            "the pipeline's definition is not the one of"
            f" {request.policy_branch}: its stages may check less"
        )
    before = seen.live_run
    if before is not None and before.definition != request.definition:
        yield "the pipeline's definition has changed since the last release"
    if seen.policy is not None and seen.policy != request.policy:
        yield (
            f"the rules of {request.environment} are others now than when it was asked:"
            " either fetch, or an answer will not count"
        )
    if seen.difference is not None:
        judges = [
            each.path
            for each in seen.difference.files
            if _JUDGES.search(each.path) or _JUDGES.search(each.before or "")
        ]
        if judges:
            yield f"it changes what checks or judges it: {_some(judges)}"


def _about_people(request: ReleaseRequest, seen: Backdrop) -> Iterator[str]:
    if seen.people or seen.signers:
        named = dict.fromkeys(
            identity for change in request.changes for identity in change.identities
        )
        strangers = [each for each in named if not _is_known(each, seen)]
        if strangers:
            yield f"nobody here knows these authors: {_some(strangers)}"
    for change in request.changes:
        if any(map(_does_not_show, change.subject)):
            short = change.commit[:12]
            yield f"the subject of {short} holds characters that do not show"


def _is_known(identity: str, seen: Backdrop) -> bool:
    if identity in seen.signers:
        return True
    plain = identity.strip().casefold()
    return any(
        people.is_service(identity)
        or people.named([identity]) - {plain}
        or plain in map(str.casefold, people.identities)
        for people in seen.people
    )


def _does_not_show(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def _about_models(seen: Backdrop) -> Iterator[str]:
    """What was trained, and what was looked at, must be one and the same."""
    read = {
        end.stage: end.evidence.fields.get("content")
        for end in seen.stages
        if any(name == f"{end.stage}/model" for name, _ in end.subjects)
    }
    if len(set(read.values())) > 1:
        yield f"not one model, but several: {_some(list(read))} have read other files"


def _about_left(seen: Backdrop) -> Iterator[str]:
    """What stages could not tell, so that it is for people to weigh."""
    for end in seen.stages:
        left = end.evidence.fields.get(NEEDS_APPROVAL)
        if left is not None:
            yield f"{end.stage} leaves to you: {left}"


def _about_canaries(seen: Backdrop) -> Iterator[str]:
    """Earlier canaries whose traffic says less than that they were promoted."""
    last = {judged.stage: judged for judged in seen.canaries}
    for end in seen.stages:
        judged, fields = last.get(end.stage), end.evidence.fields
        if judged is None or judged.verdict is not CanaryVerdict.PROMOTE:
            continue
        served = fields.get("requests", 0)
        if judged.cause == "deadline":
            yield (
                f"{end.stage} was promoted by its deadline policy, without a verdict:"
                f" {served or 'no'} request{'' if served == 1 else 's'} judged"
            )
        elif not served and fields.get("result") != RolloutResult.UNCHANGED.value:
            yield f"{end.stage} was promoted with no request judged: {judged.reason}"


def _about_evidence(request: ReleaseRequest, seen: Backdrop) -> Iterator[str]:
    earlier = {end.stage: end.cached for end in seen.stages if end.cached}
    for found in request.evidence:
        age = _age(earlier.get(found.stage, found.task_id), seen.now)
        if age is None:
            yield f"it cannot be told how old the evidence of {found.stage} is"
        elif age >= OLD_EVIDENCE:
            yield f"the evidence of {found.stage} is {age.days} days old"
    now, before = _values(seen.stages), _values(seen.live_stages)
    for name in sorted(now.keys() & before.keys()):
        if words := _worse(name, before[name], now[name]):
            yield words
    planned = {each.name for each in seen.run.stages} if seen.run else set()
    gone = [end.stage for end in seen.live_stages if end.stage not in planned]
    if gone and planned:
        yield f"stages that the last release had, and this one has not: {_some(gone)}"


def _age(task_id: str, now: datetime) -> timedelta | None:
    """How long ago the run began that found it: a run's id begins with its time."""
    run_id = FORM.match(task_id)
    if run_id is None:
        return None
    unix_ms = parse_ulid(run_id[0]) >> _RANDOM_BITS
    return now - datetime.fromtimestamp(unix_ms / 1000, UTC)


def _values(stages: Sequence[StageFinished]) -> Mapping[str, Value]:
    return {
        f"{end.stage}.{name}": value
        for end in stages
        for name, value in end.evidence.fields.items()
    }


def _worse(name: str, before: Value, now: Value) -> str:
    """That a figure is worse than that of the last release; empty if it is not."""
    if isinstance(before, bool | str) or isinstance(now, bool | str):
        return ""
    kind = name.partition(".")[2]
    is_worse = (kind in _BETTER_HIGH and now < before) or (
        kind in _BETTER_LOW and now > before
    )
    return f"{name} was {before:g}, and is {now:g}" if is_worse else ""


def _about_gate(request: ReleaseRequest, seen: Backdrop) -> Iterator[str]:
    """What the entry gate does not let through now, other than for want of people."""
    for each in seen.conditions:
        if each.verdict is not Verdict.OPEN and not each.condition.startswith(
            "approvals"
        ):
            yield f"{request.environment} is not open now: {each.reason}"


def _some(words: Sequence[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
