"""What a run would do, for people and machines. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.model.decision import Outcome
from sluicegate.model.event import StageFinished
from sluicegate.model.version import Standing
from sluicegate.report.audit import shorten_run
from sluicegate.report.definition import explain
from sluicegate.report.duration import format_duration
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago

RUN, CACHED, RECONCILE = "run", "cached", "reconcile"
SKIP, MISSING = "skip", "missing"
MARK = {RUN: "→", CACHED: "=", RECONCILE: "~", SKIP: "-", MISSING: "!"}

_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One stage: what would become of it, and why.

    ``changed`` are the parts of its inputs that are not what they were, ``since`` is
    the end of the attempt whose result would be used, ``task`` that attempt's id, and
    ``last`` the end of the newest attempt that ran it.
    """

    name: str
    uses: str
    needs: tuple[str, ...]
    action: str
    reason: str
    changed: tuple[str, ...] = ()
    task: str | None = None
    since: datetime | None = None
    last: StageFinished | None = None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run that was not begun.

    ``dirty`` are the files that no commit holds as they are. ``expected_ms`` is how
    long it would take with ``jobs`` stages at once, not counting ``unknown`` ones.
    ``standing`` is why the release branch would refuse to run it, if it would.
    """

    pipeline: str
    commit: str
    branch: str | None
    dirty: tuple[str, ...]
    selection: str
    labels: Mapping[str, str]
    rows: tuple[PlannedRow, ...]
    jobs: int
    expected_ms: int
    unknown: tuple[str, ...] = field(default=())
    file: str = "sluicegate.yaml"
    standing: Standing | None = None

    def named(self, *actions: str) -> list[str]:
        """The stages of which one of *actions* would become."""
        return [row.name for row in self.rows if row.action in actions]


def plan_head(plan: RunPlan) -> str:
    """The first line: what the run would be about."""
    where = f" ({plan.branch})" if plan.branch else ""
    parts = [f"{plan.pipeline} · commit {plan.commit[:12]}{where}"]
    parts += [plan.selection] if plan.selection else []
    parts += [f"{name}={value}" for name, value in plan.labels.items()]
    return escape(" · ".join(parts))


def explain_row(row: PlannedRow, now: datetime) -> str:
    """Why: one line."""
    if row.task is None or row.since is None:
        return escape(row.reason)
    run = shorten_run(row.task.partition("/")[0])
    return escape(f"unchanged since run {run}, {format_ago(row.since, now)}")


def last_time(row: PlannedRow) -> str:
    """How long it took last time, and how that ended if it was not open."""
    if row.last is None:
        return ""
    took = format_duration(row.last.usage.wall_ms)
    outcome = row.last.outcome
    return took if outcome is Outcome.OPEN else f"{took}, {outcome.value}"


def plan_text(plan: RunPlan, now: datetime) -> str:
    """Lines without a terminal's means, one a stage."""
    cells = [
        (MARK[row.action], row.name, row.action, last_time(row), explain_row(row, now))
        for row in plan.rows
    ]
    cells.insert(0, ("", "stage", "", "last time", "why"))
    widths = [max(len(row[place]) for row in cells) for place in range(4)]
    lines = [
        "  ".join(
            text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)
        )
        for row in cells
    ]
    return "\n".join((plan_head(plan), *(line.rstrip() for line in lines)))


def conclude_plan(plan: RunPlan) -> list[str]:
    """What it comes to, in a few lines."""
    lines = []
    if missing := plan.named(MISSING):
        lines.append(
            f"`sluice run {plan.selection}` refuses: it leaves out {_listed(missing)},"
            " which has to run; run without it"
        )
    if plan.dirty:
        lines.append(
            "`sluice run` refuses while no commit holds the changes in the work tree:"
            f" {_listed(plan.dirty)}; --allow-dirty runs anyway"
        )
    if plan.standing is not None:
        said = explain(plan.standing, plan.file)
        lines.append(
            f"{plan.standing.branch} refuses to run it: {said.text}. {said.advice}"
        )
    return [_total(plan), *map(escape, lines)]


def _total(plan: RunPlan) -> str:
    working = plan.named(RUN, RECONCILE)
    if not working:
        cached = "" if plan.named(SKIP) else ": every result is there already"
        return f"nothing would run{cached}"
    what = f"{len(working)} of {len(plan.rows)} stages would run"
    known = len(working) - len(plan.unknown)
    if not known:
        return f"{what}; how long that takes is not known yet"
    about = "at least" if plan.unknown else "about"
    side = f", up to {plan.jobs} at once" if plan.jobs > 1 and known > 1 else ""
    also = f", not counting {_listed(plan.unknown)}" if plan.unknown else ""
    return escape(f"{what}: {about} {format_duration(plan.expected_ms)}{side}{also}")


def plan_document(plan: RunPlan) -> str:
    """The document of ``--json``."""
    return json.dumps(
        {
            "pipeline": plan.pipeline,
            "commit": plan.commit,
            "branch": plan.branch,
            "dirty": bool(plan.dirty),
            "selection": plan.selection or None,
            "labels": dict(plan.labels),
            "stages": [_stage(row) for row in plan.rows],
            "jobs": plan.jobs,
            "expected_ms": plan.expected_ms,
            "unknown": list(plan.unknown),
            "version": _version(plan),
        },
        ensure_ascii=False,
        indent=2,
    )


def _version(plan: RunPlan) -> dict[str, object] | None:
    standing = plan.standing
    if standing is None:
        return None
    change = standing.change
    said = explain(standing, plan.file)
    return {
        "needs": None if change is None else change.needs.value,
        "changes": [] if change is None else list(change.details),
        "reason": said.text,
        "advice": said.advice,
    }


def _stage(row: PlannedRow) -> dict[str, object]:
    last = row.last
    return {
        "name": row.name,
        "uses": row.uses,
        "needs": list(row.needs),
        "action": row.action,
        "reason": row.reason,
        "changed": list(row.changed),
        "result_of": row.task,
        "last": None
        if last is None
        else {
            "verdict": last.outcome.value,
            "duration_ms": last.usage.wall_ms,
            "ended": last.end_ts.isoformat(),
        },
    }


def _listed(names: Sequence[str]) -> str:
    hidden = len(names) - _SHOWN_NAMES
    more = f" and {hidden} more" if hidden > 0 else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more
