"""Judge a stage that ran in another job: by its own rules, on what it left there.

Nothing of the project is run, and no program is looked for but the engine's client, for
an image. What the job says is held against what a run here would have asked for: the
same steps, the same files, the same image. How long it took, and with which programs,
is the job's word.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sluicegate.engine.champion import with_champion
from sluicegate.engine.handing import Taken
from sluicegate.engine.held_secrets import HeldSecrets
from sluicegate.engine.judging import Attempt, broken, judged, left_to_others
from sluicegate.engine.outputs import is_declared, keep_listed, restore_outputs
from sluicegate.engine.secrets import Loan, StageSecrets
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.command import CommandResult, ResourceUsage, Step, StepResult
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile, Value, round_value
from sluicegate.model.hand_over import HandedStage, HandedStep
from sluicegate.ports.workspace import ProjectFile
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage, Report, StageContext
from sluicegate.stages.trivy import TrivyStage

_LONGEST_REASON = 1000  # characters
_MOST_SAID, _MOST_WRITTEN = 8 << 20, 64 << 20  # bytes; what a run here would keep
_LONGEST_MS = 7 * 24 * 3_600_000  # GPU-minutes are counted by it, and it is a claim


class Taker:
    """Takes results over through the ports."""

    def __init__(
        self,
        ports: Ports,
        check_tree: Callable[[], None],
        observer: Observer,
        secrets: StageSecrets,
    ) -> None:
        """Create it.

        *check_tree* raises if the work tree is not what it was; *secrets* fetches what
        the judge reads himself, and records what other jobs were given.
        """
        self._ports, self._check_tree, self._observer = ports, check_tree, observer
        self._secrets = secrets

    def take(
        self, named: NamedStage, stage: CommandStage, number: int, context: StageContext
    ) -> StageFinished:
        """End attempt *number* at *stage* with what was handed over of it.

        Raises:
            Interrupted: asked to stop.
            IntegrityError: what was handed over is not what it was.
        """
        taken = self._ports.handing.taken.get(named.name)
        if taken is None:
            return broken(self._attempt(named, stage, number, None), _missing(named))
        attempt = self._attempt(named, stage, number, taken)
        context = replace(context, project=taken.project, tools=taken.result.tools)
        try:
            told = self._secrets.told(named, taken.result.secrets)
        except PermanentError as error:
            return broken(attempt, error)
        for event in told:
            self._secrets.tell(event)
        try:
            self._check_tree()
            check_asked(stage, context, taken.result)
            try:
                context = self._consult(named, stage, context)
                stable = stable_fields(named.gate, self._ports)
            except ExternalError as error:
                if self._ports.handing.giver is None:
                    raise
                return left_to_others(attempt, named.gate, error)
            results = [_read_step(taken, step) for step in taken.result.steps]
            report = stage.interpret(context, results)
            _check_scanned(stage, context, report)
            evidence = self._keep(stage, report, taken)
            self._observer.findings(named.name, report.findings)
            finished = judged(
                attempt,
                named.gate,
                evidence,
                context.upstream,
                stable=stable,
                summary=report.summary,
                subjects=report.subjects,
            )
            load(named, finished, self._ports, self._observer)
            self._put_into_tree(finished)
        except ExternalError as error:
            return broken(attempt, error)
        except UsageError as error:  # a number that no log holds
            return broken(attempt, PermanentError(str(error), hint=error.hint))
        return finished

    def _consult(
        self, named: NamedStage, stage: CommandStage, context: StageContext
    ) -> StageContext:
        """*context* with the model to beat, read with the secrets of the judge."""

        def fetch() -> Loan:
            return self._secrets.fetch(named, self._secrets.due(named).own)

        held = HeldSecrets(fetch, self._ports.clock)
        return with_champion(stage, context, self._ports, held)

    def _attempt(
        self, named: NamedStage, stage: CommandStage, number: int, taken: Taken | None
    ) -> Attempt:
        now = self._ports.clock.now()
        if taken is None:
            return Attempt(named.name, number, now, now, ResourceUsage(0))
        result = taken.result
        # What ended later than now has not ended: clocks of machines differ a little.
        end = min(result.end_ts, now)
        return Attempt(
            named.name,
            number,
            min(result.start_ts, end),
            end,
            replace(result.usage, wall_ms=min(result.usage.wall_ms, _LONGEST_MS)),
            tuple(result.tools.values()),
            declared=stage.declared(),
            handed_over=taken.handed_over,
        )

    def _keep(self, stage: CommandStage, report: Report, taken: Taken) -> Evidence:
        fields = {name: round_value(value) for name, value in report.fields.items()}
        keep = self._ports.evidence.keep
        files = tuple(
            EvidenceFile(file.name, file.media_type, len(file.data), keep(file.data))
            for file in report.files
        )
        if stage.kept() and all(not step.exit_code for step in taken.result.steps):
            files += self._keep_outputs(stage, report, taken)
        return Evidence(fields, files)

    def _keep_outputs(
        self, stage: CommandStage, report: Report, taken: Taken
    ) -> tuple[EvidenceFile, ...]:
        """Keep the declared outputs, whether or not this work tree gets them.

        Nothing is kept, or gets there, but what the pipeline file declares.
        """
        outputs = taken.result.outputs
        if outputs is None:
            raise PermanentError("its declared outputs were not handed over")
        for each in outputs:
            if not is_declared(each.path, stage.kept()):
                raise PermanentError(
                    f"{each.path[:200]!r} is handed over, and is no declared output"
                )
        return keep_listed(
            (
                ProjectFile(each.path, taken.read(each.file), each.executable)
                for each in outputs
            ),
            partial(stage.check_kept, report.fields),
            self._ports,
        )

    def _put_into_tree(self, finished: StageFinished) -> None:
        """Let the stages of this job have what an open one has left for them.

        Not so where no program of the project is run: it stays out of that work tree.
        """
        if self._ports.handing.takes_only or finished.outcome is not Outcome.OPEN:
            return
        restore_outputs(finished.evidence.files, self._ports)


def load(
    named: NamedStage, finished: StageFinished, ports: Ports, observer: Observer
) -> None:
    """Let the engine have the image that a stage has built, if it was handed over.

    One behind a gate that is not open goes nowhere, and stays where it is.

    Raises:
        ExternalError: it cannot.
    """
    taken = ports.handing.taken.get(named.name)
    builds = isinstance(named.stage, DockerBuildStage)
    if taken is None or not builds or finished.outcome is not Outcome.OPEN:
        return
    image, images = taken.result.image, ports.images
    if image is None or taken.archive is None or images is None:
        raise PermanentError(f"the image of {named.name} was not handed over")
    ((_, built),) = finished.subjects
    if built != image.image:
        raise PermanentError(
            f"{named.name} has built {built.short}, and the image that was handed over"
            f" is {image.image.short}"
        )
    name = str(finished.evidence.fields["image"])
    observer.line(named.name, f"loading {name} into the engine")
    images.load(built, taken.archive, name)


def check_asked(
    stage: CommandStage, context: StageContext, result: HandedStage
) -> None:
    """See to it that what was done is what *stage* asks for, neither less nor more.

    Raises:
        PermanentError: it is not, or the stage was broken where it ran.
    """
    if result.broken is not None:
        words = " ".join(result.broken.split())[:_LONGEST_REASON]
        raise PermanentError(f"it was broken where it ran: {words}")
    if result.images != context.images:
        raise PermanentError(
            f"it ran with {_name(result.images)}, and what was built before it is"
            f" {_name(context.images)}",
            hint="hand over results that were made of one another",
        )
    if set(result.tools) != set(stage.tools()):
        raise PermanentError("other programs are handed over than the stage asks for")
    _check_steps(stage, context, result.steps)


def _check_steps(
    stage: CommandStage, context: StageContext, steps: Sequence[HandedStep]
) -> None:
    codes = {step.name: step.exit_code for step in steps}
    due: list[Step] = []
    failed = False
    for step in stage.plan(context):
        if not (step.optional and failed):
            due.append(step)
            failed |= codes.get(step.name, 0) != 0
    if [step.name for step in steps] != [step.name for step in due]:
        raise PermanentError("other steps are handed over than the stage takes")
    for done, asked in zip(steps, due, strict=True):
        if not done.files.keys() <= set(asked.outputs):
            raise PermanentError(f"{done.name} has handed over files of other names")
        said = done.stdout.size, done.stderr.size
        written = (file.size for file in done.files.values())
        if max(said) > _MOST_SAID or max(written, default=0) > _MOST_WRITTEN:
            raise PermanentError(f"{done.name} has handed over more than a run keeps")


def _check_scanned(stage: CommandStage, context: StageContext, report: Report) -> None:
    """See to it that a scan of an image is one of the image that was built.

    Raises:
        PermanentError: it is of another, or does not say of which.
    """
    if not isinstance(stage, TrivyStage) or not stage.may_scan_image:
        return
    configs = (fields.get("config_digest") for fields in context.upstream.values())
    built: set[Value | None] = {*map(str, context.images), *configs}
    if context.images and report.fields.get("image_id") not in built - {None}:
        raise PermanentError(
            f"it has scanned {report.fields.get('image_id', 'no image')}, and what was"
            f" built before it is {_name(context.images)}",
            hint="hand over a scan of this build",
        )


def _read_step(taken: Taken, step: HandedStep) -> StepResult:
    files: Mapping[str, bytes] = {
        name: taken.read(file) for name, file in step.files.items()
    }
    result = CommandResult(
        step.exit_code, taken.read(step.stdout), taken.read(step.stderr), step.usage
    )
    return StepResult(step.name, result, files)


def _name(images: Sequence[Digest]) -> str:
    return " and ".join(f"image {image.short}" for image in images) or "no image"


def _missing(named: NamedStage) -> PermanentError:
    return PermanentError(
        f"{named.name} was not handed over, and a run that takes results over runs no"
        " program of the project",
        hint="let a job before run it with --hand-over, and start a new run with that"
        " as --handed-over, too",
    )
