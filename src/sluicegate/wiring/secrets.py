"""Who keeps the secrets of a project, which of them count, and what leads to them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sluicegate.config.secrets_changed import Ruled, changed_uses, refuse_login
from sluicegate.errors import (
    ExternalError,
    PermanentError,
    SluicegateError,
    UsageError,
)
from sluicegate.ports.secrets import SecretProvider
from sluicegate.stages.secrets.settings import Secrets
from sluicegate.stages.secrets.stripping import stripped_variables
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project


@dataclass(frozen=True)
class ProjectSecrets:
    """The secrets of *project*, for a whole process. May be used from any thread."""

    project: Project
    _built: dict[str, SecretProvider] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def _mine(self) -> Secrets:
        return self.project.pipeline.secrets

    def provider(self, name: str) -> SecretProvider:
        """The provider *name* of the pipeline file, built when it is first wanted.

        Raises:
            PermanentError: it cannot be used on this machine.
        """
        with self._lock:
            if name not in self._built:
                self._built[name] = self._build(name)
            return self._built[name]

    def _build(self, name: str) -> SecretProvider:
        from sluicegate.wiring.secret_providers import (  # noqa: PLC0415 - rare, slow
            build_provider,
        )

        self.check_login(name)
        settings = self._mine.providers[name]
        environ = self.project.machine.environ
        try:
            return build_provider(name, settings, self.project, environ)
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error

    def check_login(self, name: str) -> None:
        """See to it that *name* is shown no login that is for somebody else.

        Raises:
            PermanentError: it would be; or that cannot be told.
        """
        ruled = self._at_first
        if isinstance(ruled, SluicegateError):
            raise PermanentError(str(ruled), hint=ruled.hint)
        why = refuse_login(self._mine.providers[name], ruled)
        if why is not None:
            raise PermanentError(
                f"{name} cannot log in: {why}",
                hint="its settings are others there: merge them first, or log in with"
                " a variable of its own",
            )

    def refused(self) -> Mapping[str, str]:
        """Of which variables the protected branch does not let the use count, and why.

        It is read anew each time, for it may have moved; and it must have been so when
        this process began, too: a program of a stage can move it on this machine.

        Raises:
            UsageError: the pipeline file there cannot be used.
            ExternalError: Git fails.
        """
        mine = Ruled.of(self.project.pipeline)
        before = self._at_first
        if isinstance(before, SluicegateError):
            raise before
        now = PolicySource(self.project).secrets()
        return {**changed_uses(mine, before), **changed_uses(mine, now)}

    @cached_property
    def _at_first(self) -> Ruled | SluicegateError | None:
        """What the protected branch says, as it is before any program has run."""
        try:
            return PolicySource(self.project).secrets()
        except (UsageError, ExternalError) as error:
            return error

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The variables that no program may see, whatever else it is given.

        A branch that names a secret no more does not get it as an ordinary variable.
        """
        found, protected = stripped_variables(self._mine), self._at_first
        if isinstance(protected, Ruled):
            return found | stripped_variables(protected.secrets)
        return found  # whoever needs to know what is there says what is wrong
