"""Rollouts under way, for whoever only looks. Pure; what is written is escaped."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sluicegate.model.event import RolloutDrifted, RolloutFinished, RolloutStarted
from sluicegate.model.run import Run
from sluicegate.model.state_item import GivenDirection, Lease, OpenRollout, RolloutTerm
from sluicegate.report.audit import shorten_run
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago, format_moment, format_until
from sluicegate.report.rollout import (
    RolloutProgress,
    describe_progress,
    progress_document,
)
from sluicegate.report.rollout_bars import BARS, Marks, RolloutTerms
from sluicegate.report.rollout_live import seen_lines


@dataclass(frozen=True, slots=True)
class OpenView:
    """A rollout under way.

    ``term`` is None where an older version began it, ``progress`` where its run was
    pruned. ``lease`` is the newest that its run has taken, None if it gave that back;
    ``is_conducted`` says whether a process goes on with it now, as far as can be told.
    ``said`` is what people have said and nobody has acted on yet. ``goes_by`` is what
    its pipeline says of it, None if that is not at hand.
    """

    item: OpenRollout
    term: RolloutTerm | None
    progress: RolloutProgress | None
    lease: Lease | None
    is_conducted: bool
    said: tuple[GivenDirection, ...]
    now: datetime
    goes_by: RolloutTerms | None = None

    @property
    def is_paused(self) -> bool:
        """Whether people have paused it."""
        return self.term is not None and self.term.paused is not None

    @property
    def drift(self) -> RolloutDrifted | None:
        """How what serves differs from what was set, as was seen last."""
        return None if self.progress is None else self.progress.drift

    @property
    def is_overdue(self) -> bool:
        """Whether it should have ended, and nobody has come to settle it."""
        if self.term is None or self.is_paused:
            return False
        return self.term.deadline <= self.now


def rollout_lines(view: OpenView, width: int = 80, marks: Marks = BARS) -> list[str]:
    """What is known of a rollout, and what to do about it.

    Rates and evidence are no wider than *width*, with bars made of *marks*.
    """
    item, place = view.item, view.item.environment
    lines = (
        [f"{place}: {item.canary.name}, under way"]
        if view.progress is None
        else [describe_progress(replace(view.progress, drift=None), counts=False)]
    )
    if view.progress is not None:
        seen = seen_lines(view.progress, view.goes_by, max(1, width - 2), marks)
        told = ("".join(words for words, _ in pieces) for pieces in seen)
        lines += [f"  {line}".rstrip() for line in told]
        if seen and view.goes_by is None:
            lines.append("  evidence what it takes is in the run's pipeline, not here")
    lines.append(f"  run      {shorten_run(item.run_id)}, stage {item.stage}")
    if view.term is not None:
        lines.append(f"  rollout  {view.term.rollout}")
        lines.append(f"  deadline {_describe_term(view, view.term)}")
    if view.drift is not None:
        since = format_ago(view.drift.at, view.now)
        lines.append(f"  DRIFTED  {since}: {' '.join(view.drift.what.split())}")
        lines.append(
            "           nothing rises and nothing is promoted until it is over"
        )
    lines.append(f"  conducts {_describe_conductor(view)}")
    lines += [
        f"  said     {each.direction.value}, {format_ago(each.recorded_ts, view.now)}:"
        f" {' '.join(each.reason.split())}"
        for each in view.said
    ]
    lines.append(f"  next     {_next(view)}")
    return [escape(line) for line in lines]


def _describe_term(view: OpenView, term: RolloutTerm) -> str:
    moment = format_moment(term.deadline)
    if term.paused is not None:
        since = format_ago(term.paused, view.now)
        return f"{moment}, later by the time that it is paused; PAUSED {since}"
    if view.is_overdue:
        late = format_ago(term.deadline, view.now)
        return f"{moment}, OVERDUE: it was {late}, and nobody has settled it"
    return f"{moment}, {format_until(term.deadline, view.now)}"


def _describe_conductor(view: OpenView) -> str:
    if not view.is_conducted:
        return "nobody now"
    if view.lease is None:
        return "a process on this machine"
    return f"a process, with a lease until {format_moment(view.lease.expires)}"


def _next(view: OpenView) -> str:
    place = view.item.environment
    if view.is_overdue:
        return f"`sluice rollout tick {place}` settles it"
    if view.is_paused:
        return f"`sluice rollout resume {place} --reason ...` lets it go on"
    if view.drift is not None:
        return f"`sluice rollout resume {place} --reason ...` sets it anew, or abort it"
    if view.is_conducted:
        return "it goes on by itself"
    return f"`sluice rollout tick {place}` does what is due"


def under_way(run: Run) -> list[str]:
    """The environments in which rollouts of *run* are under way."""
    return [
        started[-1].environment
        for stage in run.stages
        if stage.rollout
        and not isinstance(stage.rollout[-1], RolloutFinished)
        and (started := [e for e in stage.rollout if isinstance(e, RolloutStarted)])
    ]


def rollouts_text(
    views: Sequence[OpenView], width: int = 80, marks: Marks = BARS
) -> str:
    """All rollouts under way, for a person."""
    if not views:
        return "no rollout is under way"
    return "\n\n".join("\n".join(rollout_lines(view, width, marks)) for view in views)


def rollouts_document(views: Sequence[OpenView]) -> str:
    """All rollouts under way, as one JSON document."""
    return json.dumps({"rollouts": [_fields(view) for view in views]}, indent=2)


def _fields(view: OpenView) -> dict[str, object]:
    item, term = view.item, view.term
    return {
        "environment": item.environment,
        "rollout": None if term is None else term.rollout,
        "run_id": item.run_id,
        "stage": item.stage,
        "release": item.canary.name,
        "commit": item.canary.commit,
        "deadline": None if term is None else term.deadline.isoformat(),
        "paused_since": (
            term.paused.isoformat() if term is not None and term.paused else None
        ),
        "drifted_since": None if view.drift is None else view.drift.at.isoformat(),
        "overdue": view.is_overdue,
        "conducted": view.is_conducted,
        "said": [
            {
                "direction": each.direction.value,
                "reason": each.reason,
                "by": each.by,
                "at": each.recorded_ts.isoformat(),
            }
            for each in view.said
        ],
        "progress": None if view.progress is None else progress_document(view.progress),
    }
