"""The Git repository of the demo: the sample service, and its three releases."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.ports.process import ProcessRunner
from sluicegate.wiring.templates import templates

_TIMEOUT = timedelta(minutes=2)
_MODEL = Path("model/model.json")
_PREDICTIONS = Path("out/predictions.jsonl")
_CHAMPION = Path("evaluation/champion.jsonl")

# Neither the user's own Git settings nor their hooks have a say here.
_GIT_ENV = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A release of the sample: what its author would have written about it."""

    name: str
    subject: str
    patch: str | None = None


CHANGES = (
    Change("v1", "Tell penguins apart by their measurements"),
    Change("v2", "Scale the measurements before training", "v2.patch"),
    Change("v3", "Learn from the sex of the birds, too", "v3.patch"),
)


class DemoProject:
    """A repository in *path*, which may not exist yet."""

    def __init__(self, path: Path, process: ProcessRunner) -> None:
        self.path = path
        self._process = process

    def create(self, pipeline: str) -> None:
        """Copy the sample, give it *pipeline* as its pipeline file, and start Git."""
        litter = shutil.ignore_patterns(".*_cache", "__pycache__", ".venv", "out")
        shutil.copytree(templates() / "sample-service", self.path, ignore=litter)
        (self.path / "sluicegate.yaml").write_text(pipeline, encoding="utf-8")
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("config", "user.name", "Sluicegate Demo")
        self._git("config", "user.email", "demo@sluicegate.invalid")

    def commit(self, change: Change) -> str:
        """Apply *change*, train and judge the model anew, commit and tag.

        What the model before says of the held-out birds becomes what there is to beat.

        Returns:
            The version of the trained model, which it puts on its replies.
        """
        if change.patch is not None:
            self._git("apply", str(templates() / "demo" / change.patch))
            shutil.copyfile(self.path / _PREDICTIONS, self.path / _CHAMPION)
        self._python("train.py")
        self._python("evaluate.py", "--card")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--no-verify", f"--message={change.subject}")
        self._git("tag", change.name)
        return self.model()[0]

    def model(self) -> tuple[str, float]:
        """The version of the trained model, and its accuracy on held-out birds."""
        model = json.loads((self.path / _MODEL).read_text(encoding="utf-8"))
        return str(model["version"]), float(model["metrics"]["accuracy"])

    def _python(self, *arguments: str) -> None:
        env = {"PYTHONDONTWRITEBYTECODE": "1"}
        self._run((sys.executable, *arguments), env=env)

    def _git(self, *arguments: str) -> None:
        self._run(("git", *arguments), env=_GIT_ENV)

    def _run(self, argv: tuple[str, ...], env: Mapping[str, str]) -> None:
        run_checked(self._process, Command(argv, str(self.path), _TIMEOUT, env))


def run_checked(
    process: ProcessRunner,
    command: Command,
    on_line: Callable[[str], None] = lambda _: None,
) -> bytes:
    """Run a program that must succeed, and return its standard output.

    Raises:
        PermanentError: it did not; the message ends with what it said.
    """
    result = process.run(command, on_line)
    if result.exit_code != 0:
        said = (result.stderr or result.stdout).decode(errors="replace").strip()
        raise PermanentError(
            f"`{' '.join(command.argv)}` ended with exit code {result.exit_code}:"
            f"\n{said}"
        )
    return result.stdout
