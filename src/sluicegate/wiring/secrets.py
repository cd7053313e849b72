"""Who keeps the secrets of a project, which of them count, and what leads to them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sluicegate.config.secrets_changed import changed_uses
from sluicegate.errors import ExternalError, PermanentError, UsageError
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

        settings = self._mine.providers[name]
        environ = self.project.machine.environ
        try:
            return build_provider(name, settings, self.project, environ)
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error

    def refused(self) -> Mapping[str, str]:
        """Of which variables the protected branch does not let the use count, and why.

        It is read anew each time: it may have moved.

        Raises:
            UsageError: the pipeline file there cannot be used.
            ExternalError: Git fails.
        """
        return changed_uses(self._mine, PolicySource(self.project).secrets())

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The variables that no program may see, whatever else it is given.

        A branch that names a secret no more does not get it as an ordinary variable.
        """
        found = stripped_variables(self._mine)
        try:
            protected = PolicySource(self.project).secrets()
        except (UsageError, ExternalError):
            return found  # whoever needs to know what is there says what is wrong
        return found if protected is None else found | stripped_variables(protected)
