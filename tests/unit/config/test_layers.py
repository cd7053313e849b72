"""Unit tests of `sluicegate.config.layers`: a project cannot loosen a shared policy."""

import json
import os
import secrets
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hearings import HOUR, NOW, REQUEST, REQUEST_ID, says
from policies import COMMIT, pipeline, policy, shared

from sluicegate.errors import PipelineFileError
from sluicegate.gates.entry import EntryFacts, judge_entry
from sluicegate.gates.rules import Policy
from sluicegate.model.decision import Verdict
from sluicegate.model.release_request import Answer, Change, ReleaseRequest

FULL = bool(os.environ.get("SLUICE_FULL"))
PAIRS = 10_000 if FULL else 20
WORLDS = 25  # for each pair of files

NAMES = ("ann", "bob", "eve")
LISTED = (
    *("ann@acme.org", "github:ann", "ann@home.example", "bob@acme.org"),
    *("eve@acme.org", "eve@home.example", "ci@acme.org"),
)
IDENTITIES = (*LISTED, "EVE@acme.org", "ci[bot]", "zoe@example.org")


def write_who(rng: Random) -> str:
    """Who is who as a file may see it; projects see it in all wrong ways, too."""
    people: dict[str, list[str]] = {name: [] for name in NAMES}
    services = [each for each in LISTED if rng.random() < 0.1]
    for identity in LISTED:
        if identity not in services and rng.random() < 0.8:
            fitting = [name for name in people if identity.startswith(name)]
            owner = rng.choice(list(people))
            if fitting and rng.random() < 0.8:
                owner = fitting[0]
            people[owner].append(identity)
    members = [*people, "zoe@example.org"]
    groups = {
        name: rng.sample(members, rng.randint(1, min(3, len(members))))
        for name in ("leads", "security")
    }
    return "".join(
        f"{key}: {json.dumps(value)}\n"
        for key, value in (
            ("people", people),
            ("services", services),
            ("groups", groups),
        )
    )


def write_rules(rng: Random) -> str:
    """Rules of an environment, some of them easily satisfied."""
    lines = []
    if rng.random() < 0.8:
        names = ["@leads", "@security", *NAMES, "zoe@example.org"]
        approvals = {
            "count": rng.choice((1, 1, 1, 1, 2)),
            "from": rng.sample(names, rng.randint(2, 4)),
            "exclude": rng.sample(
                ("author", "requester", "last_pusher"), rng.choice((0, 0, 1, 2, 3))
            ),
            "expires": rng.choice(("1h", "8h", "3d")),
            "reason_required": rng.random() < 0.2,
        }
        if rng.random() < 0.2:
            approvals["one_of_each"] = ["@leads"]
            approvals["from"] = ["@leads", "@security"]
        lines.append(f"approvals: {json.dumps(approvals)}")
    if rng.random() < 0.4:
        names = ["@leads", "@security", *NAMES]
        lines.append(f"override: {json.dumps({'from': rng.sample(names, 2)})}")
    if rng.random() < 0.2:
        start, length = rng.choice((8, 12)), rng.choice(("2h", "8h"))
        lines.append(f'windows: [{{cron: "0 {start} * * *", lasts: {length}}}]')
    if rng.random() < 0.1:
        times = "from: 2026-11-23T00:00:00Z, to: 2026-11-24T00:00:00Z"
        lines.append(f"freeze: [{{{times}, reason: x}}]")
    if rng.random() < 0.5:
        texts = (
            *("scan.critical == 0", "scan.critical <= 2", "time.hour < 13"),
            *("scan.critical <= stable.scan.critical", "environment.first_release"),
        )
        lines.append(f"gate: {json.dumps(rng.sample(texts, 1))}")
    return "\n".join(lines)


def make_request(rng: Random) -> ReleaseRequest:
    return replace(
        REQUEST,
        changes=(Change(COMMIT, (rng.choice(IDENTITIES),)),),
        requester=(rng.choice(IDENTITIES),),
        pusher=(rng.choice(IDENTITIES),),
    )


def make_facts(rng: Random, request: ReleaseRequest) -> EntryFacts:
    answers = []
    for index in range(rng.randint(1, 5)):
        answer = rng.choices(tuple(Answer), (6, 0.2, 2))[0]
        signer = rng.choice(IDENTITIES)
        when = NOW - rng.choice((1, 2, 30)) * HOUR
        reason = rng.choice(("fine", "fine", ""))
        answers.append(says(signer, answer=answer, reason=reason, at=when, index=index))
    values = {
        "build.built": True,
        "scan.critical": rng.choice((0, 0, 1, 5)),
        "staging.promoted": True,
        "time.hour": NOW.hour,
        "environment.first_release": True,
    }
    return EntryFacts(NOW, REQUEST_ID, request, tuple(answers), values)


def verdict(judged: Policy, facts: EntryFacts) -> Verdict:
    """What the layers alone say; the request is always one under these very rules."""
    facts = replace(facts, request=replace(facts.request, policy=judged.digest))
    return judge_entry(replace(judged, stages={}), facts).verdict


@pytest.mark.exhaustive
def test_whatever_a_project_writes_the_shared_policy_alone_would_have_said_yes() -> (
    None
):
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    rng = Random(seed)
    seen: Counter[tuple[Verdict, Verdict]] = Counter()
    pairs = 0
    while pairs < PAIRS:
        org = shared(
            write_rules(rng), rng.choice(('"*"', "production")), write_who(rng)
        )
        own = pipeline(write_rules(rng), write_who(rng))
        try:
            both = policy(own, org)
        except PipelineFileError:
            continue  # refused as a whole: nothing is released
        pairs += 1
        alone = replace(both, layers=both.layers[1:])
        for _ in range(WORLDS):
            facts = make_facts(rng, make_request(rng))
            said = verdict(both, facts), verdict(alone, facts)
            seen[said] += 1
            assert said[0] is not Verdict.OPEN or said[1] is Verdict.OPEN, (
                f"seed {seed}\n{org}\n{own}\n{facts}"
            )
    assert seen[Verdict.OPEN, Verdict.OPEN] > PAIRS / 100, seen
    assert seen[Verdict.PENDING, Verdict.OPEN] > PAIRS / 100, seen


@pytest.mark.parametrize(
    "who",
    [
        # The author calls themselves somebody of the organisation's group ...
        'people: {eve: [ann@acme.org, "github:ann"]}\ngroups: {security: [eve]}\n',
        # ... or no person at all, ...
        "services: [ann@acme.org]\ngroups: {security: [eve]}\n",
        # ... or hides that their other address is theirs.
        "people: {zoe: [ann@home.example]}\ngroups: {security: [zoe]}\n",
    ],
)
def test_a_project_makes_nobody_of_its_own_a_member_of_the_organisations_group(
    who: str,
) -> None:
    org = shared("approvals: {from: ['@security', ann]}")
    own = pipeline("approvals: {from: ['@security', ann@acme.org]}", who)
    if "services" in who:
        own = pipeline("gate: [scan.critical == 0]", who)
    facts = EntryFacts(
        NOW,
        REQUEST_ID,
        replace(REQUEST, requester=("bob@acme.org",)),
        (says("ann@acme.org"), says("ann@home.example", index=1)),
        {"scan.critical": 0},
    )

    assert verdict(policy(own, org), facts) is Verdict.PENDING
