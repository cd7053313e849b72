"""What a stage says that it takes while it runs, as a pipeline file may write it."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_MEMORY = r"^([1-9][0-9]{0,6})([KMGT])iB$"
_SHIFT = {"K": 10, "M": 20, "G": 30, "T": 40}


def read_memory(value: Any) -> int:  # noqa: ANN401 - pydantic hands over anything
    """Read ``512MiB`` or ``4GiB``, in bytes.

    Raises:
        ValueError: it has another form.
    """
    found = re.fullmatch(_MEMORY, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a size, like 512MiB or 4GiB")
    return int(found[1]) << _SHIFT[found[2]]


Memory = Annotated[
    int,
    BeforeValidator(
        read_memory, json_schema_input_type=Annotated[str, Field(pattern=_MEMORY)]
    ),
]
"""Bytes, written with a unit."""
