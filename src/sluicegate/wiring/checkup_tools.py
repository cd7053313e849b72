"""Looking at the programs that a pipeline needs. Nothing is made or installed."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.existing_environment import ExistingEnvironments
from sluicegate.adapters.search import find_programs
from sluicegate.adapters.tools import Tools
from sluicegate.errors import ExternalError, TransientError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.tool import Tool
from sluicegate.report.checkup import Check, State
from sluicegate.stages.trivy_database import parse_database
from sluicegate.wiring.machine import Machine

_PROBE_TIME = timedelta(minutes=1)
_MAX_AGE_DAYS = 7
_USUAL = ("ruff", "project-python", "docker", "trivy")
_SAID_AS = {"project-python": "python of the project", "docker": "docker client"}


@dataclass(frozen=True)
class ToolCheckup:
    """The programs for the project in *folder*.

    ``needed`` are those that the pipeline's stages ask for; others are looked at too,
    so that a person sees what could be used. ``trivy_cache`` is where the pipeline has
    Trivy keep its database, None for Trivy's own place.
    """

    machine: Machine
    folder: Path
    needed: Collection[str]
    needs_traefik: bool
    trivy_cache: str | None = None

    def checks(self) -> list[Check]:
        """One check a program."""
        found = [self._git()]
        for name in dict.fromkeys((*_USUAL, *sorted(self.needed))):
            if name == "docker":
                found += self._docker()
            elif name == "trivy":
                found += self._trivy()
            elif name == "project-python":
                found.append(self._python())
            elif name == "ruff":
                found.append(self._ruff())
            else:
                found.append(self._check(name, self._find(name)))
        return [*found, self._traefik()] if self.needs_traefik else found

    @cached_property
    def _tools(self) -> Tools:
        machine = self.machine
        return Tools(
            self.folder, machine.cache_folder, machine.process, machine.environ
        )

    @cached_property
    def _pythons(self) -> ExistingEnvironments:
        machine = self.machine
        return ExistingEnvironments(
            self.folder, machine.cache_folder, machine.process, machine.environ
        )

    def _find(self, name: str) -> Tool | ExternalError:
        try:
            return self._tools.find(name)
        except ExternalError as error:
            return error

    def _check(self, name: str, found: Tool | ExternalError) -> Check:
        is_needed = name in self.needed
        shown = _SAID_AS.get(name, name)
        if isinstance(found, Tool):
            return Check(
                shown,
                State.FOUND,
                found.version,
                _place(found),
                is_needed=is_needed,
            )
        state = State.WARNING if isinstance(found, TransientError) else State.MISSING
        advice = found.hint or ""
        return Check(shown, state, "", str(found), advice, is_needed=is_needed)

    def _git(self) -> Check:
        path = next(find_programs("git", self.machine.environ), None)
        if path is None:
            return Check("git", State.MISSING, advice="apt-get install git")
        said = self._ask(str(path), "--version")
        words = said.stdout.decode(errors="replace").split()
        return Check("git", State.FOUND, words[-1] if words else "", str(path))

    def _ruff(self) -> Check:
        """The ruff that would lint; one in an environment to come is not asked for."""
        own = self._pythons.own()
        try:
            if own is None and "ruff" in self._pythons.dependencies().names:
                self._pythons.find()
        except ExternalError as error:
            return self._check("ruff", error)
        return self._check("ruff", self._find("ruff"))

    def _python(self) -> Check:
        try:
            return self._check("project-python", self._pythons.python())
        except TransientError as error:
            manner = self._pythons.dependencies().manner.value
            told = TransientError(f"to be made: {manner}", hint=error.hint)
            return self._check("project-python", told)
        except ExternalError as error:
            return self._check("project-python", error)

    def _docker(self) -> list[Check]:
        found = self._find("docker")
        client = self._check("docker", found)
        if not isinstance(found, Tool):
            return [client]
        said = self._ask(*found.argv, "version", "--format", "{{.Server.Version}}")
        version = said.stdout.decode(errors="replace").strip()
        needed = client.is_needed
        engine = Check("docker engine", State.FOUND, version, is_needed=needed)
        if found.name == "docker":  # else the classic builder, under its own name
            buildkit = Check("buildkit", State.FOUND, is_needed=needed)
        else:
            buildkit = Check(
                "buildkit",
                State.WARNING,
                is_needed=needed,
                where=f"the classic builder is used: {found.origin}",
                advice="apt-get install docker-buildx-plugin (Debian 13, Ubuntu:"
                " docker-buildx)",
            )
        return [client, engine, buildkit]

    def _trivy(self) -> list[Check]:
        found = self._find("trivy")
        check = self._check("trivy", found)
        if not isinstance(found, Tool):
            return [check]
        cache = (f"--cache-dir={self.trivy_cache}",) if self.trivy_cache else ()
        said = self._ask(*found.argv, "version", "--format", "json", *cache)
        try:
            database = parse_database(said.stdout, self.machine.clock.now())
        except ExternalError as error:
            return [
                check,
                Check(
                    "trivy database",
                    State.WARNING,
                    is_needed=check.is_needed,
                    where=str(error),
                    advice="the first scan downloads it; without a network:"
                    " trivy image --download-db-only elsewhere, and copy its cache",
                ),
            ]
        is_old = database.age_days > _MAX_AGE_DAYS
        return [
            check,
            Check(
                "trivy database",
                State.WARNING if is_old else State.FOUND,
                f"{math.floor(database.age_days)} days old",
                is_needed=check.is_needed,
                advice="the next scan brings it up to date" if is_old else "",
            ),
        ]

    def _traefik(self) -> Check:
        from sluicegate.adapters.targets.traefik_proxy import (  # noqa: PLC0415 - Docker
            find_traefik,
        )

        try:
            path = find_traefik(self.machine.environ.get("PATH"))
        except ExternalError as error:
            return Check(
                "traefik",
                State.MISSING,
                where=str(error),
                advice=error.hint or "",
            )
        said = self._ask(str(path), "version").stdout.decode(errors="replace")
        version = next(
            (line.split()[-1] for line in said.splitlines() if "Version" in line), ""
        )
        return Check("traefik", State.FOUND, version, str(path))

    def _ask(self, *argv: str) -> CommandResult:
        command = Command(argv, str(self.folder), _PROBE_TIME)
        return self.machine.process.run(command, lambda _line: None)


def _place(tool: Tool) -> str:
    """Where a program is and why it was taken, without saying the path twice."""
    path = " ".join(tool.argv)
    return tool.origin if path in tool.origin else f"{path} ({tool.origin})"
