"""The entry gate opens only if the definition in plain English says so.

The oracle below is that definition, written down as loops over all there is, slow and
without any of the code of `sluicegate.gates`. It is asked about random rules, people
and answers; the gate must give the same verdict, and break the glass exactly when the
oracle does.
"""

import os
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.entry import EntryFacts, judge_entry
from sluicegate.gates.kinds import FieldType
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.policy import (
    After,
    ApprovalRule,
    Freeze,
    Group,
    OverrideRule,
    Part,
    People,
    Window,
)
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    Change,
    ReleaseRequest,
)
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import Lock, StableRelease

FULL = bool(os.environ.get("SLUICE_FULL"))
WORLDS = 50_000 if FULL else 1_500

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = ("ann", "bob", "eve")
IDENTITIES = (
    *("ann", "ANN@a", "ann@b", "bob@a", "bob@b", "eve@a", "Eve@b"),
    *("dan@a", "ci@a", "x[bot]"),
)
USUAL = {
    "ann": frozenset({"ann@a", "ann@b"}),
    "bob": frozenset({"bob@a", "Bob@B"}),
    "eve": frozenset({"eve@a"}),
}
FIELDS: dict[str, FieldType] = {
    "scan.critical": "integer",
    "stable.scan.critical": "integer",
}
CLEAN = compile_condition("scan.critical == 0", FIELDS, FIELDS)
COMPARES = compile_condition("scan.critical <= stable.scan.critical", FIELDS, FIELDS)


def digest(text: str) -> Digest:
    return Digest.of(text.encode())


# The oracle.


def same(one: str, other: str) -> bool:
    """Texts that differ in case only are one identity."""
    return one.lower() == other.lower()


def among(identity: str, texts: Iterable[str]) -> bool:
    return any(same(identity, text) for text in texts)


def is_service(identity: str, layer: Rules) -> bool:
    """The file lists it as a service, or it is a bot's account."""
    return among(identity, layer.people.services) or identity.lower().endswith("[bot]")


def names_of(identities: Iterable[str], layer: Rules) -> list[str]:
    """Whom of its people a file means; somebody it does not list is an own person."""
    found: list[str] = []
    for identity in identities:
        owners = [
            name
            for name, known in layer.people.identities.items()
            if same(identity, name) or among(identity, known)
        ]
        for owner in owners or [identity]:
            if not among(owner, found):
                found.append(owner)
    return found


def are_one_human(one: str, other: str, policy: Policy) -> bool:
    """A chain of files leads from one to the other, each link a person they list."""
    reached = [one]
    for _ in range(30):
        for layer in policy.layers:
            for name, known in layer.people.identities.items():
                if any(among(each, [name, *known]) for each in reached):
                    reached += [name, *known]
        reached = list(dict.fromkeys(text.lower() for text in reached))
    return among(other, reached)


def share_a_human(some: Iterable[str], others: Iterable[str], policy: Policy) -> bool:
    return any(
        are_one_human(one, other, policy) for one in some for other in list(others)
    )


def is_barred(answer: Approval, rule: ApprovalRule, world: "World") -> bool:
    """Whoever answers has a part in the release for which their yes may not count."""
    request = world.facts.request
    return any(
        share_a_human(answer.identities, identities, world.policy)
        for part, identities in (
            *((Part.AUTHOR, change.identities) for change in request.changes),
            (Part.REQUESTER, request.requester),
            (Part.LAST_PUSHER, request.pusher),
        )
        if part in rule.exclude
    )


def counts(  # a plain list of what it takes
    answer: Approval,
    kind: Answer,
    allowed: Iterable[str],
    lasts: timedelta,
    layer: Rules,
    world: "World",
    *,
    needs_reason: bool,
) -> bool:
    facts = world.facts
    names = names_of(answer.identities, layer)
    return (
        answer.answer is kind
        and answer.request == facts.request_id
        and answer.environment == facts.request.environment
        and not answer.flaw
        and len(names) == 1
        and among(names[0], allowed)
        and not any(
            is_service(identity, each)
            for identity in answer.identities
            for each in world.policy.layers
        )
        and answer.recorded <= facts.now
        and facts.now < answer.created + lasts
        and facts.now < answer.recorded + lasts
        and (answer.reason.strip() != "" or not needs_reason)
    )


def are_enough(
    answers: Sequence[Approval],
    count: int,
    groups: Sequence[Group],
    layer: Rules,
    policy: Policy,
) -> bool:
    """Some of the answers are of different humans, enough, and one of each group."""
    for size in range(max(1, count, len(groups)), len(answers) + 1):
        for some in combinations(answers, size):
            if any(
                share_a_human(one.identities, other.identities, policy)
                for one, other in combinations(some, 2)
            ):
                continue
            for chosen in permutations(some, len(groups)):
                if all(
                    among(names_of(one.identities, layer)[0], group.members)
                    for one, group in zip(chosen, groups, strict=True)
                ):
                    return True
    return False


