"""Whether jobs can log in to who keeps secrets, and nobody else can."""

from dataclasses import replace
from datetime import UTC, datetime

from sluicegate.config.github.identity_uses import IdentityUse
from sluicegate.config.github.judge_identity import judge_jobs, judge_subject
from sluicegate.config.github.secret_jobs import SecretJob
from sluicegate.config.github.token_bindings import bindings
from sluicegate.model.host_check import Standing
from sluicegate.model.host_settings import Unknown
from sluicegate.model.token_subject import SubjectTemplate, TokenSubjects

SUBJECTS = TokenSubjects(
    "acme/churn",
    id=2,
    owner_id=1,
    default_branch="main",
    created=datetime(2024, 5, 1, tzinfo=UTC),
    template=SubjectTemplate(is_default=True, has_ids=True),
    organization=None,
    environments=frozenset({"Production"}),
)
USE = IdentityUse(
    "aws",
    "aws-secrets-manager",
    "arn:aws:iam::123456789012:role/sluice",
    "sts.amazonaws.com",
    (("db", False), ("canary", True)),
    (),
)
JOB = SecretJob(
    ".github/workflows/a.yml",
    "gate",
    line=7,
    stages=("db", "canary"),
    environment="production",
    events=("push",),
    may_ask=True,
)


def standings(job: SecretJob, subjects: TokenSubjects = SUBJECTS) -> list[Standing]:
    return [each.standing for each in judge_jobs([USE], [job], subjects)]


def test_a_job_that_may_ask_is_fine() -> None:
    assert standings(JOB) == [Standing.FINE]


def test_a_job_that_may_not_or_never_can_is_a_problem() -> None:
    assert standings(replace(JOB, may_ask=False)) == [Standing.PROBLEM]
    assert standings(replace(JOB, is_reused=True)) == [Standing.PROBLEM]


def test_a_job_of_pull_requests_is_a_warning() -> None:
    both = replace(JOB, events=("pull_request_target", "push"))
    assert standings(both) == [Standing.FINE, Standing.WARNING]


def test_a_stage_that_no_job_runs_is_a_warning() -> None:
    found = list(judge_jobs([USE], [replace(JOB, stages=("db",))], SUBJECTS))
    assert found[0].standing is Standing.WARNING
    assert found[0].what == "no job seems to run canary"


def test_environments_are_told_from_those_that_are_not_there() -> None:
    other = replace(JOB, environment="live")
    assert standings(other) == [Standing.FINE, Standing.PROBLEM]
    assert standings(replace(JOB, environment="${{ inputs.to }}")) == [Standing.FINE]
    hidden = replace(SUBJECTS, environments=Unknown("Actions: read"))
    assert standings(JOB, hidden) == [Standing.FINE, Standing.UNKNOWN]


def test_a_subject_that_names_no_repository_is_a_warning() -> None:
    for keys, standing in (
        (("environment", "actor"), Standing.WARNING),
        (("repository_id", "environment"), Standing.NOTE),
    ):
        made = SubjectTemplate(is_default=False, keys=keys, has_ids=True)
        (found,) = judge_subject(replace(SUBJECTS, template=made))
        assert found.standing is standing
        assert " and ".join(keys) in found.what


def test_a_job_without_an_environment_is_bound_by_its_ref() -> None:
    (found,) = bindings([USE], [replace(JOB, environment=None)], SUBJECTS)
    assert dict(found.claims) == {
        "aud": ("sts.amazonaws.com",),
        "sub": ("repo:acme@1/churn@2:ref:refs/heads/main",),
        "repository_id": ("2",),
        "ref": ("refs/heads/main",),
    }
    assert found.before == "repo:acme/churn:ref:refs/heads/main"


def test_both_forms_are_shown_where_nobody_can_tell() -> None:
    hidden = replace(SUBJECTS, template=Unknown("Actions: read"))
    (found,) = bindings([USE], [JOB], hidden)
    assert dict(found.claims)["sub"] == (
        "repo:acme@1/churn@2:environment:production",
        "repo:acme/churn:environment:production",
    )


def test_a_job_that_runs_none_of_its_stages_is_not_bound() -> None:
    assert list(bindings([USE], [replace(JOB, stages=("other",))], SUBJECTS)) == []
