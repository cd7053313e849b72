"""Names out of a pipeline file that nobody has checked."""

import re

from sluicegate.config.source import parse_source
from sluicegate.config.tree import Table, child

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def read_environments(data: bytes, name: str) -> tuple[str, ...]:
    """The environments that the pipeline file *data* has, as far as they have names.

    Raises:
        PipelineFileError: it is no YAML with keys at its top.
    """
    found = child(parse_source(data, name), "environments")
    if not isinstance(found, Table):
        return ()
    return tuple(each for each in found.entries if _ENVIRONMENT.fullmatch(each))
