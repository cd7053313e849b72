"""The adapter of settings, against GitHub's own description of its API."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fake_github import FakeGitHub, State, Token, User, serve
from host_setups import REVIEWS

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.settings import GithubSettings
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.host_settings import (
    BranchRule,
    HostSettings,
    Protection,
    Ruleset,
    TokenDefaults,
    Unknown,
)

LOG = "sluicegate-audit"
RULESET = {
    "id": 5,
    "name": "log",
    "target": "branch",
    "source_type": "Repository",
    "source": "acme/shop",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"},
        {"actor_id": 7, "actor_type": "Team", "bypass_mode": "pull_request"},
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"},
    ],
    "conditions": {"ref_name": {"include": [f"refs/heads/{LOG}"], "exclude": []}},
    "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}],
}
PULL_REQUEST = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    },
}


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(State()) as found:
        yield found
        assert found.violations == []


def read(github: FakeGitHub, token: str = "ghp_ann", *branches: str) -> HostSettings:  # noqa: S107 - of the fake
    client = GithubClient(
        github.url,
        token,
        "acme/shop",
        SystemClock(StopRequest()),
        patience_seconds=0,
    )
    return GithubSettings(client).read(branches or [LOG])


def test_everything_an_administrators_token_may_read_is_read(
    github: FakeGitHub,
) -> None:
    repository = github.state.repository
    repository.settings.secrets = ["SLUICE_LOG_KEY"]
    repository.settings.retention_days = 30
    repository.settings.sha_pinning_required = True
    repository.settings.can_approve_pull_request_reviews = True

    found = read(github)

    assert found.facts.name == "acme/shop"
    assert found.facts.is_admin
    assert found.facts.has_organization
    assert found.branches["main"].rules == ()
    assert found.branches["main"].protection is None
    assert found.environments == ()
    assert found.token == TokenDefaults(may_write=False, may_approve=True)
    assert found.pins_required is True
    assert found.retention_days == 30
    assert found.secrets == frozenset({"SLUICE_LOG_KEY"})
    assert found.shared_secrets == frozenset()
    assert found.immutable_releases is False


def test_rules_are_read_with_who_may_bypass_them(github: FakeGitHub) -> None:
    github.state.repository.rulesets = [dict(RULESET)]

    found = read(github).branches[LOG]

    assert found.rules == (BranchRule("deletion", 5), BranchRule("non_fast_forward", 5))
    assert found.rulesets == {
        5: Ruleset(
            5,
            "log",
            is_own=True,
            bypass=("administrators", "a team (id 7) (pull request)", "deploy keys"),
        )
    }


def test_who_may_bypass_is_unknown_to_a_token_that_may_not_change_it(
    github: FakeGitHub,
) -> None:
    github.state.repository.rulesets = [dict(RULESET)]

    ruleset = read(github, github.token).branches[LOG].rulesets[5]

    assert isinstance(ruleset, Ruleset)
    assert ruleset.bypass == Unknown("Administration: write, an administrator's token")


def test_reviews_that_a_rule_asks_for_are_read(github: FakeGitHub) -> None:
    rules = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    ruleset = {**RULESET, "conditions": rules, "rules": [PULL_REQUEST]}
    github.state.repository.rulesets = [ruleset]

    found = read(github).branches["main"].rules

    assert found == (BranchRule("pull_request", 5, REVIEWS),)


def test_the_older_kind_of_protection_is_read(github: FakeGitHub) -> None:
    github.state.add_commit({"a": b""})
    github.state.repository.protections["main"] = {
        "enforce_admins": {"url": "https://x", "enabled": True},
        "allow_deletions": {"enabled": False},
        "allow_force_pushes": {"enabled": True},
        "required_signatures": {"url": "https://x", "enabled": True},
        "required_pull_request_reviews": {
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": True,
            "require_last_push_approval": True,
            "required_approving_review_count": 1,
        },
    }

    assert read(github).branches["main"].protection == Protection(
        may_be_deleted=False,
        may_be_forced=True,
        holds_for_admins=True,
        reviews=REVIEWS,
        demands=("signatures",),
    )


def test_environments_are_read_with_what_they_let_in_and_hold(
    github: FakeGitHub,
) -> None:
    made = github.state.add_environment("production")
    made.policy = "custom"
    github.state.add_environment("x")
    made.reviewers, made.prevent_self_review = ["ann", "bob"], True
    made.secrets = ["SLUICE_LOG_KEY"]

    found = read(github).environments

    assert not isinstance(found, Unknown)
    production, other = found
    assert production.refs == ()
    assert (production.reviewers, production.refuses_self_review) == (2, True)
    assert production.secrets == frozenset({"SLUICE_LOG_KEY"})
    assert production.admins_bypass
    assert other.refs is None


def test_the_token_of_a_job_finds_much_unknown_and_nothing_fine(
    github: FakeGitHub,
) -> None:
    github.state.add_environment("production")

    found = read(github, github.token)

    administration = Unknown("Administration: read")
    assert found.token == administration
    assert found.retention_days == administration
    assert found.pins_required == administration
    assert found.immutable_releases == administration
    assert found.branches["main"].protection == administration
    assert found.secrets == found.shared_secrets == Unknown("Secrets: read")
    assert not isinstance(found.environments, Unknown)
    assert found.environments[0].secrets == Unknown("Environments: read")
    assert found.workflows == {}


def test_a_404_is_believed_of_an_administrator_alone(github: FakeGitHub) -> None:
    """A fine-grained token may read, and its owner may still be no administrator."""
    may = {"administration": "read", "secrets": "read", "actions": "read"}
    github.state.tokens["x"] = Token("bob", may)

    found = read(github, "x")

    assert found.immutable_releases == Unknown("Administration: read")
    assert found.branches["main"].protection == Unknown("Administration: read")


def test_a_person_shares_no_secrets_of_an_organization(github: FakeGitHub) -> None:
    github.state.users["acme"] = User("acme", 500)

    assert read(github).shared_secrets == frozenset()


def test_a_list_of_several_pages_is_read_to_its_end(github: FakeGitHub) -> None:
    names = [f"SECRET_{number}" for number in range(250)]
    github.state.repository.settings.secrets = names

    assert read(github).secrets == frozenset(names)


def test_a_feature_that_the_plan_lacks_is_unknown_and_says_so(
    github: FakeGitHub,
) -> None:
    words = (
        "Upgrade to GitHub Pro or make this repository public to enable this feature."
    )
    github.faults.answer(403, path="/rules/branches/", message=words, times=9)

    found = read(github).branches["main"].rules

    assert found == Unknown("GitHub Pro, Team or Enterprise for a private repository")


def test_a_host_that_does_not_answer_is_an_error_and_no_finding(
    github: FakeGitHub,
) -> None:
    github.faults.answer(503, path="/environments", times=99)

    with pytest.raises(TransientError):
        read(github)


def test_a_token_that_is_refused_is_an_error(github: FakeGitHub) -> None:
    with pytest.raises(PermanentError, match="does not accept the token"):
        read(github, "ghp_nobody")


def test_a_repository_that_the_token_may_not_see_is_an_error(
    github: FakeGitHub,
) -> None:
    github.state.repository.private = True
    github.state.tokens["x"] = Token("eve", {}, app="other")
    state = github.state.repositories
    state["acme/other"] = replace(github.state.repository, name="acme/other", id=9)
    del state["acme/shop"]

    with pytest.raises(PermanentError, match="no repository acme/shop"):
        read(github, "x")
