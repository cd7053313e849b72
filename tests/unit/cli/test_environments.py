"""Unit tests of `sluicegate.cli.environments`: the command on a real log."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes_target import release
from released import LONG_AGO, RUNS, Place, clock_of

from sluicegate.audit.envelope import Actor
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    CountedApproval,
    EntryEvent,
    EnvironmentEntered,
    ReleaseRequested,
)
from sluicegate.model.log_event import EnvironmentLocked, RequestAnswered
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import RolloutResult

RULES = """\
schema: sluicegate/v1
name: churn_release_v2.0
audit: {store: "dir:kept/audit"}
stages:
  build: {uses: docker-build, image: churn}
  one: {uses: canary, environment: staging}
  two: {uses: canary, environment: production}
environments:
  staging:
    target: {uses: docker, port: 8000}
  production:
    target: {uses: docker, port: 8000, publish: 8081}
    after: {staging: 24h}
    freeze:
      - {from: "2024-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z", reason: the fair}
  lab:
    target: {uses: docker, port: 8000, publish: 8082}
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEPLOYED, PROMOTED = RolloutResult.DEPLOYED, RolloutResult.PROMOTED
REQUEST, POLICY = Digest.of(b"request"), Digest.of(b"policy")
KEY = "SHA256:" + "k" * 43


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("place"), clock_of(LONG_AGO))
    place.begin()
    for name in ("v1", "v2", "v3"):
        place.commits[name] = place.commit(name, "churn/a")
    return place


