"""The rules of an environment as a file may write them: who, when, after what."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sluicegate.model.policy import Part, ReviewLock
from sluicegate.stages.stage import DURATION_PATTERN, Duration, Settings, parse_duration

_MAX_PEOPLE = 20  # nobody finds more of them for one release
_MAX_TIMES = 50
_D2 = "[0-9]{2}"
_TIME = rf"^2[0-9]{{3}}-{_D2}-{_D2}T{_D2}:{_D2}(:{_D2})?(Z|[+-]{_D2}:{_D2})$"


def _check_name(value: str) -> str:
    if value != value.strip() or not value.isprintable():
        raise ValueError("must neither begin nor end with a space")
    return value


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check_name)]
"""A person, an identity, or ``@`` and a group."""


def _read_moment(value: Any) -> datetime:  # noqa: ANN401 - pydantic hands over anything
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(_TIME, value):
        raise ValueError("write a time with its zone, like 2026-12-20T00:00:00+01:00")
    return datetime.fromisoformat(value).astimezone(UTC)


Moment = Annotated[
    datetime,
    BeforeValidator(
        _read_moment, json_schema_input_type=Annotated[str, Field(pattern=_TIME)]
    ),
]
"""A moment in UTC, written with its zone."""


class Expiry(Settings):
    """How long a request and an approval are good for."""

    request: Duration = Field(
        timedelta(days=3), description="A request, from when it was made."
    )
    approval: Duration = Field(
        timedelta(days=1), description="An approval, from when it was signed."
    )


def _spell_out_expiry(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """``24h`` is short for ``{request: 24h, approval: 24h}``."""
    if isinstance(value, str):
        parse_duration(value)
        return {"request": value, "approval": value}
    return value


def _check_ways(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("names one of them twice")
    return value


Ways = Annotated[
    tuple[Literal["signature", "dispatch", "comment"], ...],
    Field(min_length=1),
    AfterValidator(_check_ways),
]
"""How somebody may answer."""


class Approvals(Settings):
    """Who must say yes to a release, and how many."""

    count: int = Field(
        1, ge=1, le=_MAX_PEOPLE, description="How many different people."
    )
    from_: tuple[Name, ...] | None = Field(
        None,
        alias="from",
        min_length=1,
        description="Of whom: people, identities, or groups like @ml-leads. Default:"
        " whoever is in the groups of one_of_each.",
    )
    one_of_each: tuple[Name, ...] = Field(
        (), description="Groups of each of which somebody must be among them."
    )
    exclude: tuple[Part, ...] = Field(
        (Part.AUTHOR, Part.REQUESTER),
        description="Whose yes does not count: author (of any commit since the last"
        " release, co-authors included), requester, last_pusher.",
    )
    expires: Annotated[
        Expiry,
        BeforeValidator(
            _spell_out_expiry,
            json_schema_input_type=Expiry
            | Annotated[str, Field(pattern=DURATION_PATTERN)],
        ),
    ] = Field(
        default_factory=Expiry,
        description="One time for both, or {request: 3d, approval: 1d}.",
    )
    reason_required: bool = Field(
        default=False, description="Whether a yes needs a reason; a no always does."
    )
    by: Ways = Field(
        ("signature",),
        description="How they may answer: signature (an SSH key), dispatch (a run of"
        " the workflow that they start on GitHub), comment (there; advised against).",
    )
    workflow: str = Field(
        "approve.yml",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.ya?ml$",
        description="The file in .github/workflows whose runs are answers.",
    )
    environment_reviews: ReviewLock | None = Field(
        None,
        description="What reviews of GitHub's environment of the same name are good"
        " for: recorded, or required besides count. They are nobody's yes. Default:"
        " nothing.",
    )


class Override(Settings):
    """Who may break the glass: release against the rules, signed and loudly."""

    from_: tuple[Name, ...] = Field(
        alias="from", min_length=1, description="Of whom, as in approvals."
    )
    count: int = Field(
        1, ge=1, le=_MAX_PEOPLE, description="How many different people."
    )


def _check_cron(value: str) -> str:
    from sluicegate.gates.windows import check_cron  # noqa: PLC0415 - few files need it

    check_cron(value)
    return value


def _check_timezone(value: str) -> str:
    from sluicegate.gates.windows import check_timezone  # noqa: PLC0415 - likewise

    check_timezone(value)
    return value


Cron = Annotated[str, AfterValidator(_check_cron)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]


class Window(Settings):
    """A time that comes again and again."""

    cron: Cron = Field(description="When it begins, like 0 9 * * mon-fri.")
    lasts: Duration = Field(description="How long it is.")
    timezone: Timezone = Field(
        "UTC", description="The time zone of cron, by its IANA name."
    )


class Freeze(Settings):
    """A time in which nothing is released: once, or again and again."""

    reason: str = Field(min_length=1, max_length=200, description="Why, for people.")
    from_: Moment | None = Field(
        None, alias="from", description="From when, with a zone; needs to."
    )
    to: Moment | None = Field(None, description="Up to when, likewise.")
    cron: Cron | None = Field(
        None, description="Instead of these: when it begins, again and again."
    )
    lasts: Duration | None = Field(None, description="How long it is then.")
    timezone: Timezone | None = Field(
        None, description="The time zone of cron, by its IANA name; default UTC."
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        once, again = (self.from_, self.to), (self.cron, self.lasts)
        is_once = None not in once and again == (None, None) and self.timezone is None
        is_again = None not in again and once == (None, None)
        if not is_once and not is_again:
            raise ValueError("needs either from and to, or cron and lasts")
        if self.from_ is not None and self.to is not None and self.to <= self.from_:
            raise ValueError("ends before it begins")
        return self


def _spell_out_after(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """``staging`` is short for no soak time there."""
    return {value: timedelta(0)} if isinstance(value, str) else value


class ReleaseRules(Settings):
    """What a release into an environment must satisfy."""

    approvals: Approvals | None = Field(None, description="Who must say yes.")
    override: Override | None = Field(
        None, description="Who may break the glass; default: nobody can."
    )
    after: Annotated[
        Mapping[str, Duration],
        BeforeValidator(
            _spell_out_after,
            json_schema_input_type=str
            | dict[str, Annotated[str, Field(pattern=DURATION_PATTERN)]],
        ),
    ] = Field(
        default_factory=dict,
        description="Environments where the same artifact must be stable first, like"
        " staging, or {staging: 24h} for how long.",
    )
    windows: tuple[Window, ...] = Field(
        (),
        max_length=_MAX_TIMES,
        description="When releases may begin; default: at any time.",
    )
    freeze: tuple[Freeze, ...] = Field(
        (), max_length=_MAX_TIMES, description="When nothing is released."
    )
    gate: tuple[str, ...] = Field(
        (),
        max_length=_MAX_TIMES,
        description="CEL conditions on the evidence of the stages before it, on stable,"
        " environment and time; all must hold.",
    )
