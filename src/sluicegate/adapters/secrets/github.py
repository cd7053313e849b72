"""Secrets of GitHub Actions, which the workflow puts into variables of its step.

Source:
    docs.github.com, "Using secrets in GitHub Actions": a secret that is not set is an
    empty string, and no secret but ``GITHUB_TOKEN`` goes to a run that a fork's pull
    request or Dependabot started.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import override

from sluicegate.adapters.secrets.environment import check_is_whole
from sluicegate.errors import PermanentError
from sluicegate.model.secret import FetchedSecret, Purpose
from sluicegate.ports.secrets import SecretLogin, SecretProvider

_FROM_FORKS = ("pull_request", "pull_request_review", "pull_request_review_comment")


@dataclass(frozen=True)
class GithubSecrets(SecretProvider):
    """The variables in *environ*, which a job of GitHub Actions was given."""

    environ: Mapping[str, str]

    @override
    def login(self, purpose: Purpose) -> SecretLogin:
        """Nothing to log in to, but it must be there."""
        del purpose
        if self.environ.get("GITHUB_ACTIONS") != "true":
            raise PermanentError(
                "`uses: github` works in GitHub Actions alone, and this runs elsewhere",
                hint="use `uses: environment` for variables of this machine",
            )
        return _Login(self.environ)

    @override
    def __repr__(self) -> str:
        return "GithubSecrets()"


@dataclass(frozen=True, repr=False)
class _Login(SecretLogin):
    environ: Mapping[str, str]

    @override
    def fetch(self, path: str, field: str | None, version: str | None) -> FetchedSecret:
        check_is_whole(path, field, version)
        if path not in self.environ:
            raise PermanentError(
                f"the workflow gives this step no variable {path}",
                hint=f"write `{path}: ${{{{ secrets.{path} }}}}` under `env:` of the"
                " step that uses sluice",
            )
        value = self.environ[path]
        if not value.strip():
            raise PermanentError(self._why_empty(path), hint=self._mend(path))
        return FetchedSecret(value)

    @override
    def end(self) -> str | None:
        return None

    def _why_empty(self, variable: str) -> str:
        """GitHub gives an empty string for a secret that the run may not have."""
        empty = f"the variable {variable} is empty"
        if self._is_dependabot:
            return f"{empty}: a run that Dependabot started gets no secrets of Actions"
        if self._event in _FROM_FORKS:
            return (
                f"{empty}: the secret is not set, or this pull request is from a fork,"
                " which gets no secrets"
            )
        return f"{empty}: GitHub gives that for a secret that is not set"

    def _mend(self, variable: str) -> str:
        if self._is_dependabot:
            return f"keep {variable} among the secrets of Dependabot, if it may have it"
        if self._event in _FROM_FORKS:
            return "leave stages that need secrets to the repository's own branches"
        return (
            f"gh secret set {variable} (with --env NAME if the job has an environment),"
            " and look for a typing error in the workflow"
        )

    @property
    def _event(self) -> str:
        return self.environ.get("GITHUB_EVENT_NAME", "")

    @property
    def _is_dependabot(self) -> bool:
        return self.environ.get("GITHUB_ACTOR") == "dependabot[bot]"
