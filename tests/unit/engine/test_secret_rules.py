"""Unit tests of `sluicegate.engine.secret_rules`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes_secrets import settings
from hypothesis import given
from hypothesis import strategies as st
from run_world import SOURCE, pipeline, stage

from sluicegate.engine.secret_rules import (
    Due,
    DueSecret,
    check_told,
    check_value,
    find_due,
    find_releasing,
    has_secrets,
)
from sluicegate.engine.situation import Situation
from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.gates.kinds import FieldType
from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.secret import EndedLogin, FetchedSecret, GivenSecret
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.secrets.settings import Secrets

NOW = datetime(2026, 11, 22, tzinfo=UTC)


FACTS: dict[str, FieldType] = {
    "git.branch": "text",
    "label.os": "text",
    "build.lines": "integer",
}


def canary(name: str, environment: str, *needs: str) -> NamedStage:
    made = CanaryStage.model_validate(
        {"uses": "canary", "environment": environment, "steps": [50]}
    )
    return NamedStage(name, made, needs, Gate(()))


def with_secrets(secrets: Secrets, *stages: NamedStage) -> Pipeline:
    return replace(pipeline(*stages), secrets=secrets)


USES = {
    "ANY": {"from": "bao", "path": "a/any", "stages": ["build"]},
    "PROD": {
        "from": "bao",
        "path": "a/prod",
        "stages": ["build", "roll"],
        "environments": ["production"],
    },
    "OTHER": {"from": "bao", "path": "a/other", "stages": ["lint"]},
}
BUILD, ROLL = stage("build"), canary("roll", "production", "build")
STAGING = canary("try", "staging", "build")
WHOLE = with_secrets(settings(USES), stage("lint"), BUILD, STAGING, ROLL)


def due(named: NamedStage, *releasing: str, refused: str | None = None) -> list[str]:
    refusals = {} if refused is None else {refused: "it is new there"}
    found = find_due(named, WHOLE, releasing, refusals)
    return [each.variable for each in (*found.given, *found.own)]


def test_a_stage_gets_what_names_it_and_nothing_else() -> None:
    assert due(WHOLE.stage("lint")) == ["OTHER"]
    assert due(BUILD) == ["ANY"]
    assert due(STAGING) == []


def test_what_is_for_an_environment_is_given_only_where_the_run_releases_there() -> (
    None
):
    assert due(BUILD, "production") == ["ANY", "PROD"]
    assert due(BUILD, "staging") == ["ANY"]


def test_a_canary_gets_what_is_for_its_own_environment_wherever_else_the_run_goes() -> (
    None
):
    assert due(ROLL) == ["PROD"]
    elsewhere = canary("roll", "staging", "build")
    assert due(elsewhere, "production") == []


def test_why_a_secret_is_left_out_is_told() -> None:
    (said,) = find_due(BUILD, WHOLE, (), {}).left

    assert said == (
        "runs without PROD: it is for production, where this run does not release"
    )


def test_a_stage_that_would_get_a_refused_secret_does_not_run_without_it() -> None:
    with pytest.raises(PermanentError, match="PROD is not given to build: it is new"):
        due(BUILD, "production", refused="PROD")
    assert due(BUILD, "staging", refused="PROD") == ["ANY"]


READING = {
    "uses": "canary",
    "environment": "production",
    "steps": [50],
    "metrics": {
        "lag": {
            "kind": "gauge",
            "slack": 0.5,
            "from": {
                "uses": "prometheus",
                "url": "https://prometheus.example.org",
                "samples": "lag",
                "arms": {"label": "v", "stable": "{commit}", "canary": "{commit}"},
                "auth": {"bearer": {"env": "PROM"}},
            },
        }
    },
}


def test_a_stage_reads_no_guarded_variable_that_it_names_past_use() -> None:
    rolling = NamedStage("roll", CanaryStage.model_validate(READING), (), Gate(()))
    whole = with_secrets(Secrets(), rolling)

    assert has_secrets(rolling, whole)  # so that what is refused is asked for
    assert find_due(rolling, whole, (), {}) == Due()
    with pytest.raises(PermanentError, match="roll may not read PROM: it is theirs"):
        find_due(rolling, whole, (), {"PROM": "it is theirs"})


def test_a_reference_names_the_version_that_was_asked_for_or_that_was_there() -> None:
    use = settings(
        {"T": {"from": "b", "path": "p", "field": "f", "version": "4", "stages": ["s"]}}
    ).use["T"]

    assert DueSecret("T", use, "vault").reference() == (
        GivenSecret("T", "b", "vault", "p", "f", "4")
    )
    assert DueSecret("T", use, "vault").reference("9").version == "9"


def releasing(*stages: NamedStage, over: str = "") -> set[str]:
    situation = Situation(pipeline(*stages), SOURCE, "R")
    names = [each.name for each in stages]
    return set(find_releasing(names, lambda name: name == over, situation))


@pytest.mark.parametrize("over", ["roll", "build", ""])
def test_a_run_releases_nowhere_behind_a_stage_that_is_over(over: str) -> None:
    expected = {"production"} if over == "" else set()

    assert releasing(BUILD, ROLL, over=over) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("git.branch == 'main'", {"production"}),
        ("git.branch == 'other'", set()),
        ("label.os == 'linux'", set()),
        ("git.branch == 'other' && build.lines == 0", set()),
        ("build.lines == 0", {"production"}),
    ],
)
def test_a_condition_that_cannot_hold_any_more_releases_nowhere(
    condition: str, expected: set[str]
) -> None:
    when = compile_condition(condition, FACTS, FACTS)
    asks = replace(stage("asks", "build"), when=when)
    roll = canary("roll", "production", "asks")

    assert releasing(BUILD, asks, roll) == expected


DUE = DueSecret("T", settings(USES).use["ANY"], "openbao")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("abcd\0efg", "zero byte"),
        ("abc", "less than 4 characters"),
        ("  abc\n", "less than 4 characters"),
        ("a" * (128 * 1024), "takes 131075 bytes"),
    ],
)
def test_what_cannot_be_given_or_hidden_is_refused_with_the_fix_and_not_shown(
    value: str, why: str
) -> None:
    with pytest.raises(PermanentError, match=why) as caught:
        check_value(DUE, FetchedSecret(value))
    assert "for T, from bao (a/any)," in str(caught.value)
    assert caught.value.hint
    assert "abc" not in f"{caught.value} {caught.value.hint}"


@given(st.text(min_size=4).filter(lambda v: len(v.strip()) >= 4 and "\0" not in v))
def test_any_other_text_is_taken_lines_and_all(value: str) -> None:
    check_value(DUE, FetchedSecret(value))
    check_value(DUE, FetchedSecret(f"{value}\n{value}"))


ANY = GivenSecret("ANY", "bao", "environment", "a/any", None, "7")


def told(*events: SecretEvent) -> list[SecretEvent]:
    return list(check_told(BUILD, settings(USES), events, NOW))


def test_what_another_job_was_given_is_recorded_no_later_than_now() -> None:
    later = NOW + timedelta(minutes=5)
    ended = (EndedLogin("bao", "it lasts"),)

    assert told(
        SecretsGiven("build", (ANY,), NOW - timedelta(1)),
        SecretsRevoked("build", ended, later),
    ) == [
        SecretsGiven("build", (ANY,), NOW - timedelta(1)),
        SecretsRevoked("build", ended, NOW),
    ]


@pytest.mark.parametrize(
    "event",
    [
        SecretsGiven("lint", (), NOW),
        SecretsGiven("build", (replace(ANY, variable="OTHER"),), NOW),
        SecretsGiven("build", (replace(ANY, provider="aws"),), NOW),
        SecretsGiven("build", (replace(ANY, kind="vault"),), NOW),
        SecretsGiven("build", (replace(ANY, path="a/prod"),), NOW),
        SecretsGiven("build", (replace(ANY, field="f"),), NOW),
        SecretsRevoked("build", (EndedLogin("aws"),), NOW),
    ],
)
def test_what_the_pipeline_file_does_not_give_was_given_to_nobody(
    event: SecretEvent,
) -> None:
    with pytest.raises(PermanentError):
        told(SecretsGiven("build", (ANY,), NOW), event)


def test_a_pinned_version_is_the_one_that_was_given() -> None:
    pinned = settings({"ANY": {**USES["ANY"], "version": "7"}})
    other = SecretsGiven("build", (replace(ANY, version="8"),), NOW)

    assert check_told(BUILD, pinned, [SecretsGiven("build", (ANY,), NOW)], NOW)
    with pytest.raises(PermanentError, match="another secret as ANY"):
        check_told(BUILD, pinned, [other], NOW)
