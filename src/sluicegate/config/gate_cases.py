"""A table of cases for gates, as a file may write it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sluicegate.stages.release_rules import Moment, Name
from sluicegate.stages.stage import Duration, Settings

SCHEMA = "sluicegate-gate-tests/v1"
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
"""When a case is judged that does not say: a Wednesday."""

_MAX_CASES = 1000
_MAX_PEOPLE = 50


class Answered(Settings):
    """What somebody said to the request."""

    by: Name = Field(description="Who: a person, or an identity.")
    age: Duration | None = Field(
        None, description="How long ago it was signed; default: just now."
    )
    reason: str = Field("", description="The reason that was given.")


def _spell_out(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """``ann`` is short for ``{by: ann}``."""
    return {"by": value} if isinstance(value, str) else value


Answers = Annotated[
    tuple[
        Annotated[
            Answered,
            BeforeValidator(_spell_out, json_schema_input_type=Answered | str),
        ],
        ...,
    ],
    Field(max_length=_MAX_PEOPLE),
]
Identities = Annotated[tuple[Name, ...], Field(max_length=_MAX_PEOPLE)]


class Circumstances(Settings):
    """What a gate is judged on. Under `given`, what holds in every case."""

    evidence: Mapping[str, bool | int | float | str | None] = Field(
        default_factory=dict,
        description="Values by the names that conditions use, like scan.critical and"
        " stable.scan.critical; null: not measured.",
    )
    first_release: bool = Field(
        default=False, description="Nothing is released there yet."
    )
    time: Moment = Field(
        NOON, description="When it is judged; default: a Wednesday, at noon in UTC."
    )
    stages: Literal["judged", "open"] = Field(
        "judged",
        description="open: the gates of the stages before are taken to hold; the rules"
        " of the environment are judged alone.",
    )
    approvals: Answers = Field(
        (), description="Who approved: a name, or {by, age, reason}."
    )
    rejections: Answers = Field((), description="Who rejected, likewise.")
    overrides: Answers = Field((), description="Who broke the glass, likewise.")
    authors: Identities = Field(
        (), description="Whose the commits since the last release are."
    )
    requester: Identities = Field((), description="Who asks, by all their identities.")
    pusher: Identities = Field((), description="Who pushed the commit, likewise.")
    request_age: Duration = Field(
        timedelta(hours=1), description="How long ago the request was made."
    )
    release_age: Duration = Field(
        timedelta(days=1),
        description="How long ago what is released there came there.",
    )
    soaked: Mapping[str, Duration] = Field(
        default_factory=dict,
        description="How long the same artifact is stable in other environments, like"
        " {staging: 24h}.",
    )
    locked: str | None = Field(
        None, min_length=1, description="Why somebody has locked the environment."
    )
    rollback: bool = Field(
        default=False, description="It goes back to an earlier release."
    )


OF_STAGES = frozenset({"evidence", "first_release"})
"""What the gate of a stage is judged on; the rest is for environments."""


class Subject(Settings):
    """Which gate is judged."""

    stage: str | None = Field(None, description="The gate of this stage.")
    environment: str | None = Field(
        None, description="The entry gate of this environment."
    )


class CaseSettings(Subject, Circumstances):
    """A case, and the verdict that it should have."""

    name: str = Field(min_length=1, max_length=200, description="What it is called.")
    expect: Literal["open", "closed", "pending"] = Field(
        description="The verdict it should have."
    )
    because: str = Field("", description="What the reason is to say, or a part of it.")

    @model_validator(mode="after")
    def _is_about_one(self) -> Self:
        if self.stage is not None and self.environment is not None:
            raise ValueError("must be about a stage or an environment, not about both")
        return self


class GateTests(Subject):
    """Cases, and the pipeline file whose gates judge them."""

    schema_: Literal["sluicegate-gate-tests/v1"] = Field(
        alias="schema", description="The format of this file."
    )
    pipeline: str | None = Field(
        None,
        min_length=1,
        description="The pipeline file, relative to this file; default: the one in the"
        " current folder.",
    )
    given: Circumstances = Field(
        default_factory=Circumstances,
        description="What holds in every case that does not say otherwise; evidence is"
        " taken together, name by name.",
    )
    cases: tuple[CaseSettings, ...] = Field(
        min_length=1, max_length=_MAX_CASES, description="The cases, in order."
    )
