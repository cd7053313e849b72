"""This machine and this user: environment, clocks, programs, folders."""

import os
import secrets
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.github import token
from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.keys_ephemeral import (
    DESCRIPTOR,
    VARIABLE,
    GivenKey,
    GivenKeyring,
    take_key,
)
from sluicegate.adapters.learned_secrets import LearnedSecrets, remember
from sluicegate.adapters.machine_id import pseudonym, read_machine_id
from sluicegate.adapters.own_memory import keep_others_out, wipe_variable
from sluicegate.adapters.process import ProgramEnvironment, SubprocessRunner
from sluicegate.adapters.process_plain import PlainRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import UsageError
from sluicegate.model.ulid import format_ulid
from sluicegate.ports.keyring import Keyring
from sluicegate.ports.process import ProcessRunner

_APPLICATION = "sluicegate"


@cache
def take_given_key() -> GivenKey | None:
    """The log key that this process was given; taken before a program is started.

    Raises:
        UsageError: it is given in a way that cannot be used.
    """
    try:
        return take_key(os.environ)
    finally:
        for name in (VARIABLE, DESCRIPTOR):
            os.environ.pop(name, None)


@cache
def take_given_tokens() -> Mapping[str, str]:
    """The tokens for GitHub that this process was given, by their variables."""
    try:
        tokens = token.take_tokens(os.environ)
        remember(tokens.values())
        return tokens
    finally:
        os.environ.pop(token.VARIABLE, None)


def _read_environment() -> dict[str, str]:
    """It holds the token for GitHub that is sluicegate's own: so it is masked."""
    take_given_key()
    own = take_given_tokens().get(token.VARIABLE)
    return {**os.environ, **({} if own is None else {token.VARIABLE: own})}


@dataclass(frozen=True)
class Machine:
    """This machine and this user: environment, clocks, programs, folders.

    ``platform`` is that of `sys.platform`.

    Source:
        XDG Base Directory Specification 0.8 for the folders, on macOS, too, as Git and
        most programs for engineers have it there. Microsoft's KNOWNFOLDERID for those
        of Windows: what roams with the user and what stays on the machine.
    """

    environ: Mapping[str, str] = field(default_factory=_read_environment, repr=False)
    platform: str = sys.platform
    given_key: GivenKey | None = field(default_factory=take_given_key)

    @cached_property
    def stop(self) -> StopRequest:
        """The request to stop, shared by everything that waits."""
        return StopRequest()

    @cached_property
    def learned(self) -> LearnedSecrets:
        """The secrets that were fetched; whatever is said or written hides them.

        From the first one on, no other process of the user sees into this one, and no
        core of it is dumped.
        """
        learned = LearnedSecrets()
        learned.tell(lambda _secret: keep_others_out())
        return learned

    @cached_property
    def clock(self) -> SystemClock:
        """The clocks."""
        return SystemClock(self.stop)

    @property
    def runs_stages(self) -> bool:
        """Whether this system can end a program and all that it has started."""
        return hasattr(os, "killpg")

    def check_runs_stages(self) -> None:
        """See to it that stages can be run here.

        Raises:
            UsageError: they cannot; what only reads works all the same.
        """
        if not self.runs_stages:
            raise UsageError(
                "running stages needs Linux or macOS",
                hint="use WSL on Windows; init, plan, status and audit work here",
            )

    @cached_property
    def process(self) -> ProcessRunner:
        """Runs programs, with this environment stripped of secrets."""
        return self._build_runner(self._of_programs)

    @cached_property
    def _of_programs(self) -> ProgramEnvironment:
        return ProgramEnvironment(self.environ)

    @cached_property
    def _withheld(self) -> set[str]:
        return set()

    def withhold(self, names: Collection[str]) -> None:
        """Let no program see the variables *names* from now on; this process has them.

        Neither may it look for them in this process, nor for what is fetched meanwhile.
        """
        here = {name for name in names if name in self.environ} - self._withheld
        self._withheld.update(names)
        self._of_programs.withhold(names)
        for name in here:
            if os.environ.get(name) == self.environ[name]:
                wipe_variable(name)
        if names:
            keep_others_out()

    def environ_without(self, names: Collection[str] = ()) -> dict[str, str]:
        """The environment for processes that must not see the variables *names*.

        Nor those that are withheld.
        """
        hidden = self._withheld.union(names)
        return {k: value for k, value in self.environ.items() if k not in hidden}

    def process_without(self, names: Collection[str]) -> ProcessRunner:
        """Runs programs as `process` does, without the variables *names*."""
        if not names:
            return self.process
        return self._build_runner(self.environ_without(names))

    def _build_runner(self, environ: Mapping[str, str]) -> ProcessRunner:
        if self.runs_stages:
            return SubprocessRunner(self.stop, environ)
        return PlainRunner(self.stop, environ)

    @property
    def user(self) -> str:
        """Who uses this machine, for the log: a number, or on Windows a pseudonym."""
        if hasattr(os, "getuid"):
            return str(os.getuid())
        return pseudonym(self.environ.get("USERNAME", "unknown"))

    @cached_property
    def id(self) -> str | None:
        """Tells this machine from others in the log, without its name."""
        return read_machine_id()

    @property
    def home(self) -> Path:
        """The user's home folder."""
        variable = "USERPROFILE" if self.platform == "win32" else "HOME"
        return Path(self.environ.get(variable) or Path.home())

    @property
    def config_folder(self) -> Path:
        """Where the log keys of this user are, outside every repository."""
        return self._folder("XDG_CONFIG_HOME", ".config", "APPDATA")

    @cached_property
    def keyring(self) -> Keyring:
        """The log keys of this user, and the one this process was given, if any."""
        folder = KeyDirectory(self.config_folder / "keys")
        if self.given_key is None:
            return folder
        return GivenKeyring(self.given_key, folder)

    @property
    def state_folder(self) -> Path:
        """Where pins and the state of environments are."""
        return self._folder("XDG_STATE_HOME", ".local/state", "LOCALAPPDATA", "state")

    @property
    def cache_folder(self) -> Path:
        """What can be lost: environments of projects, caches of tools."""
        return self._folder("XDG_CACHE_HOME", ".cache", "LOCALAPPDATA", "cache")

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

    def _folder(
        self, variable: str, default: str, windows: str, inside: str = ""
    ) -> Path:
        """A relative path in the variable is ignored, as the specification demands."""
        for name in (variable, windows) if self.platform == "win32" else (variable,):
            named = Path(self.environ.get(name, ""))
            if named.is_absolute():
                part = inside if name == windows else ""
                return named / _APPLICATION / part
        return self.home / default / _APPLICATION
