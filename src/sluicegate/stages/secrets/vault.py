"""Vault and OpenBao, as the pipeline file names them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Tag
from pydantic_core import PydanticCustomError

from sluicegate.model.credential import NEVER_PASSED_ON
from sluicegate.stages.notify import SECRET
from sluicegate.stages.stage import Duration, Settings
from sluicegate.stages.variants import variants

_ADDRESS = r"^(https://|http://(localhost|127\.0\.0\.1|\[::1\])(:|/|$))[^\s?#@]*$"
_PATH = r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$"  # and no ..
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)


def _check_address(value: str) -> str:
    if "@" in value or "?" in value:
        raise PydanticCustomError(
            SECRET,
            "must be an address without login and query: how to log in stands under"
            " auth:",
        )
    if not re.fullmatch(_ADDRESS, value):
        raise ValueError(
            "must be an address, like https://vault.example.org:8200 (http:// only to"
            " localhost: who listens would have the secrets)"
        )
    return value


def _check_ttl(value: timedelta) -> timedelta:
    if not _SHORTEST <= value <= _LONGEST:
        raise ValueError("must be from 1m to 1h: a login lasts as long as one stage")
    return value


def _check_login(value: str) -> str:
    if NEVER_PASSED_ON.fullmatch(value):
        raise PydanticCustomError(
            SECRET,
            "{name} is for sluicegate alone and sent to nobody else: put the secret id"
            " into another variable",
            {"name": value},
        )
    if not re.fullmatch(_VARIABLE, value):
        raise ValueError(f"must be the name of a variable: it must match {_VARIABLE}")
    return value


class JwtAuth(Settings):
    """Logs in with the OIDC token of the workflow that runs, or of a file."""

    method: Literal["jwt"] = Field(description="How to log in.")
    role: str = Field(min_length=1, description="The role at the auth mount.")
    mount: str = Field("jwt", pattern=_PATH, description="Where the method is mounted.")
    audience: str | None = Field(
        None,
        min_length=1,
        description="The audience of the token; default: the provider's address.",
    )
    token_file: str | None = Field(
        None,
        min_length=1,
        description="File that holds a token of another issuer, such as a projected"
        " token of Kubernetes. Default: asked of GitHub Actions.",
    )


class AppRoleAuth(Settings):
    """Logs in with a role id and a secret id."""

    method: Literal["approle"] = Field(description="How to log in.")
    role_id: str = Field(min_length=1, description="The id of the role; no secret.")
    secret_id_env: Annotated[
        str,
        AfterValidator(_check_login),
        Field(json_schema_extra={"pattern": _VARIABLE}),
    ] = Field(
        description="The variable that holds the secret id; may hold a wrapping token.",
    )
    mount: str = Field(
        "approle", pattern=_PATH, description="Where the method is mounted."
    )
    wrapped: bool = Field(
        default=False, description="Whether the variable holds a wrapping token."
    )


def _tag(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
    method = value.get("method") if isinstance(value, Mapping) else None
    if isinstance(value, Settings):
        method = getattr(value, "method", None)
    return f"auth {method}" if method in _METHODS else None


_METHODS = ("jwt", "approle")
_Auth = Annotated[
    Annotated[JwtAuth, Tag("auth jwt")] | Annotated[AppRoleAuth, Tag("auth approle")],
    variants(_tag, "method", _METHODS),
]


class VaultProvider(Settings):
    """Secrets in Vault or OpenBao: version 2 of its key-value store."""

    uses: Literal["vault", "openbao"] = Field(description="Who keeps them.")
    address: Annotated[
        str,
        AfterValidator(_check_address),
        Field(json_schema_extra={"pattern": _ADDRESS}),
    ] = Field(description="https:// and its host.")
    auth: _Auth = Field(description="How to log in.")
    mount: str = Field(
        "secret", pattern=_PATH, description="Where the key-value store is mounted."
    )
    namespace: str | None = Field(None, pattern=_PATH, description="The namespace.")
    ca: str | None = Field(
        None, min_length=1, description="CA certificates to trust; default: the host's."
    )
    ttl: Annotated[Duration, AfterValidator(_check_ttl)] = Field(
        timedelta(minutes=15),
        description="How long a login may last at most; it is revoked when its stage"
        " ends.",
    )