@pytest.fixture
def place(template: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = template.copy(tmp_path)
    place.enter(monkeypatch)
    return place


def requested(environment: str = "production", digest: Digest = REQUEST) -> EntryEvent:
    return ReleaseRequested(
        stage="canary",
        environment=environment,
        request=digest,
        policy=POLICY,
        created=LONG_AGO,
        expires=datetime(2100, 1, 1, tzinfo=LONG_AGO.tzinfo),
    )


def entered(*people: str, override: bool = False) -> EntryEvent:
    results = [ConditionResult("approvals", Verdict.OPEN, "2 of 2")]
    if override:
        results.append(ConditionResult("no freeze", Verdict.PENDING, "frozen: fair"))
    return EnvironmentEntered(
        stage="canary",
        environment="production",
        policy=POLICY,
        branch="refs/heads/main",
        commit="f" * 40,
        conditions=tuple(results),
        approvals=tuple(CountedApproval(signed(one), one, KEY) for one in people),
        override=override,
        size=3,
        request=REQUEST,
    )


def signed(person: str) -> Digest:
    return Digest.of(person.encode())


def answer(place: Place, person: str, answer: Answer, reason: str) -> None:
    place.log_recorder().record(
        RequestAnswered(REQUEST, "production", answer, reason),
        actor=Actor("user", KEY),
        statement=signed(person),
    )


@pytest.fixture(scope="module")
def story(template: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """v1 on the first day, v2 two days later, and v3 for an hour as a canary."""
    place = template.copy(tmp_path_factory.mktemp("released"))
    place.record("v1", None, DEPLOYED)
    place.clock.sleep(2 * DAY.total_seconds())
    answer(place, "ann", Answer.APPROVE, "looks\nfine \x1b[31m")
    answer(place, "bob", Answer.APPROVE, "")
    entry = (requested(), entered("ann", "bob"))
    place.record("v2", "v1", PROMOTED, entry=entry, took=HOUR)
    place.clock.sleep(DAY.total_seconds())
    place.record("v3", "v2", RolloutResult.ROLLED_BACK, took=HOUR)
    return place


@pytest.fixture
def released(story: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = story.copy(tmp_path)
    place.enter(monkeypatch)
    return place


def ask(place: Place, *arguments: str) -> Any:  # noqa: ANN401 - a document
    done = place.sluice("environments", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def on(number: int) -> str:
    return f"{LONG_AGO + number * DAY:%Y-%m-%d}"


def named(document: Any) -> list[tuple[str, bool]]:  # noqa: ANN401 - as above
    (environment,) = document["environments"]
    return [(each["name"], each["stable"]) for each in environment["releases"]]


def test_an_environment_says_what_it_runs_and_who_approved_it(released: Place) -> None:
    done = released.sluice("environments")

    assert done.exit_code == 0, done.output
    since = f"{LONG_AGO + 2 * DAY + HOUR:%Y-%m-%d %H:%M:%S}Z"
    assert done.stdout.splitlines()[:7] == [
        "production",
        "  now       v2, promoted",
        f"  since     {since}, on 2024-05-08, by run {RUNS['v2']}P",
        f"  commit    {released.commits['v2']}",
        f"  image     {release('v2').image}",
        "  approved  ann, bob",
        f"  before    v1, commit {released.commits['v1'][:12]}, until {since}",
    ]
    assert "  next      not known here: " in done.stdout
    assert "verified with this machine's key" in done.stderr


def test_a_lock_and_what_waits_are_shown(released: Place) -> None:
    released.say(EnvironmentLocked("production", "migration\nof the database"))
    other = Digest.of(b"another")
    released.record("v1", None, None, "staging", entry=(requested("staging", other),))

    done = released.sluice("environments")
    staging, production = (
        part for part in sorted(done.stdout.split("\n\n"), reverse=True)
    )

    assert "  LOCKED    migration of the database\n" in production
    assert f"  waits     request {other.hex[:12]} of run " in staging
    assert f"`sluice approvals {other.hex[:12]}`" in staging
    assert "  now       nothing that the log knows of\n" in staging
    assert "  canary    v1, under way, since " in staging


def test_the_rules_of_the_protected_branch_say_what_the_next_release_waits_for(
    released: Place,
) -> None:
    (released.service / "sluicegate.yaml").write_text(RULES)
    released.commit("rules")
    (released.service / "sluicegate.yaml").write_text(RULES.replace("24h", "1h"))
    released.record("v3", None, DEPLOYED, "staging")

    done = released.sluice("environments")

    assert done.exit_code == 0, done.output
    staging, production, lab = done.stdout.split("\n\n")
    assert staging.startswith("staging\n")
    assert lab.startswith("lab\n")
    assert "  soak      v3 is stable in staging for " in production
    assert " of 1 d, long enough\n" in production
    assert "  window    opens 2100-01-01 00:00:00Z\n" in production
    assert "            frozen until Fri 2100-01-01 00:00 UTC: the fair" in production


def test_the_day_is_answered_with_every_digest_and_who_approved(
    released: Place,
) -> None:
    done = released.sluice("environments", "production", "--at", on(3))

    assert done.exit_code == 0, done.output
    since = LONG_AGO + 2 * DAY + HOUR
    image = release("v2").image
    text = done.stdout
    assert text.startswith(
        f"production on {on(3)} (UTC), by the log log.example/churn\n"
        "\n"
        f"v2: all the traffic from {since:%Y-%m-%d %H:%M:%S}Z, still\n"
        f"  commit     {released.commits['v2']}\n"
        f"  image      {image}\n"
        f"  published  registry.example/churn@{image}\n"
        f"  run        {RUNS['v2']}P, promoted\n"
    )
    for line in (
        f"  approved   ann, key {KEY}",
        f"             statement {signed('ann')}",
        "entry 7: looks fine \\x1b[31m",
        f"             bob, key {KEY}",
        f"  request    {REQUEST}",
        f"  rules      {POLICY}",
        f"             refs/heads/main at {'f' * 40}",
        "entry 14\n",
        "    ✓ test  212 passed in 3 s\n",
        "            failed 0 · coverage 0.875\n",
        "    log and evidence      sluice audit verify --log kept/audit\n",
        "    who let it in         sluice audit show 14 --log kept/audit\n",
        "    a proof of that       sluice audit prove 14 -o - --log kept/audit\n",
        "    what ann signed       sluice audit show 7 --log kept/audit\n",
    ):
        assert line in text, text
    assert "v3: a part of the traffic, as a canary, from" in text


def test_a_day_has_the_releases_that_served_in_it(released: Place) -> None:
    assert named(ask(released, "production", "--at", on(0))) == [("v1", True)]
    assert named(ask(released, "production", "--at", on(1))) == [("v1", True)]
    assert named(ask(released, "production", "--at", on(2))) == [
        ("v1", True),
        ("v2", True),
    ]
    assert named(ask(released, "production", "--at", on(3))) == [
        ("v2", True),
        ("v3", False),
    ]
    assert named(ask(released, "production", "--at", f"{on(2)}T00:30")) == [
        ("v1", True),
        ("v2", False),
    ]


def test_machines_get_the_same(released: Place) -> None:
    document = ask(released, "production", "--at", on(3))

    (environment,) = document["environments"]
    entrance = environment["releases"][0]["entrance"]
    assert entrance["policy"] == {
        "digest": str(POLICY),
        "branch": "refs/heads/main",
        "commit": "f" * 40,
    }
    assert [(e["person"], e["entry"]) for e in entrance["approvals"]] == [
        ("ann", 7),
        ("bob", 8),
    ]
    (live,) = ask(released)["environments"]
    assert live["live"]["approved_by"] == ["ann", "bob"]
    assert live["before"]["name"] == "v1"


def test_an_override_is_loud(place: Place) -> None:
    place.record("v1", None, DEPLOYED)
    answer(place, "eve", Answer.OVERRIDE, "the shop is down")
    entry = (requested(), entered("eve", override=True))
    place.record("v2", "v1", PROMOTED, entry=entry)

    now = place.sluice("environments").stdout
    then = place.sluice("environments", "production", "--at", on(0)).stdout

    assert "  approved  OVERRIDDEN by eve: the shop is down\n" in now
    assert "  OVERRIDE  by eve, " in now
    assert "  OVERRIDDEN the rules did not let it in: somebody broke the glass" in then
    assert f"  override   eve, key {KEY}\n" in then
    assert "  NOT MET    no freeze: frozen: fair\n" in then


def test_a_rollback_says_to_what_and_why(released: Place) -> None:
    first = RUNS["v1"] + "P"
    released.record("v1", "v2", PROMOTED, rollback=first)

    now = released.sluice("environments").stdout
    then = released.sluice("environments", "production", "--at", on(3)).stdout

    assert "  now       v1, promoted (rollback)\n" in now
    assert f"  rollback  to what run {first} released: it is slow\n" in now
    assert f"Evidence of run {first[-8:]}, to which it goes back" in then
    assert "✓ test  212 passed in 3 s" in then.partition("to which it goes back")[2]
    shown = released.sluice("releases", "show", "v1").stdout
    assert f"  rollback   to what run {first} released: it is slow\n" in shown
    assert "promoted (rollback)" in released.sluice("releases").stdout


def test_a_day_before_the_log_is_not_known(released: Place) -> None:
    done = released.sluice("environments", "production", "--at", on(-5))

    assert done.exit_code == 0
    assert ": nothing that the log knows of\n" in done.stdout
    assert "The log begins at" in done.stdout
    assert ask(released, "--at", on(-5))["partly_unknown"]
    assert not ask(released, "--at", on(2))["partly_unknown"]


def test_neither_key_nor_pipeline_file_nor_repository_is_needed(
    released: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = released.home / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(elsewhere))
    monkeypatch.setenv("XDG_STATE_HOME", str(elsewhere))
    log = ("--log", str(released.audit))

    now = released.sluice("environments", *log)
    then = released.sluice("environments", "production", "--at", on(3), *log)

    assert (now.exit_code, then.exit_code) == (0, 0)
    assert "  approved  ann, bob\n" in now.stdout
    assert "not known here" not in now.stdout
    assert f"  approved   ann, key {KEY}\n" in then.stdout
    assert "trust on first use" in then.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prodution",), "there is no environment 'prodution'"),
        (("--at", "2100-01-01"), "is still to come"),
        (("--at", "noon"), "'noon' is no moment"),
    ],
)
def test_a_slip_says_what_was_meant(
    released: Place, arguments: tuple[str, ...], said: str
) -> None:
    done = released.sluice("environments", *arguments)

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_folder_without_a_log_says_what_begins_one(place: Place) -> None:
    for arguments in ((), ("--at", on(0))):
        done = place.sluice("environments", *arguments)

        assert done.exit_code == 2
        assert "there is no log in" in done.stderr


def test_a_log_without_a_release_knows_no_environment(place: Place) -> None:
    place.open_log()

    assert "no environment yet" in place.sluice("environments").stdout
    assert "no environment yet" in place.sluice("environments", "--at", on(0)).stdout
