"""Settings that may be of several kinds, one of which says which they are."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Discriminator

from sluicegate.stages.stage import Settings

NO_VARIANT = "no_variant"
"""The type of an error: a union, and nothing says which of its kinds is meant."""


def variants(
    tag: Any,  # noqa: ANN401 - as pydantic has it
    key: str,
    known: tuple[str, ...],
    note: str = "",
) -> Discriminator:
    """What tells the *known* kinds of a union apart: *tag* finds it by their *key*.

    *note* is said where ``target`` stands for one of them.
    """
    return Discriminator(
        tag,
        custom_error_type=NO_VARIANT,
        custom_error_message=f"must say its {key}: one of {', '.join(known)}",
        custom_error_context={"key": key, "known": ", ".join(known), "note": note},
    )


def tag_by_uses(known: tuple[str, ...], what: str) -> Callable[[Any], str | None]:
    """Finds which of the *known* kinds settings mean to be: ``<what> <kind>``."""

    def tag(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
        uses = value.get("uses") if isinstance(value, Mapping) else None
        if isinstance(value, Settings):
            uses = getattr(value, "uses", None)
        return f"{what} {uses}" if isinstance(uses, str) and uses in known else None

    return tag