def is_known(identities: Iterable[str], rule: ApprovalRule, layer: Rules) -> bool:
    listed = [
        *rule.allowed,
        *layer.people.identities,
        *(text for known in layer.people.identities.values() for text in known),
    ]
    return any(
        is_service(identity, layer) or among(identity, listed)
        for identity in identities
    )


def have_approved(layer: Rules, world: "World") -> bool:
    """Enough people whom the layer asks have approved, none of them barred."""
    rule, request = layer.approvals, world.facts.request
    if rule is None:
        return True
    if Part.REQUESTER in rule.exclude and not is_known(request.requester, rule, layer):
        return False
    if Part.LAST_PUSHER in rule.exclude and not is_known(request.pusher, rule, layer):
        return False
    good = [
        answer
        for answer in world.facts.answers
        if counts(
            answer,
            Answer.APPROVE,
            rule.allowed,
            rule.approval_lasts,
            layer,
            world,
            needs_reason=rule.reason_required,
        )
        and not is_barred(answer, rule, world)
    ]
    return are_enough(good, rule.count, rule.one_of_each, layer, world.policy)


def have_overridden(world: "World") -> bool:
    """Every layer that has any rule names who may break the glass, and they did."""
    concerned = [
        layer
        for layer in world.policy.layers
        if layer.approvals
        or layer.override
        or layer.after
        or layer.windows
        or layer.freezes
        or layer.conditions
    ]
    for layer in concerned:
        rule = layer.override
        if rule is None:
            return False
        day = timedelta(days=1)
        good = [
            answer
            for answer in world.facts.answers
            if counts(
                answer,
                Answer.OVERRIDE,
                rule.allowed,
                day,
                layer,
                world,
                needs_reason=True,
            )
        ]
        if not are_enough(good, rule.count, (), layer, world.policy):
            return False
    return len(concerned) > 0


def is_rejected(world: "World") -> bool:
    """Somebody whom any file takes for a person said no to this very request."""
    for answer in world.facts.answers:
        by_services = answer.identities != () and all(
            is_service(identity, layer)
            for identity in answer.identities
            for layer in world.policy.layers or [Rules("none")]
        )
        if (
            answer.answer is Answer.REJECT
            and answer.request == world.facts.request_id
            and not answer.flaw
            and not by_services
        ):
            return True
    return False


def is_in_force(world: "World") -> bool:
    """It was made before now, under these rules, and none of its lives has ended."""
    request, now = world.facts.request, world.facts.now
    lives = [
        request.created + layer.approvals.request_lasts
        for layer in world.policy.layers
        if layer.approvals
    ]
    return (
        request.policy == world.policy.digest
        and request.created <= now
        and all(now < end for end in [request.expires, *lives])
    )


def holds(condition: Condition, world: "World", *, asks_people: bool) -> bool:
    values = world.facts.values
    critical = values.get("scan.critical")
    if critical is None:
        return False
    if condition is CLEAN:
        return critical == 0
    if world.policy.environment not in world.facts.stable:
        return asks_people
    older = values.get("stable.scan.critical")
    return isinstance(critical, int) and isinstance(older, int) and critical <= older


def all_hold(world: "World") -> bool:
    """Every condition of every layer and of every stage holds.

    Going back asks for nothing of a stage that found nothing at all: it came later.
    """
    layers = world.policy.layers
    anybody = any(layer.approvals for layer in layers)
    found = [name.split(".")[0] for name in world.facts.values]
    of_stages = [
        one
        for stage, conditions in world.policy.stages.items()
        for one in conditions
        if not world.facts.request.rollback or stage in found
    ]
    if not all(holds(one, world, asks_people=anybody) for one in of_stages):
        return False
    for at, layer in enumerate(layers):
        asks = anybody if at == 0 else layer.approvals is not None
        if not all(holds(one, world, asks_people=asks) for one in layer.conditions):
            return False
    return True


