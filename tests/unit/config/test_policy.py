"""Unit tests of `sluicegate.config.policy`: layers, their names, and their digest."""

from datetime import UTC, datetime, timedelta

import pytest
from policies import COMMIT, MAIN, SHARED, WHO, pipeline, policy, shared

from sluicegate.errors import PipelineFileError, UsageError
from sluicegate.gates.rules import Rules
from sluicegate.model.policy import (
    After,
    ApprovalRule,
    Freeze,
    Group,
    OverrideRule,
    Part,
    Window,
)

RULES = """\
approvals: {count: 2, from: ["@leads", eve], one_of_each: ["@security"], expires: 8h}
override: {from: ["@security"]}
after: {staging: 24h}
windows: [{cron: "0 9 * * mon-fri", lasts: 8h, timezone: Europe/Berlin}]
freeze:
  - {from: 2026-12-20T00:00:00+01:00, to: 2027-01-04T00:00:00Z, reason: holidays}
  - {cron: "0 12 * * fri", lasts: 3d, reason: weekend}
gate: ["scan.critical == 0"]
"""
ORG = 'approvals: {from: ["@security"]}'
DAY = timedelta(days=1)


def test_rules_become_values() -> None:
    found = policy(pipeline(RULES))

    (layer,) = found.layers
    assert (found.environment, found.branch, found.commit) == (
        "production",
        MAIN,
        COMMIT,
    )
    assert layer.approvals == ApprovalRule(
        allowed=frozenset({"ann", "bob", "eve"}),
        count=2,
        one_of_each=(Group("security", frozenset({"eve"})),),
        exclude=frozenset({Part.AUTHOR, Part.REQUESTER}),
        request_lasts=timedelta(hours=8),
        approval_lasts=timedelta(hours=8),
    )
    assert layer.override == OverrideRule(frozenset({"eve"}))
    assert layer.after == (After("staging", DAY),)
    assert layer.windows == (
        Window("0 9 * * mon-fri", timedelta(hours=8), "Europe/Berlin"),
    )
    assert layer.freezes == (
        Freeze(
            "holidays",
            datetime(2026, 12, 19, 23, tzinfo=UTC),
            datetime(2027, 1, 4, tzinfo=UTC),
        ),
        Freeze("weekend", window=Window("0 12 * * fri", 3 * DAY)),
    )
    assert [each.text for each in layer.conditions] == ["scan.critical == 0"]


def test_what_is_left_out_has_the_stricter_default() -> None:
    (layer,) = policy(pipeline("approvals: {from: [eve]}")).layers

    assert layer.approvals == ApprovalRule(
        frozenset({"eve"}),
        exclude=frozenset({Part.AUTHOR, Part.REQUESTER}),
        request_lasts=3 * DAY,
        approval_lasts=DAY,
    )
    assert layer.override is None


def test_an_environment_without_rules_asks_for_nothing() -> None:
    found = policy(pipeline())

    assert not found.asks_for_something
    assert found.stages["scan"], "the gates before it are asked all the same"


def test_every_file_is_a_layer_with_people_of_its_own() -> None:
    own = pipeline(
        "approvals: {from: ['@security']}", who="groups: {security: [ann]}\n"
    )

    first, second = policy(own, shared(ORG)).layers

    assert first.approvals is not None
    assert second.approvals is not None
    assert first.approvals.allowed == {"ann"}
    assert second.approvals.allowed == {"eve"}
    assert second.people.named(["eve@acme.org"]) == {"eve"}
    assert first.people.named(["eve@acme.org"]) == {"eve@acme.org"}


def test_a_shared_policy_speaks_of_one_environment_or_of_every_one() -> None:
    other = shared(ORG) + "  staging:\n    after: {}\n    gate: [time.hour > 8]\n"

    def count(environment: str) -> int:
        return len(policy(pipeline(), other, environment=environment).layers)

    assert count("staging") == 3
    assert count("production") == 2


