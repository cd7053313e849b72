"""What a run would do, for people and machines. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.gates.budget import RUNS as OF_RUNS
from sluicegate.gates.budget import Balance, amount, format_gpu_ms
from sluicegate.model.decision import Outcome
from sluicegate.model.event import StageFinished
from sluicegate.model.resources import gpu_ms
from sluicegate.model.version import Standing
from sluicegate.report.audit import shorten_run
from sluicegate.report.definition import explain
from sluicegate.report.duration import format_duration
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago
from sluicegate.report.secrets.planned import (
    PlannedSecret,
    secret_documents,
    secret_lines,
)

RUN, CACHED, RECONCILE = "run", "cached", "reconcile"
SKIP, MISSING = "skip", "missing"
MARK = {RUN: "→", CACHED: "=", RECONCILE: "~", SKIP: "-", MISSING: "!"}

_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One stage: what would become of it, and why.

    ``changed`` are the parts of its inputs that are not what they were, ``since`` is
    the end of the attempt whose result would be used, ``task`` that attempt's id, and
    ``last`` the end of the newest attempt that ran it. ``usual_ms`` is how long it
    usually takes, None where nobody knows, ``gpu`` how many GPUs it declares.
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
    usual_ms: int | None = None
    gpu: int = 0

    @property
    def is_work(self) -> bool:
        """Whether it would take time."""
        return self.action in {RUN, RECONCILE}


@dataclass(frozen=True, slots=True)
class PlannedEntry:
    """What the rules of ``environment`` would ask now of ``stage``, which enters it.

    ``unknown`` is why that cannot be told; empty if it can. ``refused`` is why nothing
    can be released there from this machine; empty if it can.
    """

    stage: str
    environment: str
    asks: tuple[str, ...] = ()
    unknown: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run that was not begun.

    ``dirty`` are the files that no commit holds as they are. ``expected_ms`` is how
    long it would take with ``jobs`` stages at once, not counting ``unknown`` ones.
    ``expected_gpu_ms`` is the time of GPUs likewise. ``standing`` is why the release
    branch would refuse to run it, if it would; ``balances`` are all budgets,
    ``entries`` the environments that it would enter, ``secrets`` those of its stages.
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
    expected_gpu_ms: int = 0
    balances: tuple[Balance, ...] = ()
    entries: tuple[PlannedEntry, ...] = ()
    secrets: tuple[PlannedSecret, ...] = ()

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


def usually(row: PlannedRow) -> str:
    """How long it is expected to take now, with its GPUs; "" if it takes no time."""
    if row.usual_ms is None or not row.is_work:
        return ""
    took = format_duration(row.usual_ms)
    return f"{took}, {_gpu_minutes(row)} GPU-min" if row.gpu else took


def _gpu_minutes(row: PlannedRow) -> str:
    return format_gpu_ms(gpu_ms(row.gpu, row.usual_ms or 0))


def plan_text(plan: RunPlan, now: datetime) -> str:
    """Lines without a terminal's means, one a stage."""
    cells: list[tuple[str, ...]] = [
        (
            MARK[row.action],
            row.name,
            row.action,
            last_time(row),
            usually(row),
            explain_row(row, now),
        )
        for row in plan.rows
    ]
    cells.insert(0, ("", "stage", "", "last time", "usually", "why"))
    if not any(map(usually, plan.rows)):
        cells = [(*row[:4], row[-1]) for row in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)][:-1]
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
    entries = [escape(line) for each in plan.entries for line in _entry(each)]
    secrets = map(escape, secret_lines(plan.secrets))
    balances = describe_balances(plan.balances)
    return [_total(plan), *secrets, *entries, *balances, *map(escape, lines)]


def _entry(entry: PlannedEntry) -> Iterator[str]:
    """A line about an environment that asks for something, or may."""
    place = f"{entry.stage}: {entry.environment}"
    if entry.refused:
        yield f"`sluice run` refuses to enter {entry.environment}: {entry.refused}"
    if entry.unknown:
        yield f"{place} may ask for more, its rules cannot be told: {entry.unknown}"
    elif entry.asks:
        yield f"{place} {'; '.join(entry.asks)}"


def describe_balances(balances: Sequence[Balance]) -> list[str]:
    """A line that says what budgets leave; none without budgets."""
    left = [
        f"{amount(each, each.left)} of {amount(each, each.limit)} {each.what} left"
        f" {each.period.word}"
        for each in balances
    ]
    return [f"budgets: {', '.join(left)}"] if left else []


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
    gpus = format_gpu_ms(plan.expected_gpu_ms)
    gpu = f" and {gpus} GPU-minutes" if plan.expected_gpu_ms else ""
    took = f"{format_duration(plan.expected_ms)}{gpu}"
    return escape(f"{what}: {about} {took}{side}{also}")


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
            "stages": [
                {**_stage(row), "secrets": secret_documents(row.name, plan.secrets)}
                for row in plan.rows
            ],
            "jobs": plan.jobs,
            "expected_ms": plan.expected_ms,
            "expected_gpu_ms": plan.expected_gpu_ms,
            "unknown": list(plan.unknown),
            "budgets": [balance_document(each) for each in plan.balances],
            "version": _version(plan),
            "entries": [
                {
                    "stage": each.stage,
                    "environment": each.environment,
                    "asks": list(each.asks),
                    "unknown": each.unknown or None,
                    "refused": each.refused or None,
                }
                for each in plan.entries
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def balance_document(balance: Balance) -> dict[str, object]:
    """A budget as it stands; runs, or milliseconds of GPUs."""
    unit = "runs" if balance.what == OF_RUNS else "gpu_ms"
    return {
        "unit": unit,
        "period": balance.period.value,
        "limit": balance.limit,
        "used": balance.used,
        "reserved": balance.reserved,
        "left": balance.left,
        "ends": balance.ends.isoformat(),
    }


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
        "usual_ms": row.usual_ms,
        "gpu": row.gpu,
    }


def _listed(names: Sequence[str]) -> str:
    hidden = len(names) - _SHOWN_NAMES
    more = f" and {hidden} more" if hidden > 0 else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more
