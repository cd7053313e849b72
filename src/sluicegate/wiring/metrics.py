"""The sources of a canary's metrics, as its stage names them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.masking import Masks
from sluicegate.adapters.metrics.command import CommandSource
from sluicegate.adapters.metrics.json_lines import JsonLinesSource, ReadLine
from sluicegate.canary.lines import parse_line
from sluicegate.canary.metric import Metric
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import Release
from sluicegate.ports.clock import Clock
from sluicegate.ports.metrics import MetricSource, Reading
from sluicegate.ports.process import OnLine, ProcessRunner
from sluicegate.ports.secrets import GivenSecrets, none_given
from sluicegate.stages import canary_sources
from sluicegate.stages.canary import CanaryStage
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.metric_secrets import Places


@dataclass(frozen=True)
class MetricSources:
    """The sources of metrics for the project in *folder*.

    ``process`` runs programs as those of stages, in that folder; ``masks`` is what
    errors must not show. Files and secrets are named from ``home_folder``, by default
    the same one: a tree of one commit does not have them. Variables in ``kept`` are
    those of secrets that providers keep, and ``given`` are those that the stage gets;
    programs get them but for those in ``own``, which are read here.
    """

    machine: Machine
    folder: Path
    process: ProcessRunner
    clock: Clock
    masks: Masks
    home_folder: Path | None = None
    kept: Collection[str] = ()
    given: GivenSecrets = none_given
    own: Collection[str] = ()

    def of(self, stage: CanaryStage) -> Mapping[str, MetricSource]:
        """The sources of *stage* by name, but for what the target counts itself."""
        return {
            metric.name: MaskedSource(
                self._open(metric, stage.metrics.sources[metric.name]), self.masks
            )
            for metric in stage.metrics.metrics()
            if metric.name in stage.metrics.sources
        }

    def _open(self, metric: Metric, source: canary_sources.Source) -> MetricSource:
        folder = self.home_folder or self.folder
        places = Places(self.machine, folder, self.kept, self.given)
        match source:
            case canary_sources.Prometheus():
                from sluicegate.wiring.metric_prometheus import (  # noqa: PLC0415 - slow
                    open_prometheus,
                )

                return open_prometheus(source, metric, places, self.clock)
            case canary_sources.CommandSource():
                return CommandSource(
                    source.argv,
                    str(self.folder),
                    GivingRunner(self.process, self.given, self.own),
                    self.clock,
                    name=metric.name,
                    kind=metric.kind,
                    width=metric.width,
                    timeout=source.timeout,
                )
            case canary_sources.FileSource():
                path = places.path(source.path)
                return JsonLinesSource(path, line_reader(metric), metric.width)
            case canary_sources.TargetSource():
                raise TypeError(f"{metric.name} is counted by the target")


@dataclass(frozen=True)
class GivingRunner(ProcessRunner):
    """Runs programs through ``runner`` with ``given``, but for what is in ``own``."""

    runner: ProcessRunner
    given: GivenSecrets
    own: Collection[str]

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        values = {n: value for n, value in self.given().items() if n not in self.own}
        env = {**command.env, **values}
        return self.runner.run(replace(command, env=env), on_line)


class MaskedSource(MetricSource):
    """A source whose errors show no secret: they are said, and may be recorded."""

    def __init__(self, source: MetricSource, masks: Masks) -> None:
        self._source, self._masks = source, masks

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        try:
            return self._source.read(stable, canary, since)
        except ExternalError as error:
            self._masks.refresh()  # a token may have been renewed
            hint = None if error.hint is None else self._masks.text(error.hint)
            raise type(error)(self._masks.text(str(error)), hint=hint) from None


def line_reader(metric: Metric) -> ReadLine:
    """Reads the lines of *metric* in a file, and passes over those of others."""

    def read(data: bytes) -> tuple[float, Pair] | None:
        line = parse_line(data)
        if line.metric.name != metric.name:
            return None
        if line.metric.kind is not metric.kind:
            raise UsageError(
                f"{metric.name} is a {metric.kind.value}, and the line has a"
                f" {line.metric.kind.value}"
            )
        if line.metric.edges != metric.edges:
            edges = ", ".join(map(str, metric.edges))
            raise UsageError(f"{metric.name} has the edges {edges}, in ms")
        if line.metric.categories != metric.categories:
            categories = ", ".join(metric.categories)
            raise UsageError(f"{metric.name} has the categories {categories}")
        return line.at, line.pair

    return read
