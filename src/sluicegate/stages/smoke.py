"""The built image, started and asked: does it answer as the offline pipeline does?

A program of ours starts a container of the image on the engine and sends it the golden
requests. It writes down what came back, and judges nothing: that is done here, so that
a result that was handed over is judged the same.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.evaluation.copying import check_same, probe_copy
from sluicegate.stages.output import failed, find_step
from sluicegate.stages.serving.answers import read_replay
from sluicegate.stages.serving.exchanges import plan_exchanges
from sluicegate.stages.serving.golden import read_golden
from sluicegate.stages.serving.judged import judge
from sluicegate.stages.serving.orders import ANSWERS, GOLDEN, RUNNER, Orders
from sluicegate.stages.smoke_fields import BATCH_FIELDS, FIELDS, VARIANT_FIELDS
from sluicegate.stages.smoke_settings import SmokeSettings
from sluicegate.stages.stage import (
    FieldSpec,
    OutputFile,
    Report,
    StageContext,
)

_MAX_FINDINGS = 200
_SLACK = timedelta(minutes=2)  # from the stage's end until nothing of it can be left


class SmokeStage(SmokeSettings):
    """Starts the built image, replays golden requests and compares the answers."""

    kind: ClassVar[str] = "smoke"
    summary: ClassVar[str] = "The built image answers as the offline pipeline does"

    uses: Literal["smoke"]

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        more = () if self.batch is None else BATCH_FIELDS
        return (*FIELDS, *more, *(() if self.variants is None else VARIANT_FIELDS))

    @override
    def explain_absence(self, field: str) -> str | None:
        if field == "batch_mismatches":
            return "it has no batch"
        return (
            "it has no variants" if field in {"variants", "variant_failures"} else None
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (*self.gate_always(name), *self.gate_unless_named(name))

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return (
            f"{name}.ready == true",
            f"{name}.running == true",
            f"{name}.values > 0",
        )

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        wanted = [f"{name}.mismatches"]
        if self.batch is not None:
            wanted.append(f"{name}.batch_mismatches")
        if self.variants is not None:
            wanted.append(f"{name}.variant_failures")
        return tuple(f"{field} == 0" for field in wanted)

    @override
    def reads(self) -> tuple[str, ...]:
        return (self.golden,)

    @override
    def tools(self) -> tuple[str, ...]:
        return (RUNNER, "docker")

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        return (probe_copy(context, self.golden, self.timeout),)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        orders = self._orders(context, _image(context))
        argv = (*context.tools[RUNNER].argv, orders.written())
        command = Command(argv, context.project, self.timeout, self.env)
        return (Step(RUNNER, command, (ANSWERS, GOLDEN), quiet=True),)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        step = find_step(results, RUNNER)
        answers, data = step.files.get(ANSWERS), step.files.get(GOLDEN)
        if step.result.exit_code != 0 or answers is None or data is None:
            raise failed("the smoke test", step.result)
        check_same(self.golden, data, context.files.get(self.golden))
        golden, asking = read_golden(data, self.golden), self.asking()
        exchanges = plan_exchanges(golden, asking)
        replay = read_replay(answers, exchanges)
        _check_image(context, replay.image)
        found = judge(golden, exchanges, asking, self.rules(), replay)
        fields: dict[str, Value] = {
            **found.fields,
            "image_id": replay.image,
            "golden_digest": str(Digest.of(data)),
        }
        findings = tuple(
            Finding(each.rule, Severity.ERROR, each.message, self.golden, each.line)
            for each in found.complaints[:_MAX_FINDINGS]
        )
        files = (
            OutputFile(GOLDEN, "application/jsonl", data),
            OutputFile(ANSWERS, "application/json", answers),
        )
        return Report(found.summary, fields, findings, files)

    def _orders(self, context: StageContext, image: Digest) -> Orders:
        return Orders(
            docker=context.tools["docker"].argv,
            image=str(image),
            project=context.project,
            golden=self.golden,
            output=context.output,
            cache=context.cache,
            labels={"pipeline": context.pipeline, "run": context.run_id},
            now=int(context.now.timestamp()),
            until=int((context.now + self.timeout + _SLACK).timestamp()),
            port=self.port,
            health=self.health,
            ready_seconds=self.ready_timeout.total_seconds(),
            answer_seconds=self.answer_timeout.total_seconds(),
            memory=self.memory,
            network=self.network,
            env=self.service_env,
            headers=self.headers,
            asking=self.asking(),
        )


def _check_image(context: StageContext, started: str) -> None:
    """See to it that the image that was started is the one that was built.

    Where the engines of two jobs keep images otherwise, its ID is another, and that of
    its configuration the same.

    Raises:
        PermanentError: it is another.
    """
    built = str(_image(context))
    configs = (fields.get("config_digest") for fields in context.upstream.values())
    if started not in {built, *configs}:
        raise PermanentError(
            f"it has started {started}, and what was built before it is {built}",
            hint="hand over a smoke test of this build",
        )


def _image(context: StageContext) -> Digest:
    """The one image to start.

    Raises:
        PermanentError: there is none, or there are several.
    """
    images = context.images
    if not images:
        raise PermanentError(
            "there is no image to start: no stage before has built one",
            hint="put a docker-build stage before",
        )
    if len(images) > 1:
        raise PermanentError(
            f"which image is to be started? the stages before have built {len(images)}",
            hint="let the stage need one docker-build stage",
        )
    return images[0]
