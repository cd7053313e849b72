"""Keeping secrets out of everything that programs say and write.

What is hidden is what this machine knows, see `sluicegate.adapters.known_secrets`, and
what it is told meanwhile. Each secret is hidden as it is, and in the forms that it
takes on its way, see `sluicegate.adapters.hiding`. A form of a program's own is beyond
this; the environment of a program is the place to keep secrets away from it.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from sluicegate.adapters.known_logins import in_kubeconfig, token_files_of
from sluicegate.adapters.known_secrets import (
    in_docker_config,
    in_environment,
    in_file,
    in_variable,
)
from sluicegate.adapters.learned_secrets import LearnedSecrets
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.credential import HIDDEN, URL_LOGIN
from sluicegate.ports.process import OnLine, ProcessRunner

if TYPE_CHECKING:
    from sluicegate.adapters.hiding.finder import Finder

_LOGIN_BYTES = re.compile(URL_LOGIN.pattern.encode())


class Masks:
    """The secrets that must not be shown. They grow and never shrink; thread-safe.

    *docker_config* is the Docker CLI's ``config.json``. *learned* may be shared: what
    is learned elsewhere is hidden here, too.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        docker_config: Path | None,
        learned: LearnedSecrets | None = None,
    ) -> None:
        self._learned = LearnedSecrets() if learned is None else learned
        self._taken = 0  # so many of those that were learned
        self._environ = environ
        self._docker_config = docker_config
        self._files: list[Path] = []
        self._kubeconfigs: list[Path] = []
        self._seen: dict[Path, tuple[int, int]] = {}
        self._lock = threading.RLock()
        self._secrets: frozenset[str] = frozenset()
        self._add(in_environment(environ))
        self.refresh()

    def name(
        self,
        variables: Iterable[str],
        files: Iterable[Path],
        kubeconfigs: Iterable[Path] = (),
    ) -> None:
        """Hide the values of these variables, what is in these files, and logins."""
        for variable in variables:
            self._add(in_variable(variable, self._environ))
        with self._lock:
            self._files += files
            self._kubeconfigs += kubeconfigs
        self.refresh()

    def hide(self, values: Iterable[str]) -> None:
        """Hide *values* from now on, such as secrets that were just fetched.

        Of what is shorter than four characters nothing is hidden: it is everywhere.
        """
        self._learned.add(values)

    def refresh(self) -> None:
        """Read the files again that have changed: a login may be renewed meanwhile."""
        with self._lock:
            config = self._docker_config
            if config is not None and self._has_changed(config):
                self._add(in_docker_config(config))
            for path in self._kubeconfigs:
                if self._has_changed(path):
                    self._add(in_kubeconfig(path))
                    self._files += token_files_of(path)
            for path in dict.fromkeys(self._files):
                if self._has_changed(path):
                    self._add(in_file(path))

    def text(self, text: str, mark: str = HIDDEN) -> str:
        """*text* with *mark* for every secret."""
        data = text.encode("utf-8", "surrogatepass")
        hidden = self.finder().hide(data, mark.encode())
        if hidden is not data:
            text = _decode(hidden)
        return URL_LOGIN.sub(f"://{mark}@", text)

    def data(self, data: bytes) -> bytes:
        """*data* without secrets."""
        data = self.finder().hide(data, HIDDEN.encode())
        return _LOGIN_BYTES.sub(f"://{HIDDEN}@".encode(), data)

    def holds(self, data: bytes) -> bool:
        """Whether a secret that is known here is in *data*."""
        return self.finder().are_in(data)

    def finder(self) -> "Finder":
        """What finds the secrets that are known now."""
        if len(self._learned) != self._taken:
            known = self._learned.known()
            self._add(known)
            self._taken = len(known)
        return _build_finder(self._secrets)

    def _has_changed(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        seen = (status.st_mtime_ns, status.st_size)
        if self._seen.get(path) == seen:
            return False
        self._seen[path] = seen
        return True

    def _add(self, secrets: Iterable[str]) -> None:
        with self._lock:
            self._secrets = self._secrets.union(secrets)


@lru_cache(maxsize=8)
def _build_finder(secrets: frozenset[str]) -> "Finder":
    """One for all that hide the same: it takes a moment to build."""
    from sluicegate.adapters.hiding.finder import (  # noqa: PLC0415 - not for --help
        Finder,
    )

    return Finder(secrets)


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a part of a character belongs to a secret
        return text.decode(errors="replace")


class MaskingRunner(ProcessRunner):
    """Runs programs through *runner* and hides *masks* in all that they say."""

    def __init__(self, runner: ProcessRunner, masks: Masks) -> None:
        self._runner = runner
        self._masks = masks

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        from sluicegate.adapters.hiding.lines import (  # noqa: PLC0415 - likewise
            LineHider,
        )

        masks = self._masks
        masks.refresh()
        lines = LineHider(masks.finder, on_line)
        try:
            result = self._runner.run(command, lines)
        except PermanentError as error:
            hint = None if error.hint is None else masks.text(error.hint)
            raise PermanentError(masks.text(str(error)), hint=hint) from None
        finally:
            lines.close()
        masks.refresh()
        return replace(
            result, stdout=masks.data(result.stdout), stderr=masks.data(result.stderr)
        )
