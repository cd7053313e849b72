"""Running ``git`` for a log that is kept in a ref.

Not by `ports.process.ProcessRunner`: these commands read standard input, and what is
due in the log is still written when the run was asked to stop. They run in a session
of their own, so that Ctrl-C does not cut a push in two, ask nobody for a password, run
no hooks, and know nothing of a repository or an index that the environment names.
"""

import os
import re
import signal
import subprocess  # noqa: TID251 - see above
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from sluicegate.errors import PermanentError
from sluicegate.model.credential import hide

LOCAL_SECONDS = 120.0
NETWORK_SECONDS = 600.0  # the first fetch of a long log over a slow line

Settings = tuple[tuple[str, str], ...]
"""Git configuration, name and value, the last of a name wins."""

_PASSED_ON = re.compile(
    r"GIT_(SSH|SSH_.*|SSL_.*|HTTP_.*|ASKPASS|PROXY_.*|CONFIG_.*|EXEC_PATH"
    r"|ALLOW_PROTOCOL|PROTOCOL_FROM_USER)"
)
_GIVEN_SETTING = re.compile(r"GIT_CONFIG_(KEY|VALUE)_[0-9]+|GIT_CONFIG_COUNT")
_NAME, _MAIL = "sluicegate", "sluicegate@sluicegate.invalid"
COMMITTER = f"{_NAME} <{_MAIL}>"
"""Who commits to a log's ref: the program, so that no person's address is in it."""

_ALWAYS = {
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_AUTHOR_NAME": _NAME,
    "GIT_AUTHOR_EMAIL": _MAIL,
    "GIT_COMMITTER_NAME": _NAME,
    "GIT_COMMITTER_EMAIL": _MAIL,
}
_SETTINGS: Settings = (
    ("core.hooksPath", os.devnull),
    ("gc.autoDetach", "false"),
    ("fetch.prune", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("push.followTags", "false"),
    ("push.gpgSign", "false"),
    ("push.negotiate", "false"),
)


class Said(NamedTuple):
    """How a command ended; ``stderr`` is fit to be shown."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """What it printed, without the last newline."""
        return self.stdout.decode("utf-8", "replace").rstrip("\n")

    @property
    def reason(self) -> str:
        """Why it failed, in one line."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        told = [one for one in lines if one.startswith(("fatal:", "error:", "remote:"))]
        return "; ".join((told or lines)[-3:]) or f"git exited with {self.exit_code}"


@dataclass(frozen=True, slots=True)
class GitProgram:
    """``git`` in the folder *cwd*.

    *environ* is the environment of this process; *variables* are added to it, and
    *settings* to the configuration, neither of which shows in a list of processes.
    """

    environ: Mapping[str, str]
    cwd: Path
    settings: Settings = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def knowing(self, settings: Settings = (), **variables: str) -> "GitProgram":
        """The same with more settings and variables."""
        return replace(
            self,
            settings=(*self.settings, *settings),
            variables={**self.variables, **variables},
        )

    def ask(self, *arguments: str, stdin: bytes = b"") -> Said:
        """Run a command that is not to fail.

        Raises:
            PermanentError: it fails, or git cannot be started.
        """
        said = self.run(*arguments, stdin=stdin)
        if said.exit_code:
            raise PermanentError(
                f"git {arguments[0]}: {said.reason}",
                hint=f"if this stays, remove {self.cwd}: all in it can be had again",
            )
        return said

    def run(
        self, *arguments: str, stdin: bytes = b"", seconds: float = LOCAL_SECONDS
    ) -> Said:
        """Run a command to its end.

        One that has not ended in *seconds* is killed, and says so.

        Raises:
            PermanentError: git cannot be started.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, all is ours
                ("git", *arguments),  # noqa: S607 - the user's git
                cwd=self.cwd,
                env=_build_environment(self.environ, self.settings, self.variables),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise PermanentError(
                f"cannot start git: {error}",
                hint="the log is kept in a Git ref; install git 2.31 or newer",
            ) from error
        with process:
            try:
                stdout, stderr = process.communicate(stdin, timeout=seconds)
            except subprocess.TimeoutExpired:
                _kill(process)
                return Said(-signal.SIGKILL, b"", f"not ended in {seconds:g} s")
            except BaseException:
                _kill(process)
                raise
        return Said(process.returncode, stdout, hide(stderr.decode("utf-8", "replace")))


def _build_environment(
    environ: Mapping[str, str], settings: Settings, variables: Mapping[str, str]
) -> dict[str, str]:
    """What git is told: *settings*, then those it was given, then ours."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("GIT_", "SLUICE_"))
        or (_PASSED_ON.fullmatch(name) and not _GIVEN_SETTING.fullmatch(name))
    }
    if "SSH_ASKPASS_REQUIRE" not in kept:  # no window opens
        kept.pop("SSH_ASKPASS", None)
        kept["SSH_ASKPASS_REQUIRE"] = "never"
    kept |= _ALWAYS | dict(variables)
    every = [*settings, *_read_given(environ), *_SETTINGS]
    kept["GIT_CONFIG_COUNT"] = str(len(every))
    for number, (name, value) in enumerate(every):
        kept[f"GIT_CONFIG_KEY_{number}"] = name
        kept[f"GIT_CONFIG_VALUE_{number}"] = value
    return kept


def _read_given(environ: Mapping[str, str]) -> Settings:
    """The settings that come with the environment: in CI, often the credentials."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    numbers = range(int(count)) if count.isdecimal() else range(0)
    return tuple(
        (environ[f"GIT_CONFIG_KEY_{one}"], environ.get(f"GIT_CONFIG_VALUE_{one}", ""))
        for one in numbers
        if f"GIT_CONFIG_KEY_{one}" in environ
    )


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End git and its helpers, which would keep the pipes open."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()
