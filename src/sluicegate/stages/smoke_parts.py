"""What the pipeline file says of a smoke test, by parts."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from sluicegate.stages.serving.json_path import parse_path
from sluicegate.stages.serving.orders import parse_field
from sluicegate.stages.stage import Settings

_KEY = re.compile(r"\$(\.[A-Za-z_][A-Za-z0-9_\-]{0,99})?")
_OURS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "expect"),
        *("content-type", "accept-encoding", "te", "trailer", "upgrade"),
    }
)


def _check_path(value: str) -> str:
    parse_path(value)
    return value


def _check_field(value: str) -> str:
    parse_field(value)
    return value


def _check_key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("must be $ or one name below it, like $.instances")
    return value


def _check_header(value: str) -> str:
    if value.lower() in _OURS:
        raise ValueError(f"{value} is sent as the protocol has it")
    return value


AnswerPath = Annotated[
    str, AfterValidator(_check_path), Field(json_schema_extra={"pattern": r"^\$"})
]
"""A place of an answer: ``$.score``, ``$.probabilities.*``, ``$.items[0]``."""

FieldPlace = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_check_field),
]
"""A field of a request: ``age``, or ``$.person.age``."""

ListPlace = Annotated[str, AfterValidator(_check_key)]

UrlPath = Annotated[str, StringConstraints(pattern=r"^/[!-~]{0,500}$")]

HeaderName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,99}$"),
    AfterValidator(_check_header),
]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,998}[!-~])?$")]
VariableName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,199}$")
]


VariableValue = Annotated[str, StringConstraints(max_length=4000)]


class ToleranceSettings(Settings):
    """How far numbers may be from what the offline pipeline computes."""

    path: AnswerPath = Field(
        description="Where in an answer: $.score, $.probabilities.*, $.items[*].score."
    )
    absolute: float = Field(
        0.0, ge=0, le=1e15, allow_inf_nan=False, description="In units of the number."
    )
    relative: float = Field(
        0.0,
        ge=0,
        lt=1,
        allow_inf_nan=False,
        description="As a share of the expected number; the larger of both counts.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.absolute and not self.relative:
            raise ValueError("say how much: absolute, relative, or both")
        return self


class BatchSettings(Settings):
    """Ask for many at once, too: the answers must be those to each alone."""

    path: UrlPath | None = Field(
        None,
        description="Where batches are asked; default: where all is asked, and a single"
        " request is then sent as a batch of one.",
    )
    instances: ListPlace = Field(
        "$.instances",
        description="Where the list of requests is in the body; $ if it is the body.",
    )
    predictions: ListPlace = Field(
        "$.predictions", description="Where the list of answers is in the body."
    )
    size: int = Field(32, ge=2, le=256, description="Requests in a batch, at most.")


class VariantSettings(Settings):
    """Ask variants of the first golden request."""

    unknown_field: Literal["ignored", "refused"] | None = Field(
        None, description="What becomes of a request with one more field."
    )
    required: tuple[FieldPlace, ...] = Field(
        (),
        max_length=50,
        description="Fields of the request without which the service refuses (400 to"
        " 499): each is left out, null, and NaN if it is a number.",
    )
    optional: tuple[FieldPlace, ...] = Field(
        (),
        max_length=50,
        description="Fields that may be left out; null must have the same answer.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = (*self.required, *self.optional)
        if len({parse_field(name) for name in names}) < len(names):
            raise ValueError("a field is named twice")
        if self.unknown_field is None and not names:
            raise ValueError("say what is varied: unknown_field, required or optional")
        return self
