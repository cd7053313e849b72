"""Carry out one attempt at a command stage: find tools, run steps, judge the gate."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sluicegate.engine.champion import with_champion
from sluicegate.engine.handing import RawResult
from sluicegate.engine.held_secrets import HeldSecrets
from sluicegate.engine.inputs import (
    FILES,
    PROBES,
    digest_files,
    gather,
    probe,
)
from sluicegate.engine.judging import (
    Attempt,
    broken,
    judged,
    left_to_others,
    over_budget,
)
from sluicegate.engine.left import check_left
from sluicegate.engine.outputs import keep_outputs
from sluicegate.engine.reuse import Miss, find_result, put_back
from sluicegate.engine.secret_rules import Due
from sluicegate.engine.secrets import Loan, StageSecrets, Tell
from sluicegate.engine.situation import Situation
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.command import ResourceUsage, Step, StepResult
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult, StageFinished
from sluicegate.model.event_secrets import SecretEvent
from sluicegate.model.evidence import (
    OUTPUTS,
    Evidence,
    EvidenceFile,
    Value,
    round_value,
)
from sluicegate.model.resources import Resources
from sluicegate.model.tool import Tool
from sluicegate.ports.clock import Clock
from sluicegate.ports.results import EarlierResult
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage, Report, StageContext


class StageRunner:
    """Runs command stages through the ports.

    Results of earlier attempts are used for all stages but those in *forced*.
    """

    def __init__(
        self,
        ports: Ports,
        situation: Situation,
        check_tree: Callable[[], None],
        check_kept: Callable[[], None],
        reserve: Callable[[NamedStage], ConditionResult | None],
        observer: Observer,
        secrets: StageSecrets,
        forced: Collection[str] = (),
    ) -> None:
        """Create it.

        *check_tree* raises if the work tree is not what it was, *check_kept* if a file
        of the commit is not. *reserve* sets aside the GPUs of a stage, or says which
        budget does not let it. *secrets* fetches those of a stage.
        """
        self._ports = ports
        self._situation = situation
        self._check_tree, self._check_kept = check_tree, check_kept
        self._reserve = reserve
        self._observer = observer
        self._secrets = secrets
        self._forced = frozenset(forced)

    def run(
        self,
        named: NamedStage,
        stage: CommandStage,
        number: int,
        context: StageContext,
        upstream: Sequence[StageFinished],
    ) -> StageFinished:
        """Carry out attempt *number* at *stage*, or take an earlier result of it.

        A program that fails is a broken stage, not an error of this method.

        Raises:
            Interrupted: asked to stop; the stage's programs have been ended.
        """
        trial = _Trial(self._ports.clock, named.name, number)
        finished = self._run(trial, named, stage, context, upstream)
        giver = self._ports.handing.giver
        if giver is None:
            return finished
        try:
            giver.give(_raw(trial, stage, context, finished))
        except ExternalError as error:
            return broken(trial.attempt(), error)
        return finished

    def _run(
        self,
        trial: "_Trial",
        named: NamedStage,
        stage: CommandStage,
        context: StageContext,
        upstream: Sequence[StageFinished],
    ) -> StageFinished:
        try:
            self._check_tree()
            for name in stage.tools():
                trial.tools[name] = self._ports.tools.find(name)
            context = replace(context, tools=trial.tools)
            trial.due = self._secrets.due(named)
            context = self._consult(trial, named, stage, context)
            trial.inputs = self._gather(trial, named, stage, context, upstream)
            if trial.unknown is not None:
                trial.inputs = {}  # it depends on a model that is unknown here
            earlier = self._earlier(named, stage, trial.inputs, context)
            if earlier is not None:
                return self._take_over(trial, named, earlier, context)
            check_left(self._situation.pipeline, upstream, context, self._ports)
        except ExternalError as error:
            return broken(trial.attempt(), error)
        refused = self._reserve(named)
        if refused is not None:
            trial.inputs = {}  # nobody has found anything out about them
            return over_budget(trial.attempt(), named.gate, refused)
        trial.declared = stage.declared()
        try:
            loan = self._fetch(trial, named)
        except ExternalError as error:
            return broken(trial.attempt(), error)
        with loan:
            try:
                report, files = self._carry_out(stage, context, trial, loan)
            except ExternalError as error:
                return broken(trial.attempt(), error)
        trial.subjects, trial.files = report.subjects, files
        try:
            stable = self._stable_of(named, trial)
        except ExternalError as error:
            return self._unjudged(trial, named, error)
        if not self._is_same(named, stage, trial.inputs, context):
            trial.inputs = {}
        self._observer.findings(named.name, report.findings)
        finished = judged(
            trial.attempt(),
            named.gate,
            Evidence(_rounded(report.fields), files),
            context.upstream,
            stable=stable,
            summary=report.summary,
            subjects=report.subjects,
        )
        return finished if trial.inputs else self._if_kept(trial, finished)

    def _if_kept(self, trial: "_Trial", finished: StageFinished) -> StageFinished:
        """*finished*, unless it opens a gate on files that are not those of the commit.

        Who changes a file while a stage runs would have another one judged. Where the
        result is handed on, any gate may open on it yet.
        """
        is_given = self._ports.handing.giver is not None
        try:
            if finished.outcome is Outcome.OPEN or is_given:
                self._check_kept()
        except ExternalError as error:
            return broken(trial.attempt(), error)
        return finished

    def _fetch(self, trial: "_Trial", named: NamedStage) -> Loan:
        """Fetch what the programs of the stage are given."""
        self._secrets.explain(named, trial.due)
        return self._secrets.fetch(named, trial.due.given, trial.tells(self._secrets))

    def _consult(
        self,
        trial: "_Trial",
        named: NamedStage,
        stage: CommandStage,
        context: StageContext,
    ) -> StageContext:
        """*context* with what the judge of *stage* reads himself.

        That may be another job, which takes the result over and can tell.

        Raises:
            ExternalError: nobody takes it over, and it cannot be told here.
        """
        own, tell = trial.due.own, trial.tells(self._secrets)
        held = HeldSecrets(
            lambda: self._secrets.fetch(named, own, tell), self._ports.clock
        )
        try:
            return with_champion(stage, context, self._ports, held)
        except ExternalError as error:
            if self._ports.handing.giver is None:
                raise
            trial.unknown = error
            return context

    def _stable_of(
        self, named: NamedStage, trial: "_Trial"
    ) -> Mapping[str, Mapping[str, Value]] | None:
        """What the stable release is known for, where it takes that to judge.

        Raises:
            ExternalError: that cannot be told here, or the champion could not.
        """
        if trial.unknown is not None:
            raise trial.unknown
        return stable_fields(named.gate, self._ports)

    def _unjudged(
        self, trial: "_Trial", named: NamedStage, error: ExternalError
    ) -> StageFinished:
        """End what found something out, and cannot be judged here.

        Where another job takes it over, nothing has failed: that one can tell.
        """
        try:
            self._check_kept()
        except ExternalError as changed:
            return broken(trial.attempt(), changed)
        if self._ports.handing.giver is None:
            return broken(trial.attempt(), error)
        return left_to_others(trial.attempt(), named.gate, error)

    def _carry_out(
        self,
        stage: CommandStage,
        context: StageContext,
        trial: "_Trial",
        loan: Loan,
    ) -> tuple[Report, tuple[EvidenceFile, ...]]:
        results = trial.results
        for step in stage.plan(context):
            if step.optional and any(each.result.exit_code for each in results):
                continue
            given = _with_secrets(step, loan.values)
            results.append(self._step(trial, given, context.output))
        now = self._ports.clock.now()
        report = Report("", {})
        if trial.unknown is None:
            report = stage.interpret(replace(context, now=now), results)
        files = self._keep(report)
        if all(each.result.exit_code == 0 for each in results):
            check = partial(stage.check_kept, report.fields)
            files += keep_outputs(stage.kept(), check, self._ports)
        if trial.inputs:  # the stage may have fetched a database, or a base image
            trial.inputs[PROBES] = probe(stage, context, self._ports)
        return report, files

    def _gather(
        self,
        trial: "_Trial",
        named: NamedStage,
        stage: CommandStage,
        context: StageContext,
        upstream: Sequence[StageFinished],
    ) -> dict[str, str]:
        """The inputs; none where they cannot be told, and then no result is reused.

        Raises:
            PermanentError: an input that the pipeline file declares is not there.
        """
        try:
            return gather(
                named,
                stage,
                self._situation,
                context,
                upstream,
                self._ports,
                trial.due.references,
            )
        except ExternalError as error:
            if stage.inputs is not None:  # is it one of them that is not there?
                digest_files(stage, self._situation, context, self._ports)
            self._observer.line(named.name, f"not cached: {error}")
            return {}

    def _is_same(
        self,
        named: NamedStage,
        stage: CommandStage,
        inputs: Mapping[str, str],
        context: StageContext,
    ) -> bool:
        """Whether the files are still those from before the stage ran.

        If not, nobody knows which of them it has read: the result counts for this run,
        and is not used again.
        """
        if not inputs:
            return False
        try:
            self._check_tree()
            now = digest_files(stage, self._situation, context, self._ports)
        except ExternalError as error:
            self._observer.line(named.name, f"not used again: {error}")
            return False
        if now != inputs[FILES]:
            self._observer.line(
                named.name, "not used again: files changed while it ran"
            )
        return now == inputs[FILES]

    def _earlier(
        self,
        named: NamedStage,
        stage: CommandStage,
        inputs: Mapping[str, str],
        context: StageContext,
    ) -> EarlierResult | None:
        if not inputs or named.name in self._forced:
            return None
        found = find_result(named, stage, inputs, context, self._ports)
        if isinstance(found, Miss):
            return None
        reason = put_back(stage, found.finished, context, self._ports)
        if reason is not None:
            self._observer.line(named.name, f"not cached: {reason}")
            return None
        return found

    def _take_over(
        self,
        trial: "_Trial",
        named: NamedStage,
        earlier: EarlierResult,
        context: StageContext,
    ) -> StageFinished:
        """End the attempt with what an earlier one found, judged anew."""
        finished = earlier.finished
        return judged(
            trial.attempt(cached=finished.cached or earlier.task_id),
            named.gate,
            finished.evidence,
            context.upstream,
            stable=stable_fields(named.gate, self._ports),
            summary=finished.reason,
            subjects=finished.subjects,
        )

    def _step(self, trial: "_Trial", step: Step, output: str) -> StepResult:
        """Run the program of *step*; what it took counts however it ended."""

        def on_line(text: str) -> None:
            if not step.quiet:
                self._observer.line(trial.stage, text)

        telemetry = self._ports.telemetry
        traced = telemetry.began(trial.stage, trial.number, step.name)
        command = replace(step.command, env={**traced, **step.command.env})
        result = self._ports.process.run(command, on_line)
        telemetry.ended(trial.stage, trial.number, step.name, result)
        trial.usage += result.usage
        if result.timed_out:
            seconds = step.command.timeout.total_seconds()
            raise PermanentError(
                f"{step.name} was ended after {seconds:g} s",
                hint=f"raise `timeout:` of stage {trial.stage}, or make it faster",
            )
        read = {
            name: self._ports.workspace.read(f"{output}/{name}")
            for name in step.outputs
        }
        files = {name: data for name, data in read.items() if data is not None}
        return StepResult(step.name, result, files)

    def _keep(self, report: Report) -> tuple[EvidenceFile, ...]:
        return tuple(
            EvidenceFile(
                file.name,
                file.media_type,
                len(file.data),
                self._ports.evidence.keep(file.data),
            )
            for file in report.files
        )


@dataclass
class _Trial:
    """What is known of an attempt while it goes on.

    ``unknown`` says why it takes another job to judge it.
    """

    clock: Clock
    stage: str
    number: int
    tools: dict[str, Tool] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    usage: ResourceUsage = field(default_factory=lambda: ResourceUsage(0))
    declared: Resources | None = None
    results: list[StepResult] = field(default_factory=list)
    subjects: tuple[tuple[str, Digest], ...] = ()
    files: tuple[EvidenceFile, ...] = ()
    unknown: ExternalError | None = None
    due: Due = field(default_factory=Due)
    secrets: list[SecretEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._start_ts, self._start_ms = self.clock.now(), self.clock.monotonic_ms()

    def tells(self, secrets: StageSecrets) -> Tell:
        """Lets events of secrets happen, and remembers them for another job."""

        def tell(event: SecretEvent) -> None:
            secrets.tell(event)
            self.secrets.append(event)

        return tell

    def attempt(self, cached: str | None = None) -> Attempt:
        """The attempt, ending now."""
        wall_ms = self.clock.monotonic_ms() - self._start_ms
        return Attempt(
            self.stage,
            self.number,
            self._start_ts,
            self.clock.now(),
            replace(self.usage, wall_ms=wall_ms),
            tuple(self.tools.values()),
            self.inputs,
            cached,
            self.declared,
        )


def _raw(
    trial: _Trial, stage: CommandStage, context: StageContext, finished: StageFinished
) -> RawResult:
    """What came out, for another job that will judge it."""
    is_broken = finished.outcome is Outcome.BROKEN or not trial.results
    builds = isinstance(stage, DockerBuildStage) and not is_broken
    return RawResult(
        finished.stage,
        stage.uses,
        finished.start_ts,
        finished.end_ts,
        finished.usage,
        trial.tools,
        context.images,
        () if is_broken else trial.results,
        finished.reason if is_broken else None,
        next((file for file in trial.files if file.name == OUTPUTS), None),
        trial.subjects[0][1] if builds and trial.subjects else None,
        tuple(trial.secrets),
    )


def _with_secrets(step: Step, values: Mapping[str, str]) -> Step:
    """*step* with *values* among the variables of its program."""
    command = step.command
    return replace(step, command=replace(command, env={**command.env, **values}))


def _rounded(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: round_value(value) for name, value in fields.items()}
