"""What surrounds the stages of a project: programs, files, registries, targets."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from sluicegate.adapters.existing_environment import ExistingEnvironments
from sluicegate.adapters.existing_workspace import ExistingWorkspace
from sluicegate.adapters.masking import MaskingRunner, Masks
from sluicegate.adapters.registries.docker_registry import DockerRegistry
from sluicegate.adapters.registries.logins import DockerLogins
from sluicegate.adapters.steady_repository import SteadyRepository
from sluicegate.adapters.tools import Tools
from sluicegate.adapters.workspace import LocalWorkspace
from sluicegate.audit.leases import Leases
from sluicegate.audit.reader import LogReader
from sluicegate.audit.results import LoggedResults
from sluicegate.audit.stable import LoggedStable
from sluicegate.engine.handing import Handing
from sluicegate.engine.steering import Pace
from sluicegate.engine.toolbox import BreakGlass, MakeWay, Ports
from sluicegate.errors import PermanentError
from sluicegate.model.champion import Champion, NoChampion
from sluicegate.ports.clock import Clock
from sluicegate.ports.image_archive import ImageArchives
from sluicegate.ports.metrics import MetricSource
from sluicegate.ports.process import OnLine, ProcessRunner
from sluicegate.ports.repository import Repository
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.ports.stable import StableReleases
from sluicegate.ports.target import Target
from sluicegate.ports.tools import ToolFinder
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import CommandSource
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.evaluation.champions import MlflowChampion
from sluicegate.stages.notify import secret_variables
from sluicegate.stages.secrets.own import own_variables
from sluicegate.stages.target_counts import ClusterTarget
from sluicegate.wiring.authority import ProjectAuthority
from sluicegate.wiring.ephemeral import find_loss
from sluicegate.wiring.kubernetes.variables import cluster_variables
from sluicegate.wiring.leased_target import LeasedTarget
from sluicegate.wiring.masking import build_masks
from sluicegate.wiring.metric_secrets import secret_variables_of
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.secrets import ProjectSecrets
from sluicegate.wiring.stores import log_variables

if TYPE_CHECKING:
    from sluicegate.wiring.targets import Pull


def _hear_nothing(_line: str) -> None:
    pass


_NO_HANDING = Handing()


def _nothing() -> None:
    """Take nothing in."""


FindOthers = Callable[[Project, ProjectLog, str, OnLine], MakeWay]
"""For a run of a project by its id; it says what it does about other rollouts."""


def no_others(project: Project, log: ProjectLog, run_id: str, say: OnLine) -> MakeWay:
    """Nothing else is ever under way."""
    del project, log, run_id, say
    return lambda _environment, _release, _policy: None


@dataclass(frozen=True)
class Surroundings:
    """What the stages of *project* meet, with *log* as its log.

    ``break_glass`` is None unless the entry gates are to be overridden. ``pace`` says
    whether rollouts are waited for; ``take_in`` takes what waits in the inboxes into
    the log; ``others`` finds what else is under way where a release wants to go.
    """

    project: Project
    log: ProjectLog
    break_glass: BreakGlass | None = None
    pace: Pace = Pace.WAIT
    take_in: Callable[[], None] = _nothing
    others: FindOthers = no_others

    @cached_property
    def authority(self) -> ProjectAuthority:
        """What judges releases."""
        return ProjectAuthority(self.project, self.log)

    @cached_property
    def process(self) -> ProcessRunner:
        """Runs what belongs to stages: masked, and without secrets of sluicegate's.

        Those are the addresses of `notify`, the logins to sources of metrics, what
        opens the log to writers, where the logins to clusters are, and what leads to
        those who keep secrets. Git is not asked through it: what it names must be what
        is there.
        """
        project, machine = self.project, self.project.machine
        machine.withhold(self.secrets.withheld)
        runner = machine.process_without(
            secret_variables(project.pipeline.notify)
            | secret_variables_of(project.pipeline)
            | log_variables(machine, project.log_address)
            | log_variables(machine, project.evidence_address or project.log_address)
            | cluster_variables(project.pipeline)
        )
        return MaskingRunner(runner, self.masks)

    @cached_property
    def secrets(self) -> ProjectSecrets:
        """Who keeps secrets, and which of them count."""
        return ProjectSecrets(self.project)

    @cached_property
    def masks(self) -> Masks:
        """What must not be seen."""
        project, machine = self.project, self.project.machine
        folders = project.folder, project.home_folder
        return build_masks(machine, project.pipeline, *folders)

    def workspace(self, run_id: str) -> LocalWorkspace:
        """Where the run's stages write."""
        machine = self.project.machine
        return LocalWorkspace(
            self.project.folder,
            self.project.state,
            run_id,
            machine.cache_folder / "tools",
            home=machine.home,
            masks=self.masks,
        )

    @contextmanager
    def leaving_no_secrets(self, run_id: str) -> Iterator[None]:
        """Clean what the run's stages wrote, however it ends."""
        try:
            yield
        finally:
            self.workspace(run_id).clean()

    def ports_to_run(
        self,
        run_id: str,
        say: OnLine,
        say_of: Callable[[str, str], None] = lambda _stage, _text: None,
        handing: Handing = _NO_HANDING,
    ) -> Ports:
        """Ports that do what they are asked.

        *say* hears how environments are made and what a target does beside what it is
        asked, *say_of* what is said of a stage.
        *handing* is what comes from other jobs and goes to them.
        """
        project, machine = self.project, self.project.machine
        tools = Tools(
            project.folder,
            machine.cache_folder,
            self.process,
            machine.environ,
            on_line=say,
            sleep=self.log.clock.sleep,
        )
        workspace = self.workspace(run_id)
        ports = self._ports(
            self.log.clock, tools, workspace, self._open_log, run_id, say
        )
        if handing != _NO_HANDING:
            ports = replace(ports, handing=handing, images=self.engine_images(tools))
        if handing.takes_only:
            ports = replace(
                ports, metrics=self._metrics_but_programs, elsewhere=self._elsewhere
            )
        if not (project.pipeline.environments and self.log.records):
            return ports
        from sluicegate.wiring.directions import (  # noqa: PLC0415 - rollouts alone
            LoggedDirections,
        )

        authority = self.authority.watching()
        directions = LoggedDirections(
            project, self.log, authority, run_id, self.take_in, say_of
        )
        return replace(
            ports,
            authority=authority,
            directions=directions,
            pace=self.pace,
            make_way=self.others(project, self.log, run_id, say),
        )

    def engine_images(self, tools: ToolFinder | None = None) -> ImageArchives:
        """The images of the engine, as files."""
        from sluicegate.adapters.handing.engine_images import (  # noqa: PLC0415 - rare
            EngineImages,
        )

        project, machine = self.project, self.project.machine
        tools = tools or Tools(
            project.folder, machine.cache_folder, self.process, machine.environ
        )
        return EngineImages(str(project.folder), self.process, tools)

    def _metrics_but_programs(
        self, stage: CanaryStage, given: GivenSecrets
    ) -> Mapping[str, MetricSource]:
        """As `_metrics`, in a run in which no program of the project is run.

        Raises:
            PermanentError: one of the sources is a program.
        """
        for name, source in stage.metrics.sources.items():
            if isinstance(source, CommandSource):
                raise PermanentError(
                    f"the metric {name} comes from a program of the project, and a run"
                    " that takes results over runs none",
                    hint="let it come from Prometheus or a file",
                )
        return self._metrics(stage, given)

    def _open_log(self) -> LogReader | None:
        return self.log.log if self.log.records else None

    def ports_to_look(self) -> Ports:
        """Ports that make nothing: no log, no environment, no folder."""
        project, machine = self.project, self.project.machine
        cache, environ = machine.cache_folder, machine.environ
        pythons = ExistingEnvironments(project.folder, cache, self.process, environ)
        return self._ports(
            machine.clock,
            Tools(project.folder, cache, self.process, environ, pythons=pythons),
            ExistingWorkspace(
                project.folder, project.state, cache / "tools", machine.home
            ),
            self.log.existing,
        )

    def check_stays(self, environment: str) -> None:
        """See to it that what serves *environment* outlives this process.

        Raises:
            UsageError: it goes away with this runner, or its settings cannot be told.
        """
        target = self.authority.settings(environment).target
        loss = find_loss(self.project.machine.environ, environment, target)
        if loss is not None:
            raise loss

    def _elsewhere(self, environment: str) -> str | None:
        """Why another machine begins rollouts there; None: this one does."""
        target = self.authority.settings(environment).target
        is_cluster = isinstance(target, ClusterTarget)
        if is_cluster or (isinstance(target, DockerTarget) and not target.is_here):
            where = "in a cluster" if is_cluster else "on another host"
            return (
                f"{environment} is {where}, and the job that judges what others handed"
                " over has no login to it: whoever runs rollouts there goes on with it"
            )
        if find_loss(self.project.machine.environ, environment, target) is None:
            return None
        return (
            f"{environment} is served by the Docker engine of another machine: whoever"
            " runs rollouts there goes on with it"
        )

    @property
    def _repository(self) -> Repository:
        repository = self.project.repository
        return repository if self.project.source.dirty else SteadyRepository(repository)

    def _ports(
        self,
        clock: Clock,
        tools: Tools,
        workspace: LocalWorkspace,
        open_log: Callable[[], LogReader | None],
        run_id: str | None = None,
        say: OnLine = _hear_nothing,
    ) -> Ports:
        machine = self.project.machine
        registry = DockerRegistry(
            str(self.project.folder),
            self.process,
            tools,
            DockerLogins(str(self.project.folder), machine.process),
            machine.ca_bundle,
        )
        return Ports(
            clock=clock,
            process=self.process,
            results=LoggedResults(open_log),
            stable=self._stable(open_log),
            records=self.log.records,
            cancel=machine.stop.set,
            repository=self._repository,
            tools=tools,
            workspace=workspace,
            evidence=self.log.evidence,
            referrers=self.log.referrers,
            target=lambda environment, given: self._target(
                environment, registry.pull, run_id, say, given
            ),
            registry=registry,
            authority=self.authority,
            break_glass=self.break_glass,
            ca_bundle=machine.ca_bundle,
            metrics=self._metrics,
            champion=self._champion,
            secrets=self.secrets.provider,
            hide=self.masks.hide,
            refused_secrets=self.secrets.refused,
        )

    def _champion(
        self, source: MlflowChampion, given: GivenSecrets
    ) -> Champion | NoChampion:
        """The model to beat, out of a registry."""
        from sluicegate.wiring.champions import find_champion  # noqa: PLC0415 - rare
        from sluicegate.wiring.metric_secrets import Places  # noqa: PLC0415 - likewise

        project = self.project
        kept = project.pipeline.secrets.use
        places = Places(project.machine, project.home_folder, kept, given)
        return find_champion(source, places, self.masks)

    def _stable(self, open_log: Callable[[], LogReader | None]) -> StableReleases:
        if self.log.records:
            return LoggedStable(open_log)
        from sluicegate.wiring.unrecorded import UnknownStable  # noqa: PLC0415 - rare

        return UnknownStable()

    def _metrics(
        self, stage: CanaryStage, given: GivenSecrets
    ) -> Mapping[str, MetricSource]:
        """The sources of the metrics of *stage*."""
        from sluicegate.wiring.metrics import MetricSources  # noqa: PLC0415 - rollouts

        project = self.project
        return MetricSources(
            *(project.machine, project.folder, self.process),
            *(self.log.clock, self.masks, project.home_folder),
            *(project.pipeline.secrets.use, given),
            own_variables(stage, project.pipeline.environments),
        ).of(stage)

    @contextmanager
    def _target(
        self,
        environment: str,
        pull: "Pull",
        run_id: str | None,
        say: OnLine,
        given: GivenSecrets,
    ) -> Iterator[Target]:
        """The environment, leased to the run *run_id*.

        Whoever only looks, for no run, has no lease to take, and so no target either.
        """
        from sluicegate.wiring.targets import build_target  # noqa: PLC0415 - Docker

        if run_id is None:
            raise AssertionError(f"{environment} is changed by runs alone")
        self.check_stays(environment)
        settings = self.authority.settings(environment).target
        target = build_target(
            self.project, environment, settings, self.log.clock, pull, say, given
        )
        with target.lease():
            leases = Leases(self.log.log_recorder, run_id)
            origin = self.log.log.head().origin
            # The lock of this host is ours: who else took a lease here runs no more.
            with LeasedTarget.of(
                target,
                leases,
                environment,
                lambda fence: target.raise_fence(origin, fence),
                holder_is_gone=True,
            ) as leased:
                yield leased
