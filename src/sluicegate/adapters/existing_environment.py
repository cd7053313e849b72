"""The project's Python as it is: found if it is there, never made."""

import time
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.python_environment import PythonEnvironments
from sluicegate.errors import TransientError
from sluicegate.ports.process import ProcessRunner


class ExistingEnvironments(PythonEnvironments):
    """As `PythonEnvironments`, but what is not there is not installed."""

    def __init__(
        self,
        project: Path,
        cache: Path,
        runner: ProcessRunner,
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(
            project, cache, runner, environ, lambda _line: None, time.sleep
        )

    @override
    def find(self) -> Path:
        """The project's environment.

        Raises:
            TransientError: it has not been made yet.
            PermanentError: what decides it cannot be read.
        """
        own = self.own()
        if own is not None:
            return own
        environment = self._cache / self._key(self.dependencies())
        if self._is_complete(environment):
            return environment
        raise TransientError(
            "the project's Python environment is not made yet",
            hint="the first run makes it",
        )
