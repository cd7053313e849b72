"""Telling OpenTelemetry of the runs of a project, if the variables ask for it.

It decides nothing, a run waits at most two seconds for it, and whatever goes wrong in
here stays in here: a run that could not be told of is as any other.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sluicegate.adapters.masking import Masks
from sluicegate.engine.toolbox import Observer
from sluicegate.model.event import RunStarted
from sluicegate.model.run import Run
from sluicegate.ports.clock import Clock
from sluicegate.ports.telemetry import NoTelemetry, Telemetry
from sluicegate.stages.canary import CanaryStage
from sluicegate.wiring.project import Project

if TYPE_CHECKING:
    from sluicegate.wiring.telemetry_guard import Guard
    from sluicegate.wiring.telemetry_out import Out
    from sluicegate.wiring.told_run import ToldRun

_PREFIX = "OTEL_"
_SERVER = re.compile(r"https?://[A-Za-z0-9.:-]+")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_NUMBER = re.compile(r"[0-9]{1,20}")


class RunTelemetry:
    """Tells of the runs of *project* what its machine's variables ask for.

    *clock* is that of the log, *masks* know what must not be told.
    """

    def __init__(self, project: Project, clock: Clock, masks: Masks) -> None:
        self._project, self._clock, self._masks = project, clock, masks
        self._guard: Guard | None = None
        self._out: Out | None = None
        self._shares: list[ToldRun] = []

    def of(
        self, run_id: str, started: RunStarted, run: Run | None, observer: Observer
    ) -> tuple[Observer, Telemetry]:
        """*observer*, and who hears of programs, where a process works on a run.

        *run* is what is known of one that is gone on with.
        """
        nobody = observer, NoTelemetry()
        if not any(name.startswith(_PREFIX) for name in self._project.machine.environ):
            return nobody
        from sluicegate.wiring.telemetry_guard import Guard  # noqa: PLC0415 - as asked

        self._guard = self._guard or Guard()
        begin = partial(self._begin, run_id, started, run)
        share = self._guard.attempt(begin, None)
        if share is None:
            return nobody
        self._shares.append(share)
        return share.watching(observer), share

    def finish(self) -> Sequence[str]:
        """Wait a moment for what is on its way; a line if something was lost."""
        if self._guard is None:
            return ()
        for share in self._shares:
            self._guard.attempt(share.close, None)
        out, problems = self._out, list[str]()
        if out is not None:
            hurried = self._project.machine.stop.is_set()
            problems += self._guard.at_last(partial(out.finish, hurried=hurried), [])
        if self._guard.fault:
            problems.append(f"given up: {self._guard.fault}")
        return [f"telemetry: {'; '.join(problems)}"] if problems else []

    def document(self) -> Mapping[str, object] | None:
        """What became of it, for machines; None where nothing was to be told."""
        if self._guard is None or self._out is None or not self._shares:
            return None
        return {
            "trace_id": self._shares[-1].trace_id,
            "sampled": self._shares[-1].sampled,
            **self._out.document(),
            "waited_ms": round(self._guard.spent_seconds * 1000),
        }

    def _begin(
        self, run_id: str, started: RunStarted, run: Run | None
    ) -> "ToldRun | None":
        from sluicegate.report.telemetry.tracing import Traced  # noqa: PLC0415 - slow
        from sluicegate.wiring.told_run import ToldRun  # noqa: PLC0415 - likewise

        project, guard = self._project, self._guard
        assert guard is not None
        self._out = self._out or self._open(run_id, started)
        if not self._out.is_open:
            return None
        environments = {
            named.name: named.stage.environment
            for named in project.pipeline.stages
            if isinstance(named.stage, CanaryStage)
        }
        url = page_of_run(project.machine.environ)
        parent = self._out.parent
        traced = Traced(run_id, started, environments, parent, url, run)
        return ToldRun(traced, self._out, guard, self._clock)

    def _open(self, run_id: str, started: RunStarted) -> "Out":
        from sluicegate.adapters.telemetry.settings import (  # noqa: PLC0415 - slow
            read_settings,
        )
        from sluicegate.report.telemetry.resource import (  # noqa: PLC0415 - likewise
            pipeline_resource,
            run_resource,
        )
        from sluicegate.wiring.telemetry_out import Out  # noqa: PLC0415 - likewise

        project = self._project
        machine, source = project.machine, project.source
        settings = read_settings(machine.environ)
        pipeline = pipeline_resource(started.pipeline, source, settings.attributes)
        url = page_of_run(machine.environ)
        run = run_resource(pipeline, run_id, url, started, source.tag)
        return Out(settings, machine, self._masks, run, pipeline, self._clock.now())


def page_of_run(environ: Mapping[str, str]) -> str | None:
    """The page that shows the run, where a workflow of GitHub runs it."""
    server = environ.get("GITHUB_SERVER_URL", "")
    repository = environ.get("GITHUB_REPOSITORY", "")
    number = environ.get("GITHUB_RUN_ID", "")
    is_known = (
        _SERVER.fullmatch(server)
        and _REPOSITORY.fullmatch(repository)
        and _NUMBER.fullmatch(number)
    )
    if environ.get("GITHUB_ACTIONS") != "true" or not is_known:
        return None
    return f"{server}/{repository}/actions/runs/{number}"