def is_time(world: "World") -> bool:
    """No layer has a freeze now; each that has windows has one now, and its order."""
    facts = world.facts
    for layer in world.policy.layers:
        for freeze in layer.freezes:
            assert freeze.start
            assert freeze.end
            if freeze.start <= facts.now < freeze.end:
                return False
        if layer.windows:
            hours = [  # of today: it begins at full hours, and ends before midnight
                (begin, begin + window.lasts // HOUR)
                for window in layer.windows
                for begin in [int(window.cron.split()[1])]
            ]
            if not any(begin <= facts.now.hour < end for begin, end in hours):
                return False
        for after in layer.after:
            there = facts.stable.get(after.environment)
            if facts.request.rollback:
                continue
            if there is None or there.release.image != digest("image"):
                return False
            if facts.now - there.since_ts < after.soak:
                return False
    return True


def decide(world: "World") -> tuple[Verdict, bool]:
    """The verdict, and whether the glass is broken for it."""
    facts, policy = world.facts, world.policy
    is_done = (
        facts.used
        or facts.request.environment != policy.environment
        or is_rejected(world)
    )
    stands = is_in_force(world) and not is_done
    waits = (
        not all(have_approved(layer, world) for layer in policy.layers)
        or not is_time(world)
        or facts.lock is not None
    )
    if stands and not waits and all_hold(world):
        return Verdict.OPEN, False
    if stands and have_overridden(world):
        return Verdict.OPEN, True
    if is_done or not all_hold(world):
        return Verdict.CLOSED, False
    return Verdict.PENDING, False


# The worlds that it is asked about.


@dataclass(frozen=True)
class World:
    """Rules, and all that they are judged on."""

    policy: Policy
    facts: EntryFacts


def seldom(rng: Random, percent: int = 6) -> bool:
    return rng.randrange(100) < percent


def some(rng: Random, texts: Sequence[str], most: int) -> tuple[str, ...]:
    return tuple(rng.choice(texts) for _ in range(rng.randint(0, most)))


def make_people(rng: Random) -> People:
    if seldom(rng, 25):
        return People(services=frozenset(some(rng, IDENTITIES, 1)))
    identities = dict(USUAL)
    if seldom(rng, 30):  # a file that knows something else
        name = rng.choice(NAMES)
        identities[name] = frozenset(some(rng, IDENTITIES, 3))
    return People(identities, frozenset({"ci@a", *some(rng, ("dan@a", "eve@b"), 1)}))


def make_allowed(rng: Random) -> frozenset[str]:
    texts = (*NAMES, *NAMES, *IDENTITIES)
    return frozenset(some(rng, texts, 2)) | {rng.choice((*NAMES, "Ann@A", "dan@a"))}


def make_approvals(rng: Random) -> ApprovalRule:
    allowed = frozenset() if seldom(rng, 3) else make_allowed(rng) | make_allowed(rng)
    groups = [Group("g", make_allowed(rng)) for _ in range(rng.choice((0, 0, 1, 2)))]
    parts = [part for part in Part if seldom(rng, 35)]
    return ApprovalRule(
        allowed,
        count=rng.choice((0, 1, 1, 2, 2, 3)),
        one_of_each=tuple(groups),
        exclude=frozenset(parts),
        request_lasts=rng.choice((9, 9, 9, 2)) * HOUR,
        approval_lasts=rng.choice((9, 9, 2, 1)) * HOUR,
        reason_required=seldom(rng, 30),
    )


def make_freeze(rng: Random) -> Freeze:
    start = NOW + rng.choice((-5, -1, 0, 1)) * HOUR
    return Freeze("why", start=start, end=start + rng.randint(0, 5) * HOUR)


def make_layer(rng: Random) -> Rules:
    window = Window(f"0 {rng.randint(6, 14)} * * *", rng.randint(1, 8) * HOUR)
    after = After("staging", rng.choice((0, 2, 4)) * HOUR)
    return Rules(
        "file",
        people=make_people(rng),
        approvals=None if seldom(rng, 25) else make_approvals(rng),
        override=(
            OverrideRule(
                make_allowed(rng) | make_allowed(rng), rng.choice((0, 1, 1, 1, 2))
            )
            if seldom(rng, 70)
            else None
        ),
        after=(after,) if seldom(rng, 10) else (),
        windows=(window,) if seldom(rng, 10) else (),
        freezes=(make_freeze(rng),) if seldom(rng, 10) else (),
        conditions=make_conditions(rng),
    )


def make_conditions(rng: Random) -> tuple[Condition, ...]:
    return tuple(one for one in (CLEAN, COMPARES) if seldom(rng, 10))


def make_answer(rng: Random, index: int) -> Approval:
    kinds = (*[Answer.APPROVE] * 12, *[Answer.OVERRIDE] * 12, Answer.REJECT)
    identities: tuple[str, ...] = (rng.choice(IDENTITIES),)
    if seldom(rng, 15):
        identities = some(rng, IDENTITIES, 2)
    created = NOW - rng.choice((0, 0, 1, 1, 3, 30)) * HOUR
    offset = rng.choice((1, -1)) * HOUR if seldom(rng) else timedelta(0)
    return Approval(
        request=digest("another" if seldom(rng) else "request"),
        environment="staging" if seldom(rng) else "production",
        answer=rng.choice(kinds),
        identities=identities,
        key=f"key {index}",
        reason="" if seldom(rng, 15) else "because",
        created=created,
        recorded=created + offset,
        statement=digest(str(index)),
        index=index,
        flaw="broken" if seldom(rng) else "",
    )


def make_stable(rng: Random) -> dict[str, StableRelease]:
    names = [name for name in ("staging", "production") if seldom(rng, 70)]
    return {
        name: StableRelease(
            name,
            Release(digest("other" if seldom(rng, 20) else "image"), "v1", "c" * 40),
            "run",
            NOW - rng.randint(0, 6) * HOUR,
            1,
        )
        for name in names
    }


def make_request(rng: Random) -> ReleaseRequest:
    created = NOW - rng.choice((0, 1, 1, 2)) * HOUR + HOUR * seldom(rng, 3)
    return ReleaseRequest(
        log="log",
        repository="repository",
        environment="staging" if seldom(rng, 2) else "production",
        run_id="run",
        stage="canary",
        pipeline="p",
        definition=digest("definition"),
        commit="c" * 40,
        release="v2",
        artifacts=(Artifact("a", ArtifactKind.CONFIG, digest("image")),),
        evidence=(),
        policy=digest("older" if seldom(rng, 2) else "policy"),
        policy_branch="refs/heads/main",
        policy_commit="d" * 40,
        live=None,
        changes=tuple(
            Change(str(at) * 40, some(rng, IDENTITIES, 2))
            for at in range(rng.choice((0, 1, 2)))
        ),
        requester=some(rng, ("root", *IDENTITIES), 2),
        pusher=some(rng, ("root", *IDENTITIES), 2),
        created=created,
        expires=created + rng.choice((9, 9, 9, 2, 1)) * HOUR,
        nonce="0",
        rollback=seldom(rng, 20),
    )


def make_world(rng: Random) -> World:
    layers = tuple(make_layer(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))))
    stable = make_stable(rng)
    names = ["scan.critical", *["stable.scan.critical"] * ("production" in stable)]
    values = {name: rng.choice((0, 0, 0, 1)) for name in names if not seldom(rng)}
    lock = Lock("lock", "production", "why", "who", NOW, 1)
    answers = [make_answer(rng, at) for at in range(rng.choice((1, 4, 6, 7, 8)))]
    rng.shuffle(answers)
    return World(
        Policy(
            "production",
            layers,
            digest("policy"),
            "refs/heads/main",
            "d" * 40,
            stages={"scan": make_conditions(rng), "lint": ()},
        ),
        EntryFacts(
            NOW,
            digest("request"),
            make_request(rng),
            tuple(answers),
            values=values,
            lock=lock if seldom(rng) else None,
            stable=stable,
            used=seldom(rng, 3),
        ),
    )


