"""Carry out one attempt at a publish stage: publish the image, judge the gate."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sluicegate.engine.judging import Attempt, broken, judged
from sluicegate.engine.patience import Patience
from sluicegate.engine.publish_plan import plan_publish
from sluicegate.engine.publishing import Publishing
from sluicegate.engine.stable import stable_fields
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.event import PublishConfirmed, PublishEvent, StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.run import Run
from sluicegate.model.source import Source
from sluicegate.model.task import task_id
from sluicegate.model.tool import Tool
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.publish import PublishStage
from sluicegate.stages.stage import Report, StageContext

_MILLISECOND = timedelta(milliseconds=1)


class PublishRunner:
    """Runs publish stages of one run through the ports."""

    def __init__(
        self,
        ports: Ports,
        pipeline: Pipeline,
        source: Source,
        check_tree: Callable[[], None],
        emit: Callable[[PublishEvent], None],
        observer: Observer,
    ) -> None:
        """Create it.

        *check_tree* raises if the work tree is not what it was; *emit* has committed an
        event to the log when it returns.
        """
        self._ports, self._observer = ports, observer
        self._pipeline, self._source = pipeline, source
        self._check_tree, self._emit = check_tree, emit

    def run(
        self,
        named: NamedStage,
        stage: PublishStage,
        number: int,
        context: StageContext,
        run: Run,
        upstream: Sequence[StageFinished],
    ) -> StageFinished:
        """Carry out attempt *number* at *stage* of *run*, after *upstream*.

        Raises:
            Interrupted: asked to stop; what was pushed is found by the next attempt.
            IntegrityError: the registry serves what was not scanned.
        """
        clock = self._ports.clock
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        tools: list[Tool] = []

        def attempt() -> Attempt:
            usage = ResourceUsage(clock.monotonic_ms() - start_ms)
            return Attempt(
                named.name, number, start_ts, clock.now(), usage, tuple(tools)
            )

        patience = Patience(
            clock,
            lambda text: self._observer.line(named.name, text),
            named.name,
            stage.attempts,
            stage.backoff,
            until_ms=start_ms + stage.timeout // _MILLISECOND,
        )
        try:
            self._check_clean(run)
            tools.append(self._ports.tools.find("docker"))
            confirmed: list[PublishConfirmed] = []
            report = self._publish(
                named.name, stage, run, upstream, patience, confirmed
            )
            evidence = self._keep(report)
        except (ExternalError, UsageError) as error:
            return broken(attempt(), error)
        finished = judged(
            attempt(),
            named.gate,
            evidence,
            context.upstream,
            stable=stable_fields(named.gate, self._ports),
            summary=report.summary,
            subjects=report.subjects,
        )
        for each in confirmed:
            self._attach(each, run, upstream, patience)
        if report.fields["published"] is True:
            return finished
        return replace(finished, reason=report.summary)  # it says why that is false

    def _check_clean(self, run: Run) -> None:
        if run.started.dirty:
            raise PermanentError(
                "the run began with changes that no commit holds: what it built is not"
                " published",
                hint="commit them and start a new run",
            )
        self._check_tree()

    def _publish(
        self,
        name: str,
        stage: PublishStage,
        run: Run,
        upstream: Sequence[StageFinished],
        patience: Patience,
        confirmed: list[PublishConfirmed],
    ) -> Report:
        def emit(event: PublishEvent) -> None:
            self._emit(event)
            if isinstance(event, PublishConfirmed):
                confirmed.append(event)

        plan = plan_publish(self._pipeline, stage, upstream, self._source)
        for tag in plan.naming.left_out:
            patience.say(f"no tag {tag}: the commit has no Git tag")
        labels = run.started.labels
        return Publishing(
            name,
            plan,
            self._ports.registry,
            patience,
            emit,
            run.stage(name).publish,
            tuple(
                task_id(run.run_id, labels, scan.stage, scan.attempt)
                for scan in plan.scans
            ),
        ).publish(overwrite=stage.overwrite)

    def _attach(
        self,
        confirmed: PublishConfirmed,
        run: Run,
        upstream: Sequence[StageFinished],
        patience: Patience,
    ) -> None:
        """Let the image name the evidence before it. No verdict depends on that."""
        referrers = self._ports.referrers
        if referrers is None:
            return
        files = [
            replace(file, name=f"{each.stage}/{file.name}")
            for each in upstream
            for file in each.evidence.files
        ]
        about = {
            "org.opencontainers.image.revision": self._source.commit,
            "dev.sluicegate.run": run.run_id,
        }
        images = {each.digest: each for each in confirmed.published}
        for image in images.values():
            try:
                attach = partial(referrers.attach, image, files, about)
                if patience.again(attach):
                    patience.say(f"the image names its evidence, {len(files)} files")
            except ExternalError as error:
                patience.say(
                    f"the image does not name its evidence yet: {error}; the next run"
                    " tries again"
                )

    def _keep(self, report: Report) -> Evidence:
        files = tuple(
            EvidenceFile(
                file.name,
                file.media_type,
                len(file.data),
                self._ports.evidence.keep(file.data),
            )
            for file in report.files
        )
        return Evidence(dict(report.fields), files)
