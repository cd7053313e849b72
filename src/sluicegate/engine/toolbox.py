"""What a run needs from the outside: the ports of the engine, in one place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sluicegate.engine.authority import Authority
from sluicegate.engine.directions import Directions, NoDirections
from sluicegate.engine.handing import Handing
from sluicegate.engine.steering import Pace
from sluicegate.errors import PermanentError
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.digest import Digest
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.release_request import ReleaseRequest
from sluicegate.model.rollout import NewerPolicy, Release
from sluicegate.model.run import Run
from sluicegate.ports.clock import Clock
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.image_archive import ImageArchives
from sluicegate.ports.metrics import MetricSource
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.referrers import Referrers
from sluicegate.ports.registry import Registry
from sluicegate.ports.repository import Repository
from sluicegate.ports.results import EarlierResults
from sluicegate.ports.secrets import GivenSecrets, SecretProvider
from sluicegate.ports.stable import StableReleases
from sluicegate.ports.target import Target
from sluicegate.ports.telemetry import NoTelemetry, Telemetry
from sluicegate.ports.tools import ToolFinder
from sluicegate.ports.workspace import Workspace
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.evaluation.champions import MlflowChampion


class Observer(Protocol):
    """Watches a run for people. It can change nothing."""

    def event(self, event: Event) -> None:
        """An event was recorded."""
        ...

    def line(self, stage: str, text: str) -> None:
        """A program of *stage* wrote a line, or the stage says what it is doing."""
        ...

    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        """*stage* found these."""
        ...

    def resumed(self, run: Run) -> None:
        """*run*, which began before, goes on: what is known of it. Few care."""
        del run


class Record(Protocol):
    """The run's audit log."""

    def note(self, event: Event) -> Event:
        """Keep *event* durably; it is committed to the log with the next one.

        Returns:
            The event as it is kept, which may say less: without credentials.
        """
        ...

    def record(self, event: Event) -> Event:
        """Commit *event*, and all that was noted before it, to the log.

        Returns:
            The event as it is in the log.
        """
        ...


BreakGlass = Callable[[Digest, ReleaseRequest], None]
"""Has somebody sign an override of the request with that id, and records it."""


def _nothing() -> None:
    """End nothing."""


def _nobody_there(
    environment: str, release: Release, policy: NewerPolicy
) -> str | None:
    """No other rollout is ever under way."""
    del environment, release, policy
    return None


def _here(environment: str) -> str | None:
    """Whoever asks begins the rollout, too."""
    del environment
    return None


OpenMetrics = Callable[[CanaryStage, GivenSecrets], Mapping[str, MetricSource]]
FindChampion = Callable[[MlflowChampion, GivenSecrets], Champion | NoChampion]
MakeWay = Callable[[str, Release, NewerPolicy], str | None]
"""Told the environment, what is to go there, and what it may do to one before it."""


def _no_sources(stage: CanaryStage, given: GivenSecrets) -> Mapping[str, MetricSource]:
    """Nothing is read but what the target counts."""
    del stage, given
    return {}


def _no_registry(source: MlflowChampion, given: GivenSecrets) -> Champion | NoChampion:
    """No registry of models can be asked."""
    del given
    raise PermanentError(f"nobody here can ask {source.url}")


def _no_provider(name: str) -> SecretProvider:
    """Nobody keeps secrets."""
    raise PermanentError(f"nobody here can ask the provider of secrets {name}")


def _refuse_nothing() -> Mapping[str, str]:
    """All that the pipeline file says counts."""
    return {}


def _hide_nothing(secrets: Iterable[str]) -> None:
    """Nothing is shown."""
    del secrets


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world of a run, used by several threads at once.

    ``target`` opens an environment for one rollout, whose secrets it may ask for, as
    may ``metrics`` and ``champion``. ``cancel`` ends whatever runs, as
    if the process had been asked to stop. ``referrers`` is None where images say
    nothing of their evidence. ``authority`` knows the rules of environments, and
    ``break_glass`` overrides them; None unless somebody asked for that.

    ``metrics`` are the sources of the metrics of a canary stage, by name, but for those
    that the target counts itself; it may raise `ExternalError` or `UsageError`.
    ``champion`` asks a registry for the model to beat; it may raise `ExternalError`.
    ``directions`` is what people decide about rollouts, and ``pace`` says whether
    rollouts are waited for. ``make_way`` sees to it that no other rollout is under way
    in an environment, or says why a release has to wait. ``elsewhere`` says why a
    rollout into an environment is begun by another machine, and is None where it is by
    this one. Without ``records``, what happens gets into no log, and nothing is
    released. ``handing`` is what comes from
    other jobs, and goes to them; ``images`` are those of the engine, None where none is
    handed over.

    ``secrets`` is who keeps secrets, by the name in the pipeline file; it may raise
    `ExternalError`. ``hide`` is told what must not be seen from now on, before anybody
    else gets it. ``refused_secrets`` says of variables why the protected branch does
    not let them count; it may raise `UsageError` or `ExternalError`. ``telemetry``
    hears of programs, and decides nothing.
    """

    clock: Clock
    process: ProcessRunner
    repository: Repository
    tools: ToolFinder
    workspace: Workspace
    evidence: EvidenceStore
    target: Callable[[str, GivenSecrets], AbstractContextManager[Target]]
    registry: Registry
    results: EarlierResults
    stable: StableReleases
    authority: Authority
    cancel: Callable[[], None] = _nothing
    break_glass: BreakGlass | None = None
    referrers: Referrers | None = None
    ca_bundle: str | None = None
    metrics: OpenMetrics = _no_sources
    champion: FindChampion = _no_registry
    directions: Directions = field(default_factory=NoDirections)
    pace: Pace = Pace.WAIT
    make_way: MakeWay = _nobody_there
    elsewhere: Callable[[str], str | None] = _here
    records: bool = True
    handing: Handing = field(default_factory=Handing)
    images: ImageArchives | None = None
    secrets: Callable[[str], SecretProvider] = _no_provider
    hide: Callable[[Iterable[str]], None] = _hide_nothing
    refused_secrets: Callable[[], Mapping[str, str]] = _refuse_nothing
    telemetry: Telemetry = field(default_factory=NoTelemetry)
