"""The canary stage: its settings and its evidence. `engine.rollout` conducts it."""

from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from sluicegate.model.rollout import DeadlinePolicy
from sluicegate.stages.stage import Duration, FieldSpec, Settings, Stage


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
    steps: tuple[int, ...] = Field(
        (5, 25, 50),
        min_length=1,
        max_length=99,
        description="Weights in percent, rising, below 100.",
    )
    block: Duration = Field(
        timedelta(seconds=60), description="Time between two looks."
    )
    step_blocks: int = Field(
        1, ge=1, le=1000, description="Blocks with traffic before the next weight."
    )
    deadline: Duration = Field(
        timedelta(hours=1), description="Time for the whole rollout."
    )
    on_deadline: DeadlinePolicy = Field(
        DeadlinePolicy.ROLLBACK,
        description="What to do when it ends without a verdict.",
    )
    judge: Judge = Judge()

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
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.promoted == true",)

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return self.default_gate(name)
