"""The secret, or a field of it, in what AWS Secrets Manager answers. Pure."""

import json
from typing import TYPE_CHECKING

from sluicegate.errors import PermanentError

if TYPE_CHECKING:
    from types_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef


def check_answer(answer: "GetSecretValueResponseTypeDef") -> None:
    """See to it that *answer* is one.

    Raises:
        ValueError: it holds no secret, or not what version that is.
    """
    kinds = [key for key in ("SecretString", "SecretBinary") if key in answer]
    if not kinds or not answer.get("VersionId"):
        raise ValueError("no secret in the answer")


def value_of(
    answer: "GetSecretValueResponseTypeDef", path: str, field: str | None
) -> str:
    """The secret, or its *field*.

    Raises:
        PermanentError: it is binary, empty, or has no such field.
    """
    if "SecretString" not in answer:
        raise PermanentError(
            f"the secret {path} is binary, and a variable holds text",
            hint="keep it as text, such as base64, and decode it in the stage",
        )
    text = answer["SecretString"]
    value = text if field is None else _field_of(text, path, field)
    named = path if field is None else f"{path}, field {field}"
    if not value.strip():
        raise PermanentError(f"the secret {named} is empty")
    if "\0" in value:
        raise PermanentError(
            f"the secret {named} has a NUL character, and a variable cannot hold it"
        )
    return value


def _field_of(text: str, path: str, field: str) -> str:
    """Numbers are taken as they are written. What is wrong is never shown."""
    hint = "AWS keeps fields as a JSON object; without `field:` all of it is taken"
    try:
        # A number must not lose digits on its way.
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise PermanentError(
            f"the secret {path} has no fields: it is not JSON", hint=hint
        ) from None
    if not isinstance(found, dict):
        raise PermanentError(
            f"the secret {path} has no fields: it is no JSON object", hint=hint
        )
    if field not in found:
        raise PermanentError(
            f"the secret {path} has no field {field!r}",
            hint="look at field: in the pipeline file",
        )
    value = found[field]
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        raise PermanentError(
            f"field {field!r} of the secret {path} is no text", hint=hint
        )
    return value
