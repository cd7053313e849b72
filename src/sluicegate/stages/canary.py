"""The canary stage: its settings and its evidence. `engine.rollout` conducts it."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from sluicegate.canary.settings import JudgeSettings
from sluicegate.errors import UsageError
from sluicegate.model.rollout import DeadlinePolicy, NewerPolicy
from sluicegate.stages.canary_metrics import Metrics
from sluicegate.stages.stage import (
    Duration,
    DurationOrZero,
    FieldSpec,
    Settings,
    Stage,
)

MAX_PERCENT = 90
"""The most that a canary may get before its verdict: nobody is promoted in passing."""

_Percent = Annotated[
    int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_PERCENT})
]


class Judge(Settings):
    """The error rates of the verdict, and what counts as worse."""

    alpha: float = Field(
        0.01, gt=0, lt=0.5, description="Chance to abort a good release."
    )
    beta: float = Field(0.05, gt=0, lt=0.5, description="Chance to promote a bad one.")
    ratio: float = Field(
        2.0, ge=1, description="Unacceptable: ratio times stable's error rate ..."
    )
    slack: float = Field(0.001, ge=0, lt=1, description="... plus this much.")
    sigma: float | None = Field(
        0.3,
        gt=0,
        le=0.7,
        description="Noise of the log risk ratio between releases; null: none.",
    )
    min_requests: int = Field(1, ge=1, description="Canary requests before promotion.")
    fuse: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Error rate that aborts without a comparison, while stable is seen"
        " to be healthy; takes a share of alpha. null: none.",
    )
    restarts: bool = Field(
        default=False,
        description="Look for regressions that begin late; costs some speed.",
    )
    share_check: bool = Field(
        default=True,
        description="Promote nothing whose share of the requests does not fit its"
        " weight.",
    )

    @model_validator(mode="after")
    def _allows_some_difference(self) -> Self:
        """Without any, a copy of stable would count as unacceptable."""
        if self.ratio == 1 and self.slack == 0:
            raise ValueError("with ratio 1 and slack 0 no canary could be promoted")
        return self


class CanaryStage(Stage):
    """Moves an environment to the built image in weight steps, judged by statistics."""

    kind: ClassVar[str] = "canary"
    summary: ClassVar[str] = "Canary rollout with statistical verdicts"

    uses: Literal["canary"]
    environment: str = Field(description="Where the release goes.")
    steps: tuple[_Percent, ...] = Field(
        (5, 25, 50),
        min_length=1,
        max_length=MAX_PERCENT,
        description="Weights in percent, rising, at most 90.",
    )
    block: Duration = Field(
        timedelta(seconds=60), description="Time between two looks."
    )
    step_blocks: int = Field(
        1, ge=1, le=1000, description="Blocks with traffic before the next weight."
    )
    min_duration: DurationOrZero = Field(
        timedelta(0),
        description="Time from the first weight to a promotion by evidence.",
    )
    deadline: Duration = Field(
        timedelta(hours=1), description="Time for the whole rollout."
    )
    on_deadline: DeadlinePolicy = Field(
        DeadlinePolicy.ROLLBACK,
        description="What to do when it ends without a verdict.",
    )
    judge: Judge = Judge()
    metrics: Metrics = Field(
        Metrics(), description="What it is judged by, beside failed requests."
    )
    on_newer: NewerPolicy = Field(
        NewerPolicy.WAIT,
        description="What a newer release does while this one is on its way.",
    )

    def judge_settings(self) -> JudgeSettings:
        """What judges the canary.

        Raises:
            UsageError: its metrics cannot be judged together.
        """
        judge = self.judge
        return JudgeSettings(
            alpha=judge.alpha,
            beta=judge.beta,
            ratio=judge.ratio,
            slack=judge.slack,
            sigma=judge.sigma,
            min_requests=judge.min_requests,
            min_seconds=self.min_duration.total_seconds(),
            errors=self.metrics.errors.metric(),
            metrics=self.metrics.metrics(),
            fuse=judge.fuse,
            restarts=judge.restarts,
            share_check=judge.share_check,
        )

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        try:
            self.judge_settings()
        except UsageError as error:
            hint = f": {error.hint}" if error.hint else ""
            raise ValueError(f"{error}{hint}") from error
        return self

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return (
            FieldSpec("promoted", "boolean", "The release now holds all the traffic."),
            FieldSpec("result", "text", "How the rollout ended."),
            FieldSpec(
                "requests", "integer", "Requests the canary served while judged."
            ),
            FieldSpec("failed", "integer", "How many of them failed."),
            FieldSpec(
                "stable_requests", "integer", "Requests stable served meanwhile."
            ),
            FieldSpec("stable_failed", "integer", "How many of them failed."),
            FieldSpec("blocks", "integer", "Blocks observed."),
            FieldSpec(
                "cause",
                "text",
                "What decided: `evidence`, `directed` (people), `deadline`, `crashed`,"
                " `unhealthy`, `superseded`, `first-release`.",
            ),
            FieldSpec(
                "paused_seconds", "integer", "How long people had paused it, in whole."
            ),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.promoted == true",)

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return self.default_gate(name)
