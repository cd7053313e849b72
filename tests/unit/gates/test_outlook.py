"""Unit tests of `sluicegate.gates.outlook`."""

from datetime import UTC, datetime, timedelta

from sluicegate.gates.outlook import foretell
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.digest import Digest
from sluicegate.model.policy import After, ApprovalRule, Freeze, Group, Window
from sluicegate.model.state_item import Lock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)  # a Saturday
OFFICE = Window("0 9 * * mon-fri", timedelta(hours=8))
DAY = timedelta(days=1)


def told(*layers: Rules, lock: Lock | None = None) -> tuple[str, ...]:
    policy = Policy("production", layers, Digest.of(b"policy"), "main", "c" * 40)
    return foretell(policy, lock, NOW)


def test_rules_that_ask_for_nothing_are_not_mentioned() -> None:
    assert told(Rules("a.yaml")) == ()


def test_people_are_named_or_their_groups_once_for_all_layers() -> None:
    two = ApprovalRule(frozenset({"ann", "bob"}), 2)
    groups = (
        Group("leads", frozenset({"ann"})),
        Group("@security", frozenset({"eve"})),
    )
    each = ApprovalRule(frozenset({"ann", "eve"}), one_of_each=groups)
    many = ApprovalRule(frozenset("abcdef"))

    layers = [Rules("a.yaml", approvals=rule) for rule in (two, two, each, many)]

    assert told(*layers) == (
        "asks 2 of ann, bob",
        "asks 2, one of each of @leads, @security",
        "asks 1 of a, b, c, d and 2 more",
    )


def test_a_closed_window_and_a_freeze_say_when_they_open() -> None:
    week = Freeze("the fair", NOW - DAY, NOW + DAY)

    closed, frozen = told(Rules("a.yaml", windows=(OFFICE,), freezes=(week,)))

    assert "opens Mon 2026-11-23 09:00 UTC" in closed
    assert "the fair" in frozen


def test_a_window_that_is_open_is_not_mentioned() -> None:
    always = Window("0 0 * * *", DAY)
    assert told(Rules("a.yaml", windows=(always,))) == ()


def test_order_and_locks_are_named() -> None:
    lock = Lock("lock", "production", "an incident", "ann", NOW, 1)
    after = (After("staging", DAY), After("lab"))

    staging, lab, locked = told(Rules("a.yaml", after=after), lock=lock)

    assert staging == "only what is stable in staging for 1 d"
    assert lab == "only what is stable in lab"
    assert locked.startswith("locked by ann since Sat 2026-11-21 12:00 UTC: an inc")
