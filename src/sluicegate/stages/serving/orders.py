"""What the program that starts the image is told, and what is asked of the service."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sluicegate.stages.serving.json_path import JsonPath, Part, parse_path
from sluicegate.stages.serving.json_text import Json

RUNNER = "smoke-runner"
ANSWERS, GOLDEN = "smoke.json", "golden.jsonl"
"""The files that the program writes: what was answered, and the golden file it read."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class BatchOrders(_Plain):
    """How a batch is asked; ``instances`` and ``predictions`` are keys, or empty.

    An empty key means that the body itself is the list. Without a path the service
    knows batches only, and a single request is a batch of one.
    """

    path: str | None
    instances: str
    predictions: str
    size: int

    def wrap(self, instances: list[Json]) -> Json:
        """The body of a request for *instances*."""
        return {self.instances: instances} if self.instances else instances

    def unwrap(self, answer: Json) -> list[Json] | None:
        """The predictions of an *answer*; None if there is no list of them."""
        if self.predictions:
            answer = answer.get(self.predictions) if isinstance(answer, dict) else None
        return answer if isinstance(answer, list) else None


class VariantOrders(_Plain):
    """What is asked besides: fields nobody knows, and fields that are not there."""

    unknown_field: Literal["ignored", "refused"] | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return not (self.unknown_field or self.required or self.optional)


class Asking(_Plain):
    """What the service is asked, and how."""

    method: Literal["POST", "PUT"]
    path: str
    batch: BatchOrders | None
    variants: VariantOrders

    @property
    def wraps(self) -> bool:
        """Whether a single request is sent as a batch of one."""
        return self.batch is not None and self.batch.path is None


class Orders(_Plain):
    """Everything that the program needs to know; times in seconds, sizes in bytes.

    ``now`` and ``until`` are seconds since 1970: when the stage began, and when nothing
    of it can be running any more.
    """

    docker: Annotated[tuple[str, ...], Field(min_length=1)]
    image: str
    project: str
    golden: str
    output: str
    cache: str
    labels: dict[str, str]
    now: int
    until: int
    port: int
    health: str
    ready_seconds: float
    answer_seconds: float
    memory: int
    network: Literal["isolated", "bridge"]
    env: dict[str, str]
    headers: dict[str, str]
    asking: Asking

    def written(self) -> str:
        """As an argument of a command line."""
        return self.model_dump_json()


def read_orders(text: str) -> Orders:
    """Read what `Orders.written` wrote."""
    return Orders.model_validate(json.loads(text))


def parse_field(text: str) -> tuple[Part, ...]:
    """The place of a field of a request: ``bill_length_mm``, or ``$.bill.length``.

    Raises:
        ValueError: it is no place of a field.
    """
    if not text.startswith("$"):
        return (text,)
    path: JsonPath = parse_path(text)
    parts = tuple(part for part in path.parts if isinstance(part, str | int))
    if len(parts) < len(path.parts) or not parts or not isinstance(parts[-1], str):
        raise ValueError("must be the name of a field, like age or $.person.age")
    return parts
