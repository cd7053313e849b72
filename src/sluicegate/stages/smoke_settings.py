"""The settings of a smoke test."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from sluicegate.stages.resources import Memory
from sluicegate.stages.serving.json_path import parse_path
from sluicegate.stages.serving.likeness import Rules, Tolerance
from sluicegate.stages.serving.orders import Asking, BatchOrders, VariantOrders
from sluicegate.stages.smoke_parts import (
    AnswerPath,
    BatchSettings,
    HeaderName,
    HeaderValue,
    ToleranceSettings,
    UrlPath,
    VariableName,
    VariableValue,
    VariantSettings,
)
from sluicegate.stages.stage import CommandStage, Duration, ProjectPath


class SmokeSettings(CommandStage):
    """What is started, what it is asked, and how its answers are compared."""

    golden: ProjectPath = Field(
        description="Requests and what the offline pipeline answers: JSON lines."
    )
    port: int = Field(
        ge=1, le=65535, description="The port on which the container listens."
    )
    path: UrlPath = Field("/predict", description="Where the requests are sent.")
    method: Literal["POST", "PUT"] = Field("POST", description="How they are sent.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict,
        max_length=20,
        description="Headers of every request. Never credentials.",
    )
    health: UrlPath = Field("/healthz", description="Answers 2xx once ready.")
    ready_timeout: Duration = Field(
        timedelta(seconds=60), description="Until then it must be ready."
    )
    answer_timeout: Duration = Field(
        timedelta(seconds=10), description="Until then an answer must be whole."
    )
    service_env: dict[VariableName, VariableValue] = Field(
        default_factory=dict,
        max_length=100,
        description="Environment variables of the container. Never credentials.",
    )
    memory: Memory = Field(4 << 30, description="What the container may use.")
    network: Literal["isolated", "bridge"] = Field(
        "isolated",
        description="isolated: no way out; bridge: as other containers have it.",
    )
    tolerances: tuple[ToleranceSettings, ...] = Field(
        (),
        max_length=50,
        description="Where numbers may differ; the first path that fits counts. Without"
        " one they must be equal.",
    )
    ignore: tuple[AnswerPath, ...] = Field(
        (),
        max_length=50,
        description="Places of answers that are not compared, like $.model_version.",
    )
    extra_fields: Literal["refused", "allowed"] = Field(
        "refused",
        description="Fields of an answer that the golden file does not have.",
    )
    batch: BatchSettings | None = Field(
        None, description="Ask for many at once, too; default: each request alone."
    )
    variants: VariantSettings | None = Field(
        None, description="Requests with unknown, null and missing fields, too."
    )

    def asking(self) -> Asking:
        """What the service is asked, and how."""
        batch, variants = self.batch, self.variants
        return Asking(
            method=self.method,
            path=self.path,
            batch=None
            if batch is None
            else BatchOrders(
                path=batch.path,
                instances=batch.instances[2:],
                predictions=batch.predictions[2:],
                size=batch.size,
            ),
            variants=VariantOrders()
            if variants is None
            else VariantOrders(**variants.model_dump()),
        )

    def rules(self) -> Rules:
        """How its answers are compared."""
        return Rules(
            tuple(
                Tolerance(parse_path(each.path), each.absolute, each.relative)
                for each in self.tolerances
            ),
            tuple(parse_path(path) for path in self.ignore),
            extra=self.extra_fields == "allowed",
        )
