"""Which stages a run has, by its options and by what was handed over to it."""

from collections.abc import Collection

from sluicegate.engine.selection import (
    Chosen,
    choose_stages,
    leave_out_earlier,
    leave_out_releases,
    take_over,
)
from sluicegate.engine.unrecorded import NOT_RECORDED
from sluicegate.errors import UsageError
from sluicegate.wiring.options import Options
from sluicegate.wiring.project import Project


def choose(
    project: Project, options: Options, taken: Collection[str], *, records: bool
) -> Chosen:
    """The stages to be run, or *taken* over.

    Raises:
        UsageError: they cannot be.
    """
    pipeline, selection = project.pipeline, options.selection
    chosen = choose_stages(pipeline, selection)
    if options.leave_out_releases and records:
        raise UsageError("only a run that is not recorded leaves releases out")
    if options.leave_out_releases or options.hand_over is not None:
        chosen = leave_out_releases(pipeline, chosen)
    if taken:
        chosen = take_over(chosen, taken, only=options.takes_only)
    if options.hand_over is not None:
        return leave_out_earlier(chosen)
    if chosen.earlier and not (records or options.takes_only):
        raise UsageError(
            f"{NOT_RECORDED}: {selection} leaves out {_listed(chosen.earlier)},"
            " and without the log nobody knows whether their gates have opened",
            hint="`--until STAGE` runs what a stage needs, too",
        )
    if chosen.earlier and options.takes_only:
        raise UsageError(
            f"{selection} leaves out {_listed(chosen.earlier)}, which was not"
            " handed over",
            hint="give the hand-over of it as --handed-over, too",
        )
    return chosen


def check_handing(project: Project, options: Options, *, records: bool) -> None:
    """See to it that results can be handed over as *options* ask for.

    Raises:
        UsageError: they cannot.
    """
    if options.hand_over is not None and records:
        raise UsageError(
            "a run that is recorded hands nothing over",
            hint="--hand-over goes with --no-record",
        )
    is_handed = options.hand_over is not None or options.handed_over
    if is_handed and project.source.dirty:
        raise UsageError(
            "what is handed over is about a commit, and the work tree has changes"
            f" that no commit holds: {_listed(project.source.dirty[:5])}",
            hint="commit or stash them; hand-overs belong into a folder outside of"
            " the repository",
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
