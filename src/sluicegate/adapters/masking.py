"""Keeping secrets out of everything that programs say and write.

What is hidden is what this machine knows: see `sluicegate.adapters.known_secrets`. Each
secret is hidden as it is, and in the forms that it takes on its way: in a URL, in JSON,
in XML, in base64. Hiding it split in two, or in a form of a program's own, is beyond
this; the environment of a program is the place to keep secrets away from it.
"""

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

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

_SHORTEST_LINE = 8  # of a secret of several lines, such as a key
_LOGIN_BYTES = re.compile(URL_LOGIN.pattern.encode())


class Masks:
    """The secrets that must not be shown. They grow and never shrink; thread-safe.

    *docker_config* is the Docker CLI's ``config.json``. *learned* may be shared: what is
    learned elsewhere is hidden here, too.
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
        self._forms: tuple[str, ...] = ()
        self._form_bytes: tuple[bytes, ...] = ()
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
        self._learn()
        for form in self._forms:
            if form in text:
                text = text.replace(form, mark)
        return URL_LOGIN.sub(f"://{mark}@", text)

    def data(self, data: bytes) -> bytes:
        """*data* without secrets."""
        self._learn()
        for form in self._form_bytes:
            if form in data:
                data = data.replace(form, HIDDEN.encode())
        return _LOGIN_BYTES.sub(f"://{HIDDEN}@".encode(), data)

    def holds(self, data: bytes) -> bool:
        """Whether a secret that is known here is in *data*."""
        self._learn()
        return any(form in data for form in self._form_bytes)

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

    def _learn(self) -> None:
        if len(self._learned) != self._taken:
            known = self._learned.known()
            self._add(known)
            self._taken = len(known)

    def _add(self, secrets: Iterable[str]) -> None:
        with self._lock:
            found = self._secrets.union(secrets)
            if found == self._secrets:
                return
            self._secrets = found
            # The longest first: one may be a part of another.
            forms = {form for secret in found for form in _forms(secret)}
            self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
            self._form_bytes = tuple(map(_encode, self._forms))


def _forms(secret: str) -> Iterator[str]:
    """How *secret* may look in what a program says."""
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        parts = [each for each in lines if not each.startswith("-----")]
        yield from (each for each in parts if len(each) >= _SHORTEST_LINE)
    stripped = secret.strip()
    yield stripped
    yield quote(stripped, safe="", errors="surrogateescape")
    yield quote_plus(stripped, errors="surrogateescape")
    yield json.dumps(stripped)[1:-1]
    yield json.dumps(stripped, ensure_ascii=False)[1:-1]
    yield escape(stripped, {'"': "&quot;"})
    yield repr(stripped)[1:-1]
    encoded = _encode(stripped)
    yield base64.b64encode(encoded).decode().rstrip("=")
    yield base64.urlsafe_b64encode(encoded).decode().rstrip("=")


def _encode(text: str) -> bytes:
    """The bytes that a variable had: it need not be text."""
    return text.encode("utf-8", "surrogateescape")


class MaskingRunner(ProcessRunner):
    """Runs programs through *runner* and hides *masks* in all that they say."""

    def __init__(self, runner: ProcessRunner, masks: Masks) -> None:
        self._runner = runner
        self._masks = masks

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        masks = self._masks
        masks.refresh()
        try:
            result = self._runner.run(command, lambda line: on_line(masks.text(line)))
        except PermanentError as error:
            hint = None if error.hint is None else masks.text(error.hint)
            raise PermanentError(masks.text(str(error)), hint=hint) from None
        masks.refresh()
        return replace(
            result, stdout=masks.data(result.stdout), stderr=masks.data(result.stderr)
        )
