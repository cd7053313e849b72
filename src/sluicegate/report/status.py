"""How a run stands, for people. Pure."""

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.canary.plot.figure import PICTURE
from sluicegate.gates.budget import format_gpu_ms, is_over_budget
from sluicegate.model.decision import Outcome
from sluicegate.model.event import RunFinished, RunStarted, StageFinished
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.model.task import write_labels
from sluicegate.report.audit import shorten_run
from sluicegate.report.duration import format_duration
from sluicegate.report.entering import describe_entry, how_to_answer, overridden
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago, format_moment
from sluicegate.report.plain import (
    MARK,
    describe_goal,
    describe_handed_over,
    describe_publish,
)
from sluicegate.report.rollout import describe_progress, follow
from sluicegate.report.undecided import lacks_examples
from sluicegate.report.usage import describe_usage

_MS = timedelta(milliseconds=1)


@enum.unique
class State(enum.Enum):
    """Whether a run goes on."""

    RUNNING = "running"  # a process of this machine carries it on
    INTERRUPTED = "interrupted"  # it has no end, and no process carries it on
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run as it stands. ``since`` says when the attempts under way began.

    ``checked_out`` is the commit in the work tree, None where that is not known.
    """

    run: Run
    state: State
    since: Mapping[str, datetime] = field(default_factory=dict)
    checked_out: str | None = None


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A stage. ``word`` is its verdict, or how far it has come; ``notes`` say more."""

    mark: str
    name: str
    word: str
    took: str
    text: str
    notes: tuple[str, ...] = ()
    outcome: Outcome | None = None


def status_head(status: RunStatus, now: datetime) -> tuple[str, str, str]:
    """What the run is about, how it stands, and when that was: one line each."""
    started, finished = status.run.started, status.run.finished
    where = f" ({started.branch})" if started.branch else ""
    broken = overridden(status.run)
    parts = [broken] if broken else []
    parts += [f"{started.pipeline} · commit {started.commit[:12]}{where}"]
    parts += ["with uncommitted changes"] if started.dirty else []
    parts += [describe_goal(started)] if started.rollback else []
    parts += [started.selection] if started.selection else []
    parts += [write_labels(started.labels)] if started.labels else []
    ago = format_ago(started.start_ts, now)
    began = f"began {ago}, at {format_moment(started.start_ts)}"
    if finished is not None:
        passed = (finished.end_ts - started.start_ts) // _MS
        began = f"{began}; ended after {format_duration(max(passed, 0))}"
    return (
        escape(" · ".join(parts)),
        escape(f"run {status.run.run_id}: {_verdict(status)}"),
        began,
    )


def _verdict(status: RunStatus) -> str:
    finished = status.run.finished
    if finished is None:
        return status.state.value
    return f"{finished.outcome.value}, {finished.reason}"


def status_rows(status: RunStatus, now: datetime) -> list[StatusRow]:
    """A row for every stage, each after those it needs."""
    return [_row(status, stage, now) for stage in status.run.stages]


