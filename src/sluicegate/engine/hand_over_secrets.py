"""What happened to the secrets of a stage, in the JSON of a hand-over. Pure.

No value is in it: only who was asked for what, and how the logins ended.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.secret import EndedLogin, GivenSecret

_Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
_Text = Annotated[str, StringConstraints(max_length=4096)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Secret(_Form):
    variable: _Name
    provider: _Name
    kind: _Name
    path: _Name
    field: _Name | None
    version: _Name | None


class _Login(_Form):
    provider: _Name
    problem: _Text | None


class SecretEventForm(_Form):
    """One event: of secrets that were given, or else of logins that have ended."""

    at: str
    given: tuple[_Secret, ...] | None = Field(max_length=100, strict=False)
    ended: tuple[_Login, ...] | None = Field(max_length=100, strict=False)


def write_event(
    event: SecretEvent, write_time: Callable[[datetime], str]
) -> dict[str, Any]:
    """*event* as JSON, without its stage."""
    given, ended = None, None
    match event:
        case SecretsGiven():
            given = [
                {
                    "variable": each.variable,
                    "provider": each.provider,
                    "kind": each.kind,
                    "path": each.path,
                    "field": each.field,
                    "version": each.version,
                }
                for each in event.secrets
            ]
        case SecretsRevoked():
            ended = [
                {"provider": each.provider, "problem": each.problem}
                for each in event.logins
            ]
    return {"at": write_time(event.at), "given": given, "ended": ended}


def read_event(
    stage: str, form: SecretEventForm, read_time: Callable[[str], datetime]
) -> SecretEvent:
    """The event of *stage* that *form* holds.

    Raises:
        ValueError: it holds both, or neither, or no time.
    """
    at = read_time(form.at)
    if form.given is not None and form.ended is None:
        secrets = tuple(GivenSecret(**each.model_dump()) for each in form.given)
        return SecretsGiven(stage, secrets, at)
    if form.ended is not None and form.given is None:
        logins = tuple(EndedLogin(each.provider, each.problem) for each in form.ended)
        return SecretsRevoked(stage, logins, at)
    raise ValueError(f"what happened to secrets of {stage[:60]!r} is not said")