WORLD = st.randoms(use_true_random=False).map(make_world)


def judged(world: World) -> tuple[Verdict, bool]:
    decision = judge_entry(world.policy, world.facts)
    return decision.verdict, decision.override


@settings(max_examples=200)
@given(WORLD)
def test_the_gate_says_what_the_definition_says(world: World) -> None:
    assert judged(world) == decide(world)


@pytest.mark.exhaustive
def test_the_gate_says_what_the_definition_says_of_many_worlds() -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    rng = Random(seed)

    for _ in range(WORLDS):
        world = make_world(rng)
        assert judged(world) == decide(world), world


def test_the_worlds_are_such_that_every_answer_is_given_often() -> None:
    rng = Random(5)

    said = Counter(decide(make_world(rng)) for _ in range(1000))

    assert min(said.values()) >= 25
    assert set(said) == {
        (Verdict.OPEN, False),
        (Verdict.OPEN, True),
        (Verdict.CLOSED, False),
        (Verdict.PENDING, False),
    }


@settings(max_examples=100)
@given(WORLD, st.randoms(use_true_random=False).map(make_layer))
def test_one_more_layer_opens_nothing_that_was_not_open(
    world: World, layer: Rules
) -> None:
    # Its own glass is its own to break, and a first release is for people to weigh.
    without = replace(layer, override=None)
    release = Release(digest("older"), "v0", "b" * 40)
    there = StableRelease("production", release, "run", NOW, 1)
    facts = replace(world.facts, stable={**world.facts.stable, "production": there})
    more = replace(world.policy, layers=(*world.policy.layers, without))

    assume(world.policy.layers)  # there is always the project's own file
    if judged(World(world.policy, facts))[0] is not Verdict.OPEN:
        assert judged(World(more, facts))[0] is not Verdict.OPEN


@settings(max_examples=100)
@given(WORLD, st.integers(0, 7))
def test_silence_opens_nothing_that_a_yes_did_not_open(world: World, at: int) -> None:
    kept = tuple(
        one
        for one in world.facts.answers
        if one.index != at or one.answer is Answer.REJECT
    )

    if judged(world)[0] is not Verdict.OPEN:
        fewer = World(world.policy, replace(world.facts, answers=kept))
        assert judged(fewer)[0] is not Verdict.OPEN
