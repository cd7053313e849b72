"""The summary of a job: everything about a run that somebody needs to decide. Pure.

It is there in every case, also where the token may do nothing else: what could not be
shown elsewhere is said at its end.
"""

from collections.abc import Iterator, Sequence

from sluicegate.model.decision import Outcome
from sluicegate.model.run import StageState
from sluicegate.report.duration import format_duration
from sluicegate.report.github.asking import approval_blocks
from sluicegate.report.github.findings import count_findings, finding_table, worst_first
from sluicegate.report.github.gates import condition_table, gate_table
from sluicegate.report.github.limits import SUMMARY_BYTES
from sluicegate.report.github.next_step import next_step
from sluicegate.report.github.page import Block, Part, build_page
from sluicegate.report.github.plot import plot
from sluicegate.report.github.recording import log_line, unrecorded_warning
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.text import code, link, pre, words
from sluicegate.report.github.verdict import ICON, headline, outcome_of
from sluicegate.report.rollout import describe_progress, follow

_ASKED = 5  # requests that are told in full
_ROLLOUTS = 5
_NOTICES = 12
_FINDINGS = 6000  # there is no room for so many


def job_summary(
    shown: Shown, notices: Sequence[str] = (), limit: int = SUMMARY_BYTES
) -> str:
    """Write the summary in at most *limit* bytes.

    *notices* are what could not be shown elsewhere, and which permission that takes.
    """
    parts = [
        *unrecorded_warning(shown),
        *head_blocks(shown),
        gate_table(shown),
        *_approvals(shown),
        *_rollouts(shown),
        *_findings(shown),
        *_conditions(shown),
        *foot_blocks(shown, notices),
    ]
    return build_page(parts, limit)


def head_blocks(shown: Shown) -> list[Block]:
    """The verdict in one line, and what the run was about."""
    run = shown.run
    icon = ICON[outcome_of(run)]
    return [
        Block(f"<h2>{icon} {words(headline(shown))}</h2>"),
        Block(f"<p>{' · '.join(_about(shown))}</p>"),
    ]


def _about(shown: Shown) -> Iterator[str]:
    started, finished, links = shown.run.started, shown.run.finished, shown.links
    yield code(started.pipeline, 120)
    if shown.folder:
        yield f"in {code(shown.folder, 120)}"
    url = f"{links.server}/{links.repository}/commit/{started.commit}"
    branch = f" on {code(started.branch, 120)}" if started.branch else ""
    yield f"commit {link(code(started.commit[:12]), url)}{branch}"
    if started.rollback is not None:
        yield "a rollback"
    if started.selection:
        yield f"only part of it was run: {code(started.selection, 200)}"
    yield f"run {code(shown.run.run_id, 40)}"
    if finished is not None:
        yield format_duration(finished.wall_ms)


def _approvals(shown: Shown) -> Iterator[Block]:
    for asked in shown.asked[:_ASKED]:
        yield from approval_blocks(asked, shown.links)
    left = len(shown.asked) - _ASKED
    if left > 0:
        yield Block(
            f"<p>and {left} more, which <code>sluice approvals</code> lists</p>"
        )


def _rollouts(shown: Shown) -> Iterator[Block]:
    stages = [stage for stage in shown.run.stages if stage.rollout]
    for stage in stages[:_ROLLOUTS]:
        yield from rollout_blocks(shown, stage)


def rollout_blocks(shown: Shown, stage: StageState) -> Iterator[Block]:
    """How a canary fares, and how its evidence came about."""
    progress = follow(stage.rollout)
    if progress is None:
        return
    site = shown.sites.get(progress.environment)
    place = link(code(progress.environment, 80), site)
    said = words(describe_progress(progress).removeprefix(f"{progress.environment}: "))
    yield Block(f"<h3>Canary in {place}</h3>\n<p>{said}</p>")
    trace = shown.traces.get(stage.name)
    if trace is not None:
        yield Block(pre(plot(trace)))


def _findings(shown: Shown) -> Iterator[Part]:
    found = worst_first(shown)
    if found:
        yield Block(f"<h3>{count_findings(found)}</h3>")
        yield finding_table(shown, found, _FINDINGS, shown.links.report)


def _conditions(shown: Shown) -> Iterator[Part]:
    table = condition_table(shown, shown.run.stages)
    if table is not None:
        number = len(table.rows) + table.left_out
        title = "The one condition" if number == 1 else f"All {number} conditions"
        yield Block(f"<details><summary>{title} of the gates</summary>")
        yield table
        yield Block("</details>")


def foot_blocks(shown: Shown, notices: Sequence[str]) -> Iterator[Block]:
    """What to do next, where the log stands, and what could not be shown elsewhere."""
    advice = next_step(shown)
    if advice and not (shown.asked and outcome_of(shown.run) is Outcome.PENDING):
        yield Block(f"<p><b>Next:</b> {words(advice)}</p>")
    where = link("full report", shown.links.report) if shown.links.report else ""
    lines = [line for line in (log_line(shown), where) if line]
    yield Block(f"<p><sub>{' · '.join(lines)}</sub></p>")
    if notices:
        items = [f"<li>{words(each)}</li>" for each in notices[:_NOTICES]]
        yield Block("\n".join(("<p>Not shown elsewhere:</p>", "<ul>", *items, "</ul>")))
