"""What the shell may complete: stages and environments of the file, runs of the log.

Both are read where it costs next to nothing, and nothing is checked: whoever presses
the tab key wants no error, so what cannot be read completes nothing.
"""

from contextlib import suppress
from pathlib import Path

import click

from sluicegate.errors import SluicegateError

_NEWEST = 50


def complete_stage(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[str]:
    """The names of the pipeline file's stages."""
    from sluicegate.config.source import parse_source  # noqa: PLC0415 - reads YAML
    from sluicegate.config.tree import Table, child  # noqa: PLC0415

    file = ctx.params.get("file") or Path("sluicegate.yaml")
    with suppress(OSError, SluicegateError):
        stages = child(parse_source(file.read_bytes(), str(file)), "stages")
        if isinstance(stages, Table):
            return [name for name in stages.entries if name.startswith(incomplete)]
    return []


def complete_environment(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[str]:
    """The names of the pipeline file's environments."""
    from sluicegate.config.names import read_environments  # noqa: PLC0415 - reads YAML

    file = ctx.params.get("file") or Path("sluicegate.yaml")
    with suppress(OSError, SluicegateError):
        names = read_environments(file.read_bytes(), str(file))
        return [name for name in names if name.startswith(incomplete)]
    return []


def complete_run(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[str]:
    """The newest runs that left files beside the pipeline file, newest first."""
    file = ctx.params.get("file") or Path("sluicegate.yaml")
    with suppress(OSError):
        folder = file.parent / ".sluicegate" / "runs"
        names = sorted((path.name for path in folder.iterdir()), reverse=True)
        wanted = incomplete.upper()
        return [name for name in names if name.startswith(wanted)][:_NEWEST]
    return []
