"""This machine and this user: environment, clocks, programs, folders."""

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.model.ulid import format_ulid

_APPLICATION = "sluicegate"


@dataclass(frozen=True)
class Machine:
    """This machine and this user: environment, clocks, programs, folders.

    Source:
        XDG Base Directory Specification 0.8 for the folders.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @cached_property
    def stop(self) -> StopRequest:
        """The request to stop, shared by everything that waits."""
        return StopRequest()

    @cached_property
    def clock(self) -> SystemClock:
        """The clocks."""
        return SystemClock(self.stop)

    @cached_property
    def process(self) -> SubprocessRunner:
        """Runs programs, with this environment stripped of secrets."""
        return SubprocessRunner(self.stop, self.environ)

    def environ_without(self, names: Collection[str]) -> dict[str, str]:
        """The environment for processes that must not see the variables *names*."""
        return {k: value for k, value in self.environ.items() if k not in names}

    def process_without(self, names: Collection[str]) -> SubprocessRunner:
        """Runs programs as `process` does, without the variables *names*."""
        if not names:
            return self.process
        return SubprocessRunner(self.stop, self.environ_without(names))

    @property
    def home(self) -> Path:
        """The user's home folder."""
        return Path(self.environ.get("HOME") or Path.home())

    @property
    def config_folder(self) -> Path:
        """Where the log keys of this user are, outside every repository."""
        return self._folder("XDG_CONFIG_HOME", ".config")

    @property
    def state_folder(self) -> Path:
        """Where pins and the state of environments are."""
        return self._folder("XDG_STATE_HOME", ".local/state")

    @property
    def cache_folder(self) -> Path:
        """What can be lost: environments of projects, caches of tools."""
        return self._folder("XDG_CACHE_HOME", ".cache")

    @property
    def ca_bundle(self) -> str | None:
        """The file of CA certificates this machine is told to use, if it exists."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
        paths = (self.environ.get(name, "") for name in names)
        return next((path for path in paths if path and Path(path).is_file()), None)

    def new_id(self) -> str:
        """A new ULID."""
        unix_ms = round(self.clock.now().timestamp() * 1000)
        return format_ulid(unix_ms, secrets.token_bytes(10))

    def _folder(self, variable: str, default: str) -> Path:
        """A relative path in the variable is ignored, as the specification demands."""
        named = Path(self.environ.get(variable, ""))
        return (named if named.is_absolute() else self.home / default) / _APPLICATION
