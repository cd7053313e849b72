"""The adapter of token subjects, against GitHub's own description of its API."""

from collections.abc import Iterator

import pytest
from fake_github import FakeGitHub, State, Token, User, serve

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.subjects import GithubSubjects
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError
from sluicegate.model.host_settings import Unknown
from sluicegate.model.token_subject import SubjectTemplate, TokenSubjects


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    state = State()
    state.users["acme"] = User("acme", 500, "Organization")
    with serve(state) as found:
        yield found
        assert found.violations == []


def read(github: FakeGitHub, token: str = "ghp_ann") -> TokenSubjects:  # noqa: S107 - of the fake
    clock = SystemClock(StopRequest())
    client = GithubClient(github.url, token, "acme/shop", clock, patience_seconds=0)
    return GithubSubjects(client).read_subjects()


def test_the_template_of_the_repository_is_read_whole(github: FakeGitHub) -> None:
    settings = github.state.repository.settings
    settings.subject = {
        "use_default": False,
        "include_claim_keys": ["repo", "job_workflow_ref"],
        "use_immutable_subject": True,
        "sub_claim_prefix": "repo:acme@500/shop@7001",
    }
    settings.organization_subject = {"include_claim_keys": ["repo", "context"]}
    github.state.add_environment("production")

    found = read(github)

    assert (found.name, found.id, found.owner_id) == ("acme/shop", 7001, 500)
    assert found.template == SubjectTemplate(
        is_default=False,
        keys=("repo", "job_workflow_ref"),
        has_ids=True,
        prefix="repo:acme@500/shop@7001",
    )
    assert found.organization == SubjectTemplate(
        is_default=False, keys=("repo", "context")
    )
    assert found.environments == frozenset({"production"})


def test_what_an_older_server_leaves_out_is_none(github: FakeGitHub) -> None:
    found = read(github).template
    assert found == SubjectTemplate(is_default=True, has_ids=None, prefix=None)


def test_a_person_has_no_template_to_share(github: FakeGitHub) -> None:
    github.state.users["acme"].type = "User"
    assert read(github).organization is None
    asked = [each.operation for each in github.exchanges]
    assert "oidc/get-oidc-custom-sub-template-for-org" not in asked


def test_what_the_token_may_not_read_says_what_it_needs(github: FakeGitHub) -> None:
    github.state.repository.private = True
    github.state.tokens["little"] = Token("ann", {"contents": "read"})
    found = read(github, "little")
    assert found.template == Unknown("Actions: read")
    assert found.environments == Unknown("Actions: read")
    assert found.organization == Unknown("the organization's Administration: read")


def test_an_organization_that_does_not_answer_is_unknown(github: FakeGitHub) -> None:
    assert isinstance(read(github).organization, Unknown)


def test_a_token_that_is_refused_is_an_error(github: FakeGitHub) -> None:
    with pytest.raises(PermanentError):
        read(github, "nobody")
