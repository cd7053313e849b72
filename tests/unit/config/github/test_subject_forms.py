"""What `sub` is in a token, in each of its forms."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluicegate.config.github.subject_forms import (
    CHANGED,
    context_of,
    made_of,
    subject_forms,
)
from sluicegate.model.host_settings import Unknown
from sluicegate.model.token_subject import SubjectTemplate, TokenSubjects

OLD = datetime(2024, 5, 1, tzinfo=UTC)
NAMED, NUMBERED = "repo:acme/churn", "repo:acme@1/churn@2"
SUBJECTS = TokenSubjects(
    "acme/churn",
    id=2,
    owner_id=1,
    default_branch="main",
    created=OLD,
    template=SubjectTemplate(is_default=True),
    organization=None,
    environments=frozenset(),
)


def with_template(**more: object) -> TokenSubjects:
    return replace(SUBJECTS, template=SubjectTemplate(is_default=True, **more))  # type: ignore[arg-type]


def test_what_the_host_says_goes_before_everything_else() -> None:
    found = subject_forms(with_template(has_ids=False, prefix="repo:acme@1/churn@2"))
    assert (found.now, found.is_numbered) == (NUMBERED, True)


@pytest.mark.parametrize(("has_ids", "now"), [(True, NUMBERED), (False, NAMED)])
def test_the_setting_of_the_repository_decides(has_ids: bool, now: str) -> None:  # noqa: FBT001
    shared = SubjectTemplate(is_default=True, has_ids=not has_ids)
    subjects = replace(with_template(has_ids=has_ids), organization=shared)
    assert subject_forms(subjects).now == now


@pytest.mark.parametrize(("has_ids", "now"), [(True, NUMBERED), (False, NAMED)])
def test_without_one_that_of_the_organization_does(has_ids: bool, now: str) -> None:  # noqa: FBT001
    shared = SubjectTemplate(is_default=True, has_ids=has_ids)
    assert subject_forms(replace(SUBJECTS, organization=shared)).now == now


def test_a_repository_since_the_change_has_numbers() -> None:
    assert subject_forms(replace(SUBJECTS, created=CHANGED)).now == NUMBERED


def test_of_an_older_one_nobody_knows_whether_it_was_renamed() -> None:
    found = subject_forms(SUBJECTS)
    assert found.now is None
    assert found.possible() == (NUMBERED, NAMED)


def test_what_may_not_be_read_is_unknown_and_both_are_possible() -> None:
    found = subject_forms(replace(SUBJECTS, template=Unknown("Actions: read")))
    assert found.unknown == Unknown("Actions: read")
    assert found.possible() == (NUMBERED, NAMED)


def test_a_template_of_the_organization_holds_where_the_repository_has_none() -> None:
    shared = SubjectTemplate(is_default=False, keys=("repo", "job_workflow_ref"))
    own = SubjectTemplate(is_default=False)
    subjects = replace(SUBJECTS, template=own, organization=shared)
    assert subject_forms(subjects).keys == ("repo", "job_workflow_ref")
    hidden = replace(subjects, organization=Unknown("more"))
    assert subject_forms(hidden).unknown == Unknown("more")


def test_the_default_by_its_own_claims_is_the_default() -> None:
    own = SubjectTemplate(is_default=False, keys=("repo", "context"), has_ids=False)
    assert subject_forms(replace(SUBJECTS, template=own)).keys == ()
    alone = replace(own, keys=("repo",))
    assert subject_forms(replace(SUBJECTS, template=alone)).keys == ("repo",)


@pytest.mark.parametrize(
    ("environment", "event", "context"),
    [
        ("prod", "push", "environment:prod"),
        ("prod", "pull_request", "environment:prod"),
        ("eu:prod", "push", "environment:eu%3Aprod"),
        (None, "pull_request", "pull_request"),
        (None, "push", "ref:refs/heads/main"),
    ],
)
def test_what_follows_is_the_environment_or_the_event_or_the_ref(
    environment: str | None, event: str, context: str
) -> None:
    assert context_of(environment, event, "refs/heads/main") == context


def test_it_can_be_made_of_other_claims() -> None:
    claims = {"repository_id": "2", "environment": "eu:prod"}
    whole = "repo:acme@1/churn@2:ref:refs/heads/main"
    assert made_of(("repo", "context"), claims, whole) == whole
    assert (
        made_of(("repository_id", "environment", "actor"), claims, whole)
        == "repository_id:2:environment:eu%3Aprod:actor:<actor>"
    )
