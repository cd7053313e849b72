"""Whether a run may begin, or go on, for this pipeline and this commit. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from sluicegate.engine.machine import is_final
from sluicegate.engine.publish_plan import check_publishable
from sluicegate.engine.selection import Chosen, Selection, choose_stages
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.event import PlannedStage, RunStarted
from sluicegate.model.run import Run
from sluicegate.model.source import Source, WorkTree
from sluicegate.stages.pipeline import Pipeline

NO_LABELS: Mapping[str, str] = MappingProxyType({})

_ALL = Selection()
_SHOWN_FILES = 5


def begin(
    pipeline: Pipeline,
    source: Source,
    now: datetime,
    *,
    allow_dirty: bool,
    selection: Selection = _ALL,
    labels: Mapping[str, str] = NO_LABELS,
    chosen: Chosen | None = None,
) -> RunStarted:
    """The first event of a run of the stages that *selection* chooses.

    *chosen* are these stages, if more is known of them than the selection says; what
    is not among them is needed by none.

    Raises:
        UsageError: the work tree holds what no commit holds, and that is not allowed.
    """
    if source.dirty and not allow_dirty:
        raise UsageError(
            f"the work tree has changes that no commit holds: {_listed(source.dirty)}",
            hint="commit or stash them (or ignore them in .gitignore); --allow-dirty"
            " runs anyway, and the log says so",
        )
    chosen = chosen or choose_stages(pipeline, selection)
    check_publishable(
        (each for each in chosen.stages if each.name not in chosen.earlier), source
    )
    return RunStarted(
        pipeline=pipeline.name,
        definition=pipeline.definition,
        commit=source.commit,
        branch=source.branch,
        dirty=bool(source.dirty),
        stages=tuple(
            PlannedStage(
                named.name,
                named.stage.uses,
                tuple(need for need in named.needs if need in chosen.names),
                0 if named.name in chosen.once else named.stage.retries.count,
            )
            for named in chosen.stages
        ),
        start_ts=now,
        selection=str(selection) or None,
        labels=labels,
    )


def check_resumable(run: Run, pipeline: Pipeline, source: Source) -> None:
    """See to it that going on with *run* means the same as when it began.

    Raises:
        UsageError: the run is over, or the pipeline or the commit is another one.
    """
    started = run.started
    if is_final(run) and run.finished:
        raise UsageError(
            f"run {run.run_id} is over: {run.finished.outcome.value}",
            hint="start a new one with `sluice run`",
        )
    if started.rollback is not None:
        _check_rules(run, pipeline)
        return
    if started.commit != source.commit:
        raise UsageError(
            f"run {run.run_id} is about commit {started.commit[:12]}, but"
            f" {source.commit[:12]} is checked out",
            hint=f"`git checkout {started.commit[:12]}` and resume, or start a new run",
        )
    if started.definition != pipeline.definition:
        raise UsageError(
            f"the pipeline file is not the one run {run.run_id} was started with",
            hint="restore it and resume, or start a new run with `sluice run`",
        )
    if source.dirty and not started.dirty:
        raise UsageError(
            f"the work tree was clean when run {run.run_id} began and is not any more:"
            f" {_listed(source.dirty)}",
            hint="undo the changes and resume, or start a new run",
        )
    if started.dirty and not source.dirty:
        raise UsageError(
            f"the work tree had changes when run {run.run_id} began and has none now:"
            " what its stages have judged is not there any more",
            hint="bring the changes back and resume, or start a new run",
        )


def _check_rules(run: Run, pipeline: Pipeline) -> None:
    """A rollback depends on no work tree, but on what conducts it.

    Raises:
        UsageError: that is not what it was.
    """
    if run.started.definition != pipeline.definition:
        raise UsageError(
            "the pipeline file of the protected branch is not the one run"
            f" {run.run_id} was started with",
            hint="go back anew with `sluice rollback`",
        )


def check_unchanged(started: RunStarted, tree: WorkTree) -> None:
    """See to it that the tree of a run is still the commit it is about.

    A test that rewrites a file would otherwise have it built and released under the
    name of a commit that does not hold it. A run that began dirty has no such promise,
    and one that goes back to an earlier release takes nothing from the tree.

    Raises:
        PermanentError: another commit is checked out, or something was changed.
    """
    if started.dirty or started.rollback is not None:
        return
    if tree.commit != started.commit:
        raise PermanentError(
            f"commit {tree.commit[:12]} is checked out, but the run is about"
            f" {started.commit[:12]}",
            hint=f"`git checkout {started.commit[:12]}` and `sluice resume`",
        )
    if tree.dirty:
        raise PermanentError(
            f"the work tree changed since the run began: {_listed(tree.dirty)}",
            hint="undo that and `sluice resume`; if a stage writes it on purpose,"
            " ignore it in .gitignore, and take it out of Git with `git rm --cached`",
        )


def check_kept(started: RunStarted, tree: WorkTree) -> None:
    """See to it that what the commit holds was there until a stage had ended.

    The stage may have read any of it. What it wrote beside that was not there to be
    read, and is the next stage's concern.

    Raises:
        PermanentError: another commit is checked out, or a file of it was changed.
    """
    changed = tuple(name for name in tree.dirty if name not in tree.untracked)
    check_unchanged(started, replace(tree, dirty=changed))


def _listed(names: tuple[str, ...]) -> str:
    hidden = len(names) - _SHOWN_FILES
    more = f" and {hidden} more" if hidden > 0 else ""
    return ", ".join(names[:_SHOWN_FILES]) + more
