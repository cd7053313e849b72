"""Whether the secrets of a pipeline file fit its stages, environments and providers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluicegate.config.check import Checker
from sluicegate.config.entry_gates import stages_to
from sluicegate.config.secrets_paths import problems_of
from sluicegate.config.secrets_stages import Environments, read_by, why_useless
from sluicegate.config.secrets_variables import refuse_variable, repeated
from sluicegate.config.stagelist import StageList
from sluicegate.config.tree import Leaf, Path, Table, child
from sluicegate.config.wording import suggest
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.notify import Notify, WebhookNotify
from sluicegate.stages.secrets.settings import KINDS, Provider, SecretUse
from sluicegate.stages.secrets.vault import AppRoleAuth, VaultProvider

MAX_SECRETS = 20
"""The most that one stage may get: an entry of the log, 32 KiB, names them all."""

_USE: Path = ("secrets", "use")


def check_secrets(
    checker: Checker,
    stages: StageList,
    environments: Environments,
    notify: tuple[Notify, ...],
) -> None:
    """Report secrets that no stage could get, or that would get where none may be.

    They are looked at one by one: a slip in one hides none in another.
    """
    providers = _read_providers(checker)
    uses = _read_uses(checker)
    file = _File(checker, stages, environments, providers)
    for variable, use in uses.items():
        file.check(variable, use)
    _check_numbers(checker, uses)
    _check_readers(checker, stages, environments, uses)
    _check_own(checker, uses, notify, providers)


def _entries(checker: Checker, key: str) -> tuple[str, ...]:
    table = child(checker.root, "secrets")
    found = None if table is None else child(table, key)
    return tuple(found.entries) if isinstance(found, Table) else ()


def _read_providers(checker: Checker) -> dict[str, Provider | None]:
    """Providers by name; None for one that has problems of its own, all reported."""
    found: dict[str, Provider | None] = {}
    for name in _entries(checker, "providers"):
        path = ("secrets", "providers", name)
        table = child(checker.root.entries["secrets"].node, "providers")
        node = None if table is None else child(table, name)
        uses = None if node is None else child(node, "uses")
        kind = uses.value if isinstance(uses, Leaf) else None
        known = KINDS.get(kind) if isinstance(kind, str) else None
        found[name] = None if known is None else checker.read(known, path)
    return found


def _read_uses(checker: Checker) -> dict[str, SecretUse]:
    read = {
        variable: checker.read(SecretUse, (*_USE, variable))
        for variable in _entries(checker, "use")
    }
    return {name: use for name, use in read.items() if use is not None}


@dataclass(frozen=True, slots=True)
class _File:
    """What the uses of a file are held against."""

    checker: Checker
    stages: StageList
    environments: Environments
    providers: Mapping[str, Provider | None]

    def check(self, variable: str, use: SecretUse) -> None:
        """Report what is wrong with the *use* of *variable*."""
        path = (*_USE, variable)
        refused = refuse_variable(variable)
        if refused is not None:
            self.checker.report(path, refused)
        self._check_source(path, use)
        self._check_stages(path, variable, use)
        self._check_environments(path, use)

    def _check_source(self, path: Path, use: SecretUse) -> None:
        if use.from_ not in self.providers:
            choice = suggest(use.from_, self.providers) or (
                "; name it first: providers: {here: {uses: environment}}"
            )
            message = f"no provider is called {use.from_!r}{choice}"
            self.checker.report((*path, "from"), message)
            return
        provider = self.providers[use.from_]
        if provider is not None:
            for key, why in problems_of(use, provider, logins_of(self.providers)):
                self.checker.report((*path, key), why)

    def _check_stages(self, path: Path, variable: str, use: SecretUse) -> None:
        for index, stage in repeated(use.stages):
            self.checker.report((*path, "stages", index), f"{stage!r} is already given")
        for index, stage in enumerate(use.stages):
            place = (*path, "stages", index)
            if stage not in self.stages.needs:
                choice = suggest(stage, self.stages.needs)
                self.checker.report(place, f"unknown stage {stage!r}{choice}")
            elif kind := self.stages.kinds.get(stage):
                why = why_useless(kind, variable, self.environments)
                if why is not None:
                    self.checker.report(place, why)

    def _check_environments(self, path: Path, use: SecretUse) -> None:
        known = child(self.checker.root, "environments")
        names = tuple(known.entries) if isinstance(known, Table) else ()
        for index, name in repeated(use.environments):
            place = (*path, "environments", index)
            self.checker.report(place, f"{name!r} is already given")
        for index, name in enumerate(use.environments):
            place = (*path, "environments", index)
            if name not in names:
                choice = suggest(name, names) or "; the file has none"
                self.checker.report(place, f"unknown environment {name!r}{choice}")
            elif self._nothing_goes_to(name):
                self.checker.report(
                    place, f"no stage goes to {name}, so no run would ever get it"
                )
        for index, name in self._elsewhere(use):
            self.checker.report(
                (*path, "stages", index),
                f"goes to {name}, and the secret is for {', '.join(use.environments)}"
                f" alone: add {name} to its environments, or leave the stage out",
            )

    def _nothing_goes_to(self, environment: str) -> bool:
        unread = self.stages.needs.keys() - self.stages.kinds.keys()
        return not unread and not stages_to(self.stages, environment)

    def _elsewhere(self, use: SecretUse) -> Iterator[tuple[int, str]]:
        """The stages that go to an environment that the secret is not for."""
        for index, name in enumerate(use.stages):
            stage = self.stages.kinds.get(name)
            if (
                isinstance(stage, CanaryStage)
                and use.environments
                and stage.environment not in use.environments
            ):
                yield index, stage.environment


def logins_of(providers: Mapping[str, Provider | None]) -> dict[str, str]:
    """The variables with which sluicegate logs in, and the provider it logs in to."""
    return {
        provider.auth.secret_id_env: name
        for name, provider in providers.items()
        if isinstance(provider, VaultProvider)
        and isinstance(provider.auth, AppRoleAuth)
    }


def _check_numbers(checker: Checker, uses: Mapping[str, SecretUse]) -> None:
    counts: dict[str, int] = {}
    for variable, use in uses.items():
        for index, stage in enumerate(dict.fromkeys(use.stages)):
            counts[stage] = counts.get(stage, 0) + 1
            if counts[stage] == MAX_SECRETS + 1:
                place = (*_USE, variable, "stages", index)
                message = f"{stage!r} gets more than {MAX_SECRETS} secrets"
                checker.report(place, message)


def _check_readers(
    checker: Checker,
    stages: StageList,
    environments: Environments,
    uses: Mapping[str, SecretUse],
) -> None:
    """Report stages that read a secret by its variable and are not given it."""
    for name, stage in stages.kinds.items():
        for variable in sorted(read_by(stage, environments)):
            use = uses.get(variable)
            if use is not None and name not in use.stages:
                checker.report(
                    (*_USE, variable, "stages"),
                    f"stage {name!r} reads {variable} too, and no other stage gets it:"
                    f" add {name!r}",
                )


def _check_own(
    checker: Checker,
    uses: Mapping[str, SecretUse],
    notify: tuple[Notify, ...],
    providers: Mapping[str, Provider | None],
) -> None:
    """Report variables that only sluicegate itself reads."""
    logins = logins_of(providers)
    told = {each.url.env for each in notify if isinstance(each, WebhookNotify)}
    for variable in uses:
        if variable in told:
            checker.report(
                (*_USE, variable),
                f"notify reads {variable}, and no stage sees that: take another name"
                " for one of them",
            )
        if variable in logins:
            checker.report(
                (*_USE, variable),
                f"{variable} is how sluicegate logs in to {logins[variable]}, and no"
                " stage sees that: take another name",
            )
