"""Asks providers for the secrets that the pipeline file names, and forgets them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.secret import Purpose
from sluicegate.model.secret_access import SecretPlace, Survey
from sluicegate.ports.secrets import SecretLogin
from sluicegate.ports.secrets_survey import SurveyedLogin
from sluicegate.report.secrets.access import ProviderAccess, SecretRead, Trouble
from sluicegate.report.secrets.policy import policies
from sluicegate.report.secrets.policy_text import PolicyText, Workload
from sluicegate.report.secrets.uses import place_of, source_of
from sluicegate.stages.secrets.settings import Provider, SecretUse
from sluicegate.wiring.github.secrets_checkup import SecretsCheckup
from sluicegate.wiring.project import Project
from sluicegate.wiring.secret_providers import build_provider
from sluicegate.wiring.secrets import ProjectSecrets

_RUN = "check"  # in the place of a run, for the log of the provider


@dataclass(frozen=True)
class SecretsCheck:
    """The check of *project*: of one *provider*, or for one *stage*, if named."""

    project: Project
    provider: str | None = None
    stage: str | None = None

    def look(self) -> Iterator[ProviderAccess]:
        """Ask each provider in turn.

        Raises:
            UsageError: there is no such provider or stage, or a client is missing.
        """
        for name, settings in self._providers.items():
            yield self._ask(name, settings)

    def describe(self) -> Sequence[ProviderAccess]:
        """The policies alone; nobody is asked."""
        return [
            ProviderAccess(
                name, each.uses, place_of(each), policies=self._policies(name, each)
            )
            for name, each in self._providers.items()
        ]

    @cached_property
    def _providers(self) -> Mapping[str, Provider]:
        """Those that are asked, in the order of the file."""
        secrets = self.project.pipeline.secrets
        stages = {stage for use in secrets.use.values() for stage in use.stages}
        _check("provider", self.provider, secrets.providers)
        _check("stage", self.stage, stages)
        return {
            name: settings
            for name, settings in secrets.providers.items()
            if self.provider in {None, name} and self._uses(name)
        }

    def _uses(self, name: str) -> Mapping[str, SecretUse]:
        """What is asked of the provider *name*, by variable."""
        return {
            variable: use
            for variable, use in self.project.pipeline.secrets.use.items()
            if use.from_ == name and (self.stage is None or self.stage in use.stages)
        }

    def _ask(self, name: str, settings: Provider) -> ProviderAccess:
        where, texts = place_of(settings), self._policies(name, settings)
        environ = self.project.machine.environ
        provider = build_provider(name, settings, self.project, environ)
        try:
            ProjectSecrets(self.project).check_login(name)
            login = provider.login(self._purpose)
        except ExternalError as error:
            refused = _trouble(error)
            return ProviderAccess(
                name, settings.uses, where, refused=refused, policies=texts
            )
        left = None
        try:
            reads = tuple(_read(login, *use) for use in self._uses(name).items())
            survey = self._survey(name, login)
        finally:
            left = login.end()
        return ProviderAccess(
            name, settings.uses, where, reads, survey, left=left, policies=texts
        )

    def _survey(self, name: str, login: SecretLogin) -> Survey | None:
        """Whether it may do too much: None where nobody can ask."""
        if not isinstance(login, SurveyedLogin):
            return None
        try:
            return login.survey(self._places(name))
        except ExternalError as error:
            return Survey("logged in", unknown=(str(error),))

    def _policies(self, name: str, settings: Provider) -> tuple[PolicyText, ...]:
        about = workload(self.project.machine.environ)
        places = self._places(name)
        environments = self._entered(name) or self._environments(name)
        return policies(name, settings, places, about, environments)

    def _entered(self, name: str) -> tuple[str, ...]:
        """The environments of GitHub that jobs enter, which tokens have in them."""
        try:
            checkup = SecretsCheckup(self.project, None, files_only=True)
            return checkup.environments_of(name)
        except UsageError:  # no repository, no workflows
            return ()

    def _places(self, name: str) -> tuple[SecretPlace, ...]:
        """All that the file wants of a provider, whichever stage is looked at."""
        uses = self.project.pipeline.secrets.use.values()
        places = (
            SecretPlace(use.path, use.field, use.version)
            for use in uses
            if use.from_ == name
        )
        return tuple(dict.fromkeys(places))

    def _environments(self, name: str) -> tuple[str, ...]:
        """The environments that all its secrets are limited to; () if not all are."""
        uses = self.project.pipeline.secrets.use.values()
        limits = [use.environments for use in uses if use.from_ == name]
        if not all(limits):
            return ()
        return tuple(dict.fromkeys(each for limit in limits for each in limit))

    @property
    def _purpose(self) -> Purpose:
        return Purpose(self.project.pipeline.name, _RUN, self.stage or _RUN)


def workload(environ: Mapping[str, str]) -> Workload:
    """Who runs this, as GitHub Actions says it in *environ*.

    The ref of a pull request is left out: no role is for one.
    """
    ref = environ.get("GITHUB_REF", "")
    is_kept = ref.startswith(("refs/heads/", "refs/tags/"))
    return Workload(
        repository=environ.get("GITHUB_REPOSITORY") or None,
        repository_id=environ.get("GITHUB_REPOSITORY_ID") or None,
        owner=environ.get("GITHUB_REPOSITORY_OWNER") or None,
        owner_id=environ.get("GITHUB_REPOSITORY_OWNER_ID") or None,
        ref=ref if is_kept else None,
        workflow_ref=environ.get("GITHUB_WORKFLOW_REF") or None if is_kept else None,
    )


def _read(login: SecretLogin, variable: str, use: SecretUse) -> SecretRead:
    source = source_of(use)
    try:
        found = login.fetch(use.path, use.field, use.version)
    except ExternalError as error:
        return SecretRead(variable, source, trouble=_trouble(error))
    return SecretRead(variable, source, found.version)


def _trouble(error: ExternalError) -> Trouble:
    is_answer = isinstance(error, PermanentError)
    return Trouble(str(error), error.hint or "", is_answer)


def _check(what: str, name: str | None, known: Mapping[str, object] | set[str]) -> None:
    if name is not None and name not in known:
        raise UsageError(
            f"no secret of the pipeline file is of a {what} {name}",
            hint=f"there are: {', '.join(sorted(known)) or 'none'}",
        )
