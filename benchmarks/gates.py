"""What it costs to judge the entry gate of an environment.

    python benchmarks/gates.py [--rounds 40] [--out benchmarks/results/gates.json]

A typical policy: two layers (an organisation's and the project's), two people of two
groups who are neither author nor requester, a soak time, a change window, a freeze,
eight conditions. A typical request: 40 commits by six people, eight stages, seven
answers of which two count. It is judged again and again, against

- the eight conditions alone, evaluated by the CEL library and by nothing else;
- the request, written by `json.dumps` once;
- starting `git --version` once: to read the rules from the protected branch takes a
  handful of such processes, so a judgement that costs less than one adds nothing that
  anybody could notice.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import (
    Timing,
    describe_commit,
    describe_place,
    format_table,
    publish,
    run,
)

from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.entry import EntryFacts, judge_entry
from sluicegate.gates.kinds import FieldType
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.policy import After, ApprovalRule, Freeze, Group, People, Window
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    Change,
    ReleaseRequest,
    StageEvidence,
)
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import StableRelease

JUDGED, CEL, JSON, GIT = (
    "judge_entry",
    "its 8 conditions in CEL",
    "json.dumps",
    "git --version",
)
CALLS = 200  # per round: one alone is too short to be timed
GOAL = 1.0  # times the start of git
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
IMAGE = Digest.of(b"image")
VALUES: dict[str, Value] = {
    "test.failed": 0,
    "test.coverage": 0.91,
    "scan.critical": 0,
    "scan.high": 2,
    "scan.secrets": 0,
    "scan.db_age_days": 0.4,
    "stable.scan.high": 3,
    "stable.test.coverage": 0.9,
}
OWN = (
    "test.failed == 0",
    "test.coverage >= stable.test.coverage - 0.02",
    "scan.high <= stable.scan.high",
    "scan.db_age_days <= 7.0",
)
SHARED = (
    "scan.critical == 0",
    "scan.secrets == 0",
    "test.coverage >= 0.8",
    "scan.critical == 0 && scan.high < 10",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    policy, facts = make_policy(), make_facts()
    decision = judge_entry(policy, facts)
    if decision.verdict is not Verdict.OPEN or len(decision.counted) != 2:
        raise SystemExit(f"the gate should be open: {decision.reason}")
    conditions = [one for layer in policy.layers for one in layer.conditions]
    document = asdict(facts.request)
    timings = interleave(
        {
            CEL: (lambda: evaluate(conditions), CALLS),
            JUDGED: (lambda: judge_entry(policy, facts), CALLS),
            JSON: (lambda: json.dumps(document, default=str), CALLS),
            GIT: (lambda: run(["git", "--version"]), 1),
        },
        rounds=arguments.rounds,
    )
    reference = timings[CEL]
    rows = [
        [
            f"`{name}`" if name != CEL else name,
            f"{timing.median * 1e6:.0f} µs",
            f"{timing.ratio(reference):.2f}",
            f"{timing.ratio(timings[GIT]):.3f}",
        ]
        for name, timing in timings.items()
    ]
    ratio = timings[JUDGED].ratio(timings[GIT])
    met = "met" if ratio <= GOAL else "missed"
    goal = f"Goal of `{JUDGED}`: at most {GOAL:g} times the start of git; {met}."
    header = ["", "median", "ratio to the first", "to the last"]
    table = format_table(header, rows)
    publish(
        arguments.out,
        {
            "benchmark": "gates",
            "place": place,
            "rounds": arguments.rounds,
            "calls": CALLS,
            "goal": GOAL,
            "seconds": {name: timing.seconds for name, timing in timings.items()},
            "median_us": {n: round(t.median * 1e6, 1) for n, t in timings.items()},
            "ratio": {n: round(t.ratio(reference), 3) for n, t in timings.items()},
            "of_git": {n: round(t.ratio(timings[GIT]), 4) for n, t in timings.items()},
        },
        f"{table}\n\n{goal} {describe_commit(place)}",
    )


def interleave(
    contestants: Mapping[str, tuple[Callable[[], object], int]], *, rounds: int
) -> dict[str, Timing]:
    """Time each as many times a round as it says, each round beginning with another.

    The seconds are those of one call. One round before the first is not counted.
    """
    names = list(contestants)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            call, times = contestants[name]
            start = time.perf_counter()
            for _ in range(times):
                call()
            if number > 0:
                taken[name].append((time.perf_counter() - start) / times)
    return {name: Timing(name, tuple(each), ()) for name, each in taken.items()}


def evaluate(conditions: list[Condition]) -> bool:
    """What the CEL library does, and nothing of what keeps it from opening a gate."""
    return all(
        condition.expression.program.eval(
            data={name: VALUES[name] for name in condition.names}
        ).value()
        for condition in conditions
    )


def make_policy() -> Policy:
    """The organisation's rules and the project's."""
    people = People(
        {
            name: frozenset({f"{name}@acme.org", f"github:{name}"})
            for name in ("ann", "bob", "cyd", "dan", "eve", "fay", "gus")
        },
        frozenset({"deploy@acme.org"}),
    )
    leads = Group("ml-leads", frozenset({"ann", "bob", "cyd"}))
    security = Group("security", frozenset({"eve", "fay"}))
    allowed = leads.members | security.members
    return Policy(
        "production",
        (
            Rules(
                "sluicegate.yaml",
                people,
                ApprovalRule(allowed, 2, (leads, security)),
                after=(After("staging", timedelta(hours=24)),),
                windows=(Window("0 9 * * mon-fri", timedelta(hours=8)),),
                conditions=compile_all(OWN),
            ),
            Rules(
                "policy/org.yaml",
                people,
                ApprovalRule(allowed, 1),
                freezes=(
                    Freeze(
                        "holidays",
                        datetime(2026, 12, 20, tzinfo=UTC),
                        datetime(2027, 1, 4, tzinfo=UTC),
                    ),
                ),
                conditions=compile_all(SHARED),
            ),
        ),
        Digest.of(b"policy"),
        "refs/heads/main",
        "a" * 40,
    )


def compile_all(texts: tuple[str, ...]) -> tuple[Condition, ...]:
    """The conditions, compiled once, as a run does it."""
    types: dict[str, FieldType] = {
        name: "integer" if isinstance(value, int) else "number"
        for name, value in VALUES.items()
    }
    return tuple(compile_condition(text, VALUES, types) for text in texts)


def make_facts() -> EntryFacts:
    """A request that is open, and what people have said."""
    asked = NOW - timedelta(hours=2)
    request = ReleaseRequest(
        log="acme.org/churn",
        repository="https://git.example.com/acme/churn",
        environment="production",
        run_id="01K" + "0" * 23,
        stage="canary",
        pipeline="churn_release_v1.0",
        definition=Digest.of(b"definition"),
        commit="b" * 40,
        release="v1.2.0",
        artifacts=(
            Artifact("churn", ArtifactKind.MANIFEST, Digest.of(b"manifest")),
            Artifact("churn", ArtifactKind.CONFIG, IMAGE),
        ),
        evidence=tuple(
            StageEvidence(f"stage{number}", f"run/stage{number}/1", Digest.of(b"e"))
            for number in range(8)
        ),
        policy=Digest.of(b"policy"),
        policy_branch="refs/heads/main",
        policy_commit="a" * 40,
        live=None,
        changes=tuple(
            Change(f"{number:040x}", (f"author{number % 6}@acme.org",), "mend it")
            for number in range(40)
        ),
        requester=("user:1000", "gus@acme.org"),
        pusher=("author1@acme.org",),
        created=asked,
        expires=asked + timedelta(days=3),
        nonce="0" * 32,
    )
    request_id = Digest.of(b"request")
    said = [(name, request_id) for name in ("ann", "eve", "gus")]
    said += [(name, Digest.of(b"another")) for name in ("ann", "bob", "eve", "fay")]
    answers = tuple(
        Approval(
            about,
            "production",
            Answer.APPROVE,
            (f"{name}@acme.org",),
            f"SHA256:{name}",
            "looked at it",
            asked + timedelta(minutes=index),
            asked + timedelta(minutes=index),
            Digest.of(bytes([index])),
            index,
        )
        for index, (name, about) in enumerate(said)
    )
    stable = StableRelease(
        "staging",
        Release(IMAGE, "v1.2.0", "b" * 40),
        "01K" + "1" * 23,
        NOW - timedelta(hours=30),
        7,
    )
    return EntryFacts(
        now=NOW,
        request_id=request_id,
        request=request,
        answers=answers,
        values=VALUES,
        stable={"staging": stable},
    )


if __name__ == "__main__":
    main()
