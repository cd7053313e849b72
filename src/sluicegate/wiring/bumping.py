"""Giving a pipeline file its next version."""

from sluicegate.adapters.folder import write_whole
from sluicegate.config.file import parse_pipeline
from sluicegate.config.rename import rename_pipeline
from sluicegate.errors import UsageError
from sluicegate.model.version import Bump, PipelineName, Standing
from sluicegate.report.definition import Bumped, bump_command
from sluicegate.wiring.definitions import Definitions
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog


def bump_version(project: Project, wanted: Bump | None) -> Bumped:
    """Rewrite the name in the project's file: to *wanted*, else to what is needed.

    Raises:
        UsageError: nothing is needed, nobody can tell what is, or *wanted* is not
            enough; nothing was written.
        PermanentError: the file cannot be written; it is what it was.
    """
    file = str(project.file)
    current = PipelineName.parse(project.pipeline.name)
    definitions = Definitions(project, ProjectLog(project))
    before = definitions.before(current)
    bump = wanted or _needed(before, current, definitions.release_branch, file)
    change = None if before is None else before.change
    if (
        change is not None
        and before is not None
        and before.name == current
        and (bump, change.needs) == (Bump.MINOR, Bump.MAJOR)
    ):
        raise UsageError(
            f"what changed since {current} needs a new major version:"
            f" {', '.join(change.details)}",
            hint=f"`{bump_command(file, Bump.MAJOR)}`",
        )
    start = current if before is None or wanted else before.name
    new = start.after(bump, definitions.names())
    if new.version <= current.version:
        raise UsageError(
            f"{current} is the right version: it comes after {start}, and has not run"
            f" on {definitions.release_branch} yet",
            hint="`sluice run` it there; until then it may still change",
        )
    data = project.file.read_bytes()
    renamed = rename_pipeline(data, file, str(current), str(new))
    parse_pipeline(renamed, file)  # a version may have become too long
    write_whole(project.file, renamed)
    return Bumped(file, current, new, bump, () if change is None else change.details)


def _needed(
    before: Standing | None, current: PipelineName, branch: str | None, file: str
) -> Bump:
    """The bump that the file needs after the version *before* it.

    Raises:
        UsageError: none, or nobody can tell.
    """
    anyway = (
        f"`{bump_command(file, Bump.MINOR)}` or `{bump_command(file, Bump.MAJOR)}`"
        " gives it a new version all the same"
    )
    if before is None:
        where = f"on {branch}" if branch else "on a release branch"
        raise UsageError(
            f"the log here has no run of {current} {where}: it may still change",
            hint=anyway,
        )
    if not before.is_known:
        raise UsageError(
            f"what {before.name} stands for is not in this repository, so nobody can"
            " tell what has changed since",
            hint=f"`{bump_command(file, Bump.MINOR)}` if only parameters or gates of"
            f" stages changed, `{bump_command(file, Bump.MAJOR)}` if stages or their"
            " order did",
        )
    if before.change is None:
        raise UsageError(
            f"nothing has changed since {before.name}: it needs no new version",
            hint=anyway,
        )
    return before.change.needs
