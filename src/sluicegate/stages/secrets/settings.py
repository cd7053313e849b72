"""The key ``secrets:`` of a pipeline file: providers, and who may have what.

A value never stands in the file: it says who keeps it, and under which path.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from sluicegate.stages.notify import SECRET
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.plain import EnvironmentProvider, GithubProvider
from sluicegate.stages.secrets.vault import VaultProvider
from sluicegate.stages.stage import Settings
from sluicegate.stages.variants import variants

VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
Provider = VaultProvider | AwsProvider | EnvironmentProvider | GithubProvider
"""The settings of any provider; ``uses`` says which."""

KINDS: Mapping[str, type[Provider]] = {
    "vault": VaultProvider,
    "openbao": VaultProvider,
    "aws-secrets-manager": AwsProvider,
    "environment": EnvironmentProvider,
    "github": GithubProvider,
}
"""Who may keep secrets, by what ``uses:`` says."""

_WORD = r"^[a-z][a-z0-9_-]{0,39}$"
_LITERALS = frozenset(
    ("value", "values", "secret", "password", "token", "literal", "default", "data")
)


def _check_variable(value: str) -> str:
    if not re.fullmatch(VARIABLE_PATTERN, value):
        raise ValueError(
            "must be the name of an environment variable: letters, digits and _, at"
            " most 100, and no digit first"
        )
    return value


def _check_word(value: str) -> str:
    if not re.fullmatch(_WORD, value):
        raise ValueError(
            "a provider's name is a-z, 0-9, - and _ (40 at most, a letter first)"
        )
    return value


_Variable = Annotated[
    str,
    AfterValidator(_check_variable),
    Field(json_schema_extra={"pattern": VARIABLE_PATTERN}),
]
_Name = Annotated[
    str, AfterValidator(_check_word), Field(json_schema_extra={"pattern": _WORD})
]


def _tag(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
    uses = value.get("uses") if isinstance(value, Mapping) else None
    if isinstance(value, Settings):
        uses = getattr(value, "uses", None)
    kind = KINDS.get(uses) if isinstance(uses, str) else None
    return None if kind is None else kind.__name__


_Provider = Annotated[
    Annotated[VaultProvider, Tag(VaultProvider.__name__)]
    | Annotated[AwsProvider, Tag(AwsProvider.__name__)]
    | Annotated[EnvironmentProvider, Tag(EnvironmentProvider.__name__)]
    | Annotated[GithubProvider, Tag(GithubProvider.__name__)],
    variants(_tag, "uses", tuple(KINDS)),
]


def _spell_version(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """Version 7 is version "7"."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


def _as_json_has_it(value: Any) -> Any:  # noqa: ANN401 - likewise
    """A list is a tuple in JSON, and none to a validator that looked at it before."""
    return tuple(value) if isinstance(value, list) else value


class SecretUse(Settings):
    """Where one secret is, and which stages get it in a variable."""

    from_: _Name = Field(alias="from", description="The provider's name.")
    path: str = Field(
        min_length=1,
        max_length=500,
        description="Where the provider keeps it: of Vault below its mount, without"
        " data/; of AWS its name or ARN; of a variable its name.",
    )
    field: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="The field of it, where a secret has several.",
    )
    version: (
        Annotated[
            str,
            BeforeValidator(_spell_version, json_schema_input_type=str | int),
            Field(min_length=1, max_length=100),
        ]
        | None
    ) = Field(None, description="The version to take; default: the newest.")
    stages: tuple[str, ...] = Field(
        min_length=1, description="The stages that get it; no other does."
    )
    environments: tuple[str, ...] = Field(
        (),
        description="The environments that it is for: only a run that releases into"
        " one of them gets it, as the protected branch says it. Default: any run.",
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_literal(cls, value: Any) -> Any:  # noqa: ANN401 - likewise
        """Repeat nothing of what stands in its place."""
        if isinstance(value, Mapping) and _LITERALS.isdisjoint(value):
            return {key: _as_json_has_it(each) for key, each in value.items()}
        raise PydanticCustomError(
            SECRET,
            "must say who keeps the secret, and never what it is: {from: PROVIDER,"
            " path: PATH, stages: [STAGE]}",
        )


class Secrets(Settings):
    """Who keeps secrets, and which stages get which."""

    providers: dict[_Name, _Provider] = Field(
        default_factory=dict, description="Who keeps them, by name."
    )
    use: dict[_Variable, SecretUse] = Field(
        default_factory=dict,
        description="Secrets by the variable in which a stage gets them.",
    )
