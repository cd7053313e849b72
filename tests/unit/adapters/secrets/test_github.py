"""Secrets that a workflow of GitHub Actions puts into variables."""

import pytest

from sluicegate.adapters.secrets.github import GithubSecrets
from sluicegate.errors import PermanentError
from sluicegate.model.secret import FetchedSecret, Purpose

PURPOSE = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "build")
IN_ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}
CANARY = "c4nary-value"


def fetch(environ: dict[str, str], name: str = "TOKEN") -> FetchedSecret:
    return GithubSecrets(environ).login(PURPOSE).fetch(name, None, None)


def test_a_secret_is_read_from_its_variable() -> None:
    assert fetch({**IN_ACTIONS, "TOKEN": CANARY}) == FetchedSecret(CANARY, None)


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "false"}])
def test_elsewhere_there_is_no_login(environ: dict[str, str]) -> None:
    with pytest.raises(PermanentError, match="works in GitHub Actions alone") as caught:
        GithubSecrets({**environ, "TOKEN": CANARY}).login(PURPOSE)
    assert "uses: environment" in str(caught.value.hint)


def test_a_variable_that_the_workflow_does_not_set_says_how_to_set_it() -> None:
    with pytest.raises(PermanentError, match="gives this step no variable") as caught:
        fetch(IN_ACTIONS)
    assert "`TOKEN: ${{ secrets.TOKEN }}` under `env:`" in str(caught.value.hint)


def test_an_empty_variable_is_a_secret_that_is_not_set() -> None:
    with pytest.raises(PermanentError, match="a secret that is not set") as caught:
        fetch({**IN_ACTIONS, "TOKEN": ""})
    assert "gh secret set TOKEN" in str(caught.value.hint)


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
def test_an_empty_variable_in_a_pull_request_may_be_that_of_a_fork(event: str) -> None:
    with pytest.raises(PermanentError, match="from a fork, which gets no secrets"):
        fetch({**IN_ACTIONS, "GITHUB_EVENT_NAME": event, "TOKEN": ""})


def test_dependabot_gets_no_secrets_of_actions() -> None:
    environ = {**IN_ACTIONS, "GITHUB_ACTOR": "dependabot[bot]", "TOKEN": ""}
    with pytest.raises(PermanentError, match="Dependabot started") as caught:
        fetch(environ)
    assert "secrets of Dependabot" in str(caught.value.hint)


def test_a_variable_has_no_fields() -> None:
    login = GithubSecrets({**IN_ACTIONS, "TOKEN": CANARY}).login(PURPOSE)
    with pytest.raises(PermanentError, match="a variable is one value"):
        login.fetch("TOKEN", "password", None)


def test_there_is_nothing_to_revoke() -> None:
    login = GithubSecrets(IN_ACTIONS).login(PURPOSE)
    assert login.end() is None


def test_no_secret_is_shown_by_what_holds_it() -> None:
    provider = GithubSecrets({**IN_ACTIONS, "TOKEN": CANARY})
    assert CANARY not in f"{provider!r} {provider.login(PURPOSE)!r}"