def _row(status: RunStatus, stage: StageState, now: datetime) -> StatusRow:
    finished, notes = stage.finished, _notes(stage)
    if finished is not None:
        word = finished.outcome.value
        took = format_duration(finished.usage.wall_ms)
        if finished.cached is not None:
            took = "cached"
            notes = (f"from {finished.cached}", *notes)
        elif used := describe_usage(finished.usage):
            notes = (used, *notes)
        text = escape(finished.reason)
        mark = MARK[finished.outcome]
        notes = (*notes, *_drawn(status.run.run_id, finished))
        return StatusRow(mark, stage.name, word, took, text, notes, finished.outcome)
    if stage.phase is Phase.SKIPPED:
        return StatusRow(
            "-", stage.name, "skipped", "", escape(stage.skipped or ""), notes
        )
    if stage.phase is Phase.WAITING:
        word = "again" if stage.attempt else "waiting"
        return StatusRow("·", stage.name, word, "", "", notes)
    if status.state is not State.RUNNING:
        return StatusRow("!", stage.name, "cut off", "", "", notes)
    begun = status.since.get(stage.name)
    took = format_duration(max(0, (now - begun) // _MS)) if begun else ""
    return StatusRow("▸", stage.name, "running", took, "", notes)


def _drawn(run_id: str, finished: StageFinished) -> tuple[str, ...]:
    """How to see how the evidence of a rollout came about, if that was kept."""
    if PICTURE not in {file.name for file in finished.evidence.files}:
        return ()
    command = f"sluice rollout plot {shorten_run(run_id)} -o {PICTURE}"
    return (f"`{command}` draws how its evidence came about",)


def _notes(stage: StageState) -> tuple[str, ...]:
    notes = []
    if stage.attempt > 1:
        notes.append(f"attempt {stage.attempt}")
    if stage.entered is not None:
        notes.append(describe_entry(stage.entered))
    elif stage.requested is not None and stage.finished is None:
        notes.append(describe_entry(stage.requested))
    if stage.publish:
        notes.append(describe_publish(stage.publish[-1]))
    if stage.finished is not None and stage.finished.handed_over is not None:
        notes.append(describe_handed_over(stage.finished.handed_over))
    if stage.finished is not None and stage.finished.gpu_ms:
        notes.append(f"used {format_gpu_ms(stage.finished.gpu_ms)} GPU-minutes")
    progress = follow(stage.rollout)
    if progress is not None:
        notes.append(describe_progress(progress))
    return tuple(escape(note) for note in notes)


def what_to_do(status: RunStatus) -> str:
    """What a person does next, in one line; empty where there is nothing to do."""
    run = status.run
    resume = f"`sluice resume {run.run_id}`"
    is_rollback = run.started.rollback is not None  # it depends on no checkout
    if not is_rollback and status.checked_out not in {None, run.started.commit}:
        resume = f"`git checkout {run.started.commit[:12]}` and {resume}"
    if status.state is State.RUNNING:
        return "another process carries it on; there is nothing to do"
    if run.finished is None:
        return f"{resume} goes on from there"
    match run.finished.outcome:
        case Outcome.OPEN:
            return ""
        case Outcome.CLOSED if is_rollback:
            return "that answer stands; `sluice rollback` goes back anew, also further"
        case Outcome.CLOSED if _is_over_budget(run):
            return (
                "`sluice run` once the budget's next period has begun, or with a larger"
                " budget on the protected branch"
            )
        case Outcome.CLOSED:
            return (
                "that answer stands for this commit: mend it, commit, and `sluice run`;"
                " what has not changed is not run again"
            )
        case Outcome.BROKEN:
            return f"mend what broke, and {resume}: what is open is not run again"
        case Outcome.PENDING:
            return how_to_answer(run, resume) or _look_again(run, resume)


def _look_again(run: Run, resume: str) -> str:
    if lacks_examples(run):
        return f"`sluice run` with more examples; {resume} looks at these again"
    return f"{resume} looks again"


def _is_over_budget(run: Run) -> bool:
    """Whether a stage is closed by a budget, and not by what it found."""
    return any(
        is_over_budget(stage.finished) and stage.outcome is Outcome.CLOSED
        for stage in run.stages
        if stage.finished is not None
    )


def status_text(status: RunStatus, now: datetime) -> str:
    """Lines without a terminal's means."""
    rows = status_rows(status, now)
    names = max((len(row.name) for row in rows), default=0)
    words = max((len(row.word) for row in rows), default=0)
    times = max((len(row.took) for row in rows), default=0)
    lines = list(status_head(status, now))
    for row in rows:
        head = f"{row.mark} {row.name:<{names}}  {row.word:<{words}}"
        lines.append(f"{head}  {row.took:>{times}}  {row.text}".rstrip())
        lines += (f"  {'':<{names}}  {note}" for note in row.notes)
    if advice := what_to_do(status):
        lines.append(advice)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list of runs."""

    run_id: str
    started: RunStarted
    finished: RunFinished | None
    state: State


def runs_text(rows: Sequence[RunRow], now: datetime) -> str:
    """One line a run, in the order given."""
    cells = [_run_cells(row, now) for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(5)]
    return "\n".join(
        "  ".join(
            text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)
        ).rstrip()
        for row in cells
    )


def _run_cells(row: RunRow, now: datetime) -> tuple[str, ...]:
    started, finished = row.started, row.finished
    labels = write_labels(started.labels)
    what = [describe_goal(started), started.selection or "", labels]
    reason = finished.reason if finished else ""
    return (
        shorten_run(row.run_id),
        format_ago(started.start_ts, now),
        started.commit[:12],
        escape(started.branch or "-"),
        finished.outcome.value if finished else row.state.value,
        escape(" · ".join(part for part in (reason, *what) if part)),
    )


def runs_document(rows: Sequence[RunRow]) -> str:
    """The list as a JSON document."""
    return json.dumps(
        {
            "runs": [
                {
                    "run_id": row.run_id,
                    "state": row.state.value,
                    "verdict": row.finished.outcome.value
                    if row.finished
                    else "pending",
                    "reason": row.finished.reason if row.finished else row.state.value,
                    "pipeline": row.started.pipeline,
                    "commit": row.started.commit,
                    "branch": row.started.branch,
                    "dirty": row.started.dirty,
                    "selection": row.started.selection,
                    "labels": dict(row.started.labels),
                    "rollback": row.started.rollback,
                    "rollback_reason": row.started.reason,
                    "started": row.started.start_ts.isoformat(),
                    "ended": row.finished.end_ts.isoformat() if row.finished else None,
                }
                for row in rows
            ]
        },
        ensure_ascii=False,
        indent=2,
    )
