"""The figures of delivery of a project: log, clone and pipeline file together."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sluicegate.adapters.git_times import GitTimes
from sluicegate.audit.delivery.costs import By, group, per_release, shares, total
from sluicegate.audit.delivery.costs import unpriced as find_unpriced
from sluicegate.audit.delivery.figures import count, environments_of, select
from sluicegate.audit.delivery.reading import Progress, read_facts
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.model.budget import Period
from sluicegate.model.cost import Rates
from sluicegate.model.delivery import Facts, PastRollout
from sluicegate.model.delivery_figures import (
    Costs,
    Delivery,
    GateCount,
    ReleaseCost,
    Window,
)
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of the log is asked for; None is all of it."""

    window: Window
    environment: str | None = None
    service: str | None = None


@dataclass(frozen=True)
class Deliveries:
    """What *log* says, the service in *folder* with its further *paths*, and *rates*.

    ``environments`` are those of the pipeline file.
    """

    machine: Machine
    log: LogPlace
    folder: Path
    paths: tuple[str, ...] = ()
    rates: Rates | None = None
    environments: tuple[str, ...] = ()
    progress: Progress = lambda _done, _all: None

    @classmethod
    def open(
        cls,
        machine: Machine,
        file: Path | None,
        log: str | None,
        vkey: str | None,
        progress: Progress,
    ) -> "Deliveries":
        """Find the log and the service; neither key nor pipeline need be there.

        Raises:
            UsageError: the pipeline file cannot be used.
        """
        project = Project(machine, file or Path(PIPELINE_FILE))
        if file is None and not os.path.lexists(project.file):
            place = LogPlace.of(machine, log, vkey)
            return cls(machine, place, project.folder, progress=progress)
        pipeline = project.pipeline
        place = (
            LogPlace.of_project(project, vkey)
            if log is None
            else LogPlace.of(machine, log, vkey)
        )
        return cls(
            *(machine, place, project.folder, pipeline.paths, pipeline.costs),
            tuple(pipeline.environments),
            progress,
        )

    @cached_property
    def facts(self) -> Facts:
        """All that the log says.

        Raises:
            UsageError: there is no log.
            IntegrityError: it is not what was written.
        """
        log = self.log.reader()
        return read_facts(log, self.machine.clock.now(), self.progress)

    @cached_property
    def known_environments(self) -> Sequence[str]:
        """Those of the log, then those that only the pipeline file has."""
        found = (*environments_of(self.facts), *self.environments)
        return tuple(dict.fromkeys(found))

    @cached_property
    def known_services(self) -> Sequence[str]:
        """The projects whose runs the log has."""
        return tuple(dict.fromkeys(run.service for run in self.facts.runs))

    def figures(self, asked: Asked, period: Period | None) -> Delivery:
        """Count what was *asked* for, in every *period* of the window; None for one.

        Raises:
            PermanentError: Git fails.
        """
        facts = select(self.facts, asked.service)
        known = self._known(asked.window)
        times = _Times(GitTimes(str(self.folder), self.machine.process), self.paths)
        places = environments_of(facts)
        if asked.environment is not None:
            places = [asked.environment]
        groups = [
            count(facts, place, window, times.made)
            for window in _split(known, period)
            for place in places
        ]
        costs = () if known is None else self._release_costs(facts, places, known)
        return Delivery(
            log=facts.origin,
            window=asked.window,
            known=known,
            entries=facts.entries,
            pruned=facts.pruned,
            cut_rollouts=facts.cut_rollouts,
            service=asked.service,
            by="environment" if period is None else period.value,
            groups=groups,
            gates=_count_gates(facts, known),
            costs=costs,
            currency=None if self.rates is None else self.rates.currency,
            shallow=times.is_shallow,
            no_clone=times.obstacle,
        )

    def costs(self, asked: Asked, by: By) -> Costs:
        """Add up what was *asked* for."""
        facts = select(self.facts, asked.service)
        known = self._known(asked.window)
        found = [] if known is None else list(shares(facts, known, self.rates))
        if asked.environment is not None:
            found = [each for each in found if each.environment == asked.environment]
        runs = {run.run_id: run for run in facts.runs} if by is By.RUN else {}
        return Costs(
            log=facts.origin,
            window=asked.window,
            known=known,
            pruned=facts.pruned,
            by=by.value,
            environment=asked.environment,
            service=asked.service,
            rows=group(found, by),
            total=total(found),
            rates=self.rates,
            runs_of=runs,
            unpriced=find_unpriced(found, self.rates),
        )

    def _known(self, window: Window) -> Window | None:
        """The part of *window* of which the log says anything: none of the future."""
        begins = self.facts.begins_at
        end = min(window.end, self.machine.clock.now())
        if begins is None or begins >= end:
            return None
        return Window(max(window.start, begins), end)

    def _release_costs(
        self, facts: Facts, places: Sequence[str], known: Window
    ) -> Sequence[ReleaseCost]:
        found = list(shares(facts, known, self.rates))
        return tuple(per_release(facts, place, known, found) for place in places)


class _Times:
    """Asks Git for the commits of releases, once it is known that it can be asked."""

    def __init__(self, git: GitTimes, paths: Sequence[str]) -> None:
        self._git, self._paths = git, (".", *paths)
        self._asked = False

    def made(
        self, row: PastRollout, earlier: Sequence[str]
    ) -> Sequence[datetime] | None:
        """As `sluicegate.audit.delivery.figures.CommittedAt` says."""
        self._asked = True
        if self.obstacle is not None:
            return None
        return self._git.made(row.release.commit, earlier, self._paths)

    @cached_property
    def obstacle(self) -> str | None:
        """Why Git cannot be asked; None also where it need not be."""
        return self._git.obstacle() if self._asked else None

    @property
    def is_shallow(self) -> bool:
        """Whether commits may be missing."""
        return self._asked and self.obstacle is None and self._git.is_shallow()


def _split(window: Window | None, period: Period | None) -> Iterator[Window]:
    """*window* in calendar periods, the first and the last of which may be cut."""
    if window is None:
        return
    if period is None:
        yield window
        return
    start = window.start
    while start < window.end:
        end = min(period.end(start), window.end)
        yield Window(start, end)
        start = end


def _count_gates(facts: Facts, known: Window | None) -> Sequence[GateCount]:
    if known is None:
        return ()
    found: dict[str, Counter[str]] = {}
    for each in facts.gates:
        if each.at in known:
            found.setdefault(each.stage, Counter())[each.outcome.value] += 1
    return tuple(GateCount(stage, dict(outcomes)) for stage, outcomes in found.items())
