"""What the options of a command choose of a run."""

from sluicegate.engine.selection import Selection
from sluicegate.model.task import parse_labels
from sluicegate.wiring.options import Options


def read_options(
    *,
    only: tuple[str, ...],
    first: str | None,
    until: str | None,
    force: bool,
    labels: tuple[str, ...],
    allow_dirty: bool = False,
    jobs: int | None = None,
) -> Options:
    """The options of a run, as `sluicegate.cli.options` declares them.

    Raises:
        UsageError: a label is none.
    """
    return Options(
        allow_dirty=allow_dirty,
        selection=Selection(only, first, until),
        labels=parse_labels(labels),
        force=force,
        jobs=jobs,
    )
