"""A check run for every stage. Pure.

What does not have an open gate must not look as if it had to a rule of the repository
that requires the check: GitHub takes *neutral* and *skipped* for success. So a stage
that waits requires action, and one that was not reached is cancelled; only one that its
own ``when`` leaves out is skipped.
"""

from collections.abc import Sequence

from sluicegate.model.code_host import Annotation, CheckConclusion, CheckRun
from sluicegate.model.decision import Outcome
from sluicegate.model.finding import Severity
from sluicegate.model.run import StageState
from sluicegate.report.github.annotations import worst
from sluicegate.report.github.findings import Located, finding_table, worst_first
from sluicegate.report.github.gates import condition_table
from sluicegate.report.github.limits import (
    ANNOTATION_BYTES,
    ANNOTATION_TITLE,
    CHECK_ANNOTATIONS,
    CHECK_BYTES,
)
from sluicegate.report.github.page import Block, Part, build_page
from sluicegate.report.github.recording import log_line
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.summary import rollout_blocks
from sluicegate.report.github.text import cut_bytes, shorten, words
from sluicegate.report.github.verdict import (
    ICON,
    NOT_RUN,
    reason_of,
    was_left_out,
    word_of,
)

_CONCLUSION = {
    Outcome.OPEN: CheckConclusion.SUCCESS,
    Outcome.CLOSED: CheckConclusion.FAILURE,
    Outcome.BROKEN: CheckConclusion.FAILURE,
    Outcome.PENDING: CheckConclusion.ACTION_REQUIRED,
}
_LEVEL = {
    Severity.ERROR: "failure",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}
_TITLE = 200  # characters
_FINDINGS = 1000  # there is no room for so many


def check_runs(shown: Shown, commit: str) -> list[CheckRun]:
    """The checks of all stages, in their order, for *commit* of the host.

    Their annotations are those that are not among the commands to the runner: GitHub
    shows both side by side.
    """
    already = {id(each.finding) for each in worst(shown)}
    found: dict[str, list[Located]] = {}
    for each in worst_first(shown):
        found.setdefault(each.stage, []).append(each)
    return [
        _check(shown, stage, commit, found.get(stage.name, []), already)
        for stage in shown.run.stages
    ]


def _check(
    shown: Shown,
    stage: StageState,
    commit: str,
    own: Sequence[Located],
    already: set[int],
) -> CheckRun:
    reason = reason_of(stage)
    title = f"{word_of(stage)}: {reason}" if reason else word_of(stage)
    service = f"{shown.folder} / " if shown.folder else ""
    return CheckRun(
        name=shorten(f"sluice / {service}{stage.name}", _TITLE),
        commit=commit,
        external_id=f"{shown.run.run_id}/{stage.name}",
        conclusion=_conclude(shown, stage),
        title=shorten(title, _TITLE),
        summary=build_page(_parts(shown, stage, own), CHECK_BYTES),
        annotations=tuple(
            _annotate(each, each.path)
            for each in own
            if each.path is not None and id(each.finding) not in already
        )[:CHECK_ANNOTATIONS],
        url=shown.links.run,
    )


def _conclude(shown: Shown, stage: StageState) -> CheckConclusion:
    if stage.outcome is not None:
        return _CONCLUSION[stage.outcome]
    if was_left_out(shown.run, stage):
        return CheckConclusion.SKIPPED
    return CheckConclusion.CANCELLED


def _parts(shown: Shown, stage: StageState, own: Sequence[Located]) -> list[Part]:
    icon = ICON[stage.outcome] if stage.outcome else NOT_RUN
    said = words(reason_of(stage) or "nothing is known of it")
    parts: list[Part] = [
        Block(f"<p>{icon} <b>{word_of(stage).capitalize()}</b>: {said}</p>"),
        *[table for table in [condition_table(shown, [stage])] if table is not None],
        *rollout_blocks(shown, stage),
    ]
    if own:
        parts.append(finding_table(shown, own, _FINDINGS, shown.links.run))
    return [*parts, Block(f"<p><sub>{log_line(shown)}</sub></p>")]


def _annotate(each: Located, path: str) -> Annotation:
    line = max(1, each.finding.line)
    return Annotation(
        path=path,
        start_line=line,
        end_line=line,
        level=_LEVEL[each.finding.severity],
        message=cut_bytes(each.finding.message, ANNOTATION_BYTES) or "(no message)",
        title=shorten(f"{each.stage}: {each.finding.rule}", ANNOTATION_TITLE),
    )