def test_a_shared_policy_that_has_nothing_to_say_still_knows_who_is_who() -> None:
    (_, other) = policy(pipeline(), SHARED + WHO).layers

    assert not other.asks_for_something
    assert other.people.named(["github:ann"]) == {"ann"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHARED + "stages: {}\n", "p0.yaml:2: unknown key 'stages'"),
        (shared("target: {uses: docker, port: 1}"), "unknown key 'target'"),
        (shared("baseline: " + "a" * 40), "unknown key 'baseline'"),
        ("schema: sluicegate/v1\n", "schema: must be 'sluicegate-policy/v1'"),
        (shared("approvals: {from: ['@lead']}"), "unknown group 'lead'"),
        (shared("after: staging"), "every environment cannot come after one of them"),
        (shared("after: a", "a"), "an environment cannot come after itself"),
        (shared("gate: [scan.critcal == 0]"), "unknown evidence 'scan.critcal'"),
        (shared("gate: [lint.findings == 0]"), "unknown evidence 'lint.findings'"),
        (shared("after: {}", "Prod"), "environments.Prod: "),
        (SHARED + "people: {ann: [x], bob: [X]}\n", "also an identity of 'ann'"),
    ],
)
def test_a_shared_policy_that_cannot_be_used_stops_everything(
    text: str, expected: str
) -> None:
    with pytest.raises(PipelineFileError) as refused:
        policy(pipeline(), text)

    assert len(refused.value.problems) == 1
    assert refused.value.problems[0].startswith("p0.yaml:")
    assert expected in refused.value.problems[0]


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (pipeline(), shared("after: qa", "production"), "no environment qa"),
        (
            pipeline(staging="after: production"),
            shared("after: staging", "production"),
            "wait for each other",
        ),
        (
            pipeline().replace("environment: production}", "environment: staging}"),
            shared(ORG),
            "no stage of sluicegate.yaml goes to 'production'",
        ),
        (
            pipeline()
            .replace("  production:\n", "  prod:\n")
            .replace("environment: production}", "environment: prod}"),
            shared(ORG),
            "sluicegate.yaml has no environment 'production'",
        ),
    ],
)
def test_rules_for_what_is_not_there_are_refused(
    own: str, other: str, expected: str
) -> None:
    with pytest.raises(UsageError, match=expected) as refused:
        policy(own, other)

    assert refused.value.hint


@pytest.mark.parametrize(
    "change",
    [
        ("count: 2", "count: 1"),
        ("port: 8000}\n    approvals", "port: 8001}\n    approvals"),
        ("bob: [bob@acme.org]", "bob: [bob@acme.org, 'github:bob']"),
        ("leads: [ann, bob]", "leads: [ann]"),
        ("services: [deploy@acme.org]", "services: []"),
        ("reason: weekend", "reason: the weekend"),
        ("scan: {uses: trivy}", "scan: {uses: trivy, gate: [scan.critical <= 1]}"),
        ("groups:", "budgets: {runs: {day: 1}}\ngroups:"),
    ],
)
def test_the_digest_changes_with_all_that_judges(change: tuple[str, str]) -> None:
    own = pipeline(RULES)
    assert own.count(change[0]) == 1
    before = policy(own).digest

    assert policy(own.replace(*change)).digest != before
    assert policy(own, shared(ORG)).digest != before
    assert policy(own, shared(ORG)).digest != policy(own, shared("after: {}")).digest


def test_the_digest_changes_with_nothing_else() -> None:
    own = pipeline(RULES)
    same = own.replace("scan: {uses: trivy}", "scan: {timeout: 5m, uses: trivy} # !")
    same += "  spare: {target: {uses: docker, port: 1}}\npaths: [../x]\n"

    assert policy(same, commit="1" * 40).digest == policy(own).digest


def test_two_environments_never_have_one_digest() -> None:
    own = pipeline()

    assert policy(own).digest != policy(own, environment="staging").digest


def test_a_layer_is_the_same_whatever_is_above_it() -> None:
    layers = policy(pipeline(RULES), shared(ORG), shared(RULES, "production")).layers

    assert layers[0] == policy(pipeline(RULES)).layers[0]
    assert layers[1] == policy(pipeline(), shared(ORG)).layers[1]
    assert isinstance(layers[2], Rules)
