"""The demo itself: three releases under load, and an attempt on the log.

Every act is done by the same commands a user would type, run as programs of their own,
and their exit codes are checked: where the world is not as the demo tells it, it stops
and says so.
"""

import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sluicegate.demo.load import Load, read_bodies
from sluicegate.demo.machinery import Engine, Machinery, can_find_vulnerabilities
from sluicegate.demo.pipeline import ENVIRONMENT, RATE, Choices
from sluicegate.demo.project import CHANGES, Change, DemoProject
from sluicegate.demo.result import (
    Released,
    Shown,
    Verified,
    parse_problems,
    parse_run,
)
from sluicegate.demo.show import Screen
from sluicegate.errors import PermanentError, UsageError

_OPEN, _CLOSED, _TAMPERED = 0, 1, 5
_EXPECTED = {
    "v1": (_OPEN, "deployed"),
    "v2": (_OPEN, "promoted"),
    "v3": (_CLOSED, "rolled_back"),
}
_NO_DATABASE = (
    "KNOWN VULNERABILITIES WERE NOT LOOKED FOR: Trivy's database could not be had here."
    " The demo's pipeline file asks for secrets and misconfigurations only."
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller of the demo wants. ``folder`` must not exist, or be empty."""

    folder: Path
    port: int
    keep: bool


class Demo:
    """One performance of the demo in *wishes.folder*."""

    def __init__(self, wishes: Wishes, machinery: Machinery, screen: Screen) -> None:
        self._wishes = wishes
        self._machinery = machinery
        self._screen = screen
        self._folder = wishes.folder.absolute()
        self._project = DemoProject(self._folder / "penguins", machinery.process)
        # Keys, pins and the environment's state are the demo's own; caches are shared.
        self._env = {
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "XDG_STATE_HOME": str(self._folder / "state"),
        }

    def play(self) -> Shown:
        """Show everything, and take it down again unless it is to be kept.

        Raises:
            ExternalError: a part of it failed, or did not do what it should.
            Interrupted: the user has seen enough.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        engine = Engine(self._machinery, self._folder)
        choices, notes = self._choose(engine)
        self._project.create(choices.pipeline())
        started = time.monotonic()  # what getting ready takes depends on the machine
        with self._taken_down(choices.project):
            first = self._release(CHANGES[0])
            load = Load(choices.port, read_bodies(self._data()), rate=RATE)
            self._screen.say(
                f"from here on, {RATE} requests a second ask 127.0.0.1:{choices.port}"
                " what kind of penguin they are"
            )
            with load.running():
                rest = tuple(self._release(change) for change in CHANGES[1:])
            verified = self._verify()
            shown = Shown(
                releases=(first, *rest),
                tally=load.tally,
                verified=verified,
                seconds=time.monotonic() - started,
                notes=notes,
            )
            _check_traffic(shown)
        self._screen.summary(shown, self._project.path, kept=self._wishes.keep)
        return shown

    def _choose(self, engine: Engine) -> tuple[Choices, tuple[str, ...]]:
        """See what this machine has, and choose accordingly."""
        self._screen.heading("Getting ready")
        base = engine.base(self._screen.say)
        self._screen.say("asking for Trivy's vulnerability database")
        vulnerabilities = can_find_vulnerabilities(self._machinery, self._folder)
        notes = () if base.note is None else (base.note,)
        for note in notes:
            self._screen.note(note)
        if not vulnerabilities:
            self._screen.warn(_NO_DATABASE)
            notes = (*notes, _NO_DATABASE)
        return Choices(self._wishes.port, base.image, vulnerabilities), notes

    @contextmanager
    def _taken_down(self, project: str) -> Iterator[None]:
        """Remove what a killed demo left here, and at the end what this one made."""
        state = self._folder / "state" / "sluicegate" / "targets"
        environment = state / project / ENVIRONMENT
        self._machinery.remove(project, ENVIRONMENT, environment)
        check_port(self._wishes.port)
        try:
            yield
        finally:
            if not self._wishes.keep:
                self._screen.say("taking the demo's containers and images down")
                self._machinery.remove(project, ENVIRONMENT, environment)
                self._machinery.remove_images(project)

    def _release(self, change: Change) -> Released:
        self._screen.heading(f"{change.name} · {change.subject}")
        model = self._project.commit(change)
        _, accuracy = self._project.model()
        self._screen.say(
            f"trained: {accuracy:.1%} of the held-out birds are told right"
        )
        began = time.monotonic()
        code, document = self._sluice(("run", "--json"))
        seconds = time.monotonic() - began
        expected, result = _EXPECTED[change.name]
        if code not in {_OPEN, _CLOSED}:
            raise PermanentError(
                f"`sluice run` of {change.name} ended with exit code {code}",
                hint="what it said is above",
            )
        run = parse_run(document)
        if (code, run.result) != (expected, result):
            raise PermanentError(
                f"{change.name} should have been {result} (exit code {expected}), but"
                f" `sluice run` ended with exit code {code}: {run.result}",
                hint=f"its log is in {self._project.path}/.sluicegate/audit",
            )
        return Released(change, model, accuracy, run, seconds)

    def _verify(self) -> Verified:
        """Verify the log, then a copy of it in which one byte is another."""
        self._screen.heading("The log")
        code, document = self._sluice(("audit", "verify", "--json"))
        if code != _OPEN:
            raise PermanentError(f"the log does not verify (exit code {code})")
        self._screen.say("`sluice audit verify`: all is what was written")
        log = self._project.path / ".sluicegate" / "audit"
        copy = self._folder / "altered-log"
        shutil.copytree(log, copy)
        altered, offset = alter(copy)
        code, document = self._sluice(("audit", "verify", "--json", "--log", str(copy)))
        sound, problems = parse_problems(document)
        if code != _TAMPERED or sound or not problems:
            raise PermanentError(
                f"a byte of {altered} was changed, and `sluice audit verify` ended with"
                f" exit code {code}"
            )
        self._screen.say(f"one byte changed in a copy, and again: {problems[0]}")
        return Verified(altered, offset, problems[0])

    def _sluice(self, arguments: tuple[str, ...]) -> tuple[int, bytes]:
        argv = (sys.executable, "-m", "sluicegate", *arguments)
        path = str(self._project.path)
        return self._machinery.foreground.run(argv, cwd=path, env=self._env)

    def _data(self) -> Path:
        return self._project.path / "data" / "penguins.csv"


def alter(log: Path) -> tuple[str, int]:
    """Change one byte of *log*: where it says that a release was rolled back.

    Returns:
        The name of the object, and the byte's offset in it.

    Raises:
        PermanentError: no entry says so.
    """
    for path in sorted(log.rglob("*"), reverse=True):
        data = path.read_bytes() if path.is_file() else b""
        offset = data.rfind(b"rolled_back")
        if offset >= 0:
            path.chmod(0o600)
            path.write_bytes(data[:offset] + b"R" + data[offset + 1 :])
            return str(path.relative_to(log)), offset
    raise PermanentError("the log does not say that a release was rolled back")


def check_port(port: int) -> None:
    """See that *port* is free.

    Raises:
        UsageError: it is not.
    """
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise UsageError(
            f"port {port} of this machine is not free: {error.strerror}",
            hint="name another one: sluice demo --port N",
        ) from None


def _check_traffic(shown: Shown) -> None:
    """See that nobody but the users of the bad release saw a failure.

    Raises:
        PermanentError: somebody did.
    """
    failed: Mapping[str, int] = {
        released.change.name: shown.served(released).failed
        for released in shown.releases
        if released.change.name != CHANGES[-1].name
    }
    if shown.tally.lost or any(failed.values()):
        raise PermanentError(
            f"requests were lost on the way: {dict(shown.tally.losses)}; failures of"
            f" good releases: {dict(failed)}"
        )
