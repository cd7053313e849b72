"""How environments stand: what they run, who let that in, what is next. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.gates.when import write_length
from sluicegate.model.deployment import Deployment, Standing
from sluicegate.model.event import ConditionResult
from sluicegate.model.rollout import Release
from sluicegate.model.state_item import Lock, OpenRequest, Override, RolloutTerm
from sluicegate.report.audit import shorten_run
from sluicegate.report.entrance import (
    Answers,
    describe_approvers,
    entrance_document,
    write_stamp,
)
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago, format_moment, format_until
from sluicegate.report.releases import deployment_document, describe_rollback, standing

_SHORT = 12


@dataclass(frozen=True, slots=True)
class Soak:
    """How long the release of ``environment`` has been stable there, and must be.

    In seconds; ``release`` is None where nothing is stable there.
    """

    environment: str
    release: Release | None
    lasted: int
    wanted: int

    @property
    def is_over(self) -> bool:
        """Whether what is there has been there for long enough."""
        return self.release is not None and self.lasted >= self.wanted


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the rules of the protected branch say of the next release.

    ``times`` are its change windows and freezes as they are judged now; it may happen
    at ``opening`` or later, None where no time is in sight.
    """

    opening: datetime | None
    times: tuple[ConditionResult, ...] = ()
    soaks: tuple[Soak, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """An environment, and what is known of it.

    Attributes:
        name: its name.
        live: the release that it runs, None if it runs none.
        before: the one that it ran before that.
        canary: a release that shares the traffic now.
        term: how long its rollout may go on, None if none is under way.
        lock: its lock, if it is locked.
        requests: the release requests that wait, newest first.
        overrides: overrides that nobody has looked into.
        outlook: what the rules say of the next release, or why that is not known.
    """

    name: str
    live: Deployment | None = None
    before: Deployment | None = None
    canary: Deployment | None = None
    lock: Lock | None = None
    requests: tuple[OpenRequest, ...] = ()
    overrides: tuple[Override, ...] = ()
    outlook: Outlook | str = ""
    term: RolloutTerm | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All environments, in the order of the pipeline file."""

    environments: tuple[EnvironmentView, ...]
    now: datetime
    answers: Answers = field(default_factory=dict)


def environments_text(overview: Overview) -> str:
    """Write how the environments stand for a person."""
    parts = [
        "\n".join(escape(line) for line in _lines(view, overview))
        for view in overview.environments
    ]
    return "\n\n".join(parts)


def _lines(view: EnvironmentView, overview: Overview) -> Iterator[str]:
    now = overview.now
    yield view.name
    yield from _live(view, overview)
    yield from _before(view)
    if view.canary is not None:
        row = view.canary
        since = format_ago(row.start_ts, now)
        words = f"{row.release.name}, {standing(row)}, since {since}"
        yield f"  canary    {words}, by run {shorten_run(row.run_id)}"
    if view.term is not None:
        yield from _term(view.term, now)
    if view.lock is not None:
        lock = view.lock
        yield f"  LOCKED    {' '.join(lock.reason.split())}"
        yield f"            by {lock.by}, {format_ago(lock.since_ts, now)}"
    for request in view.requests:
        expires = format_until(request.expires, now)
        short = request.request.hex[:_SHORT]
        yield (
            f"  waits     request {short} of run {shorten_run(request.run_id)}, expires"
            f" {expires}: `sluice approvals {short}`"
        )
    for override in view.overrides:
        people = ", ".join(override.by) or "nobody known"
        yield (
            f"  OVERRIDE  by {people}, {format_ago(override.at, now)}: nobody has"
            " looked into it"
        )
    yield from _outlook(view, now)


def _term(term: RolloutTerm, now: datetime) -> Iterator[str]:
    """What there is to know of a rollout that is under way."""
    if term.paused is not None:
        yield f"  PAUSED    {format_ago(term.paused, now)}"
    elif term.deadline <= now:
        late = format_ago(term.deadline, now)
        yield f"  OVERDUE   the deadline of its rollout was {late}:"
        yield f"            `sluice rollout tick {term.environment}` settles it"


def _term_document(term: RolloutTerm) -> dict[str, object]:
    return {
        "rollout": term.rollout,
        "deadline": write_stamp(term.deadline),
        "paused_since": None if term.paused is None else write_stamp(term.paused),
    }


def _live(view: EnvironmentView, overview: Overview) -> Iterator[str]:
    row = view.live
    if row is None:
        yield "  now       nothing that the log knows of"
        return
    since = row.end_ts or row.start_ts
    how = standing(row)
    if row.standing is Standing.FOUND:
        how = "found there: nothing in this log put it there"
        if row.run is None:
            how = "there since before the log was pruned"
    yield f"  now       {row.release.name}, {how}"
    ago = format_ago(since, overview.now)
    yield f"  since     {format_moment(since)}, {ago}, by run {row.run_id}"
    yield f"  commit    {row.release.commit}"
    yield f"  image     {row.release.image}"
    if row.rollback is not None:
        yield f"  rollback  {describe_rollback(row)}"
    yield f"  approved  {describe_approvers(row, overview.answers)}"


def _before(view: EnvironmentView) -> Iterator[str]:
    if view.before is not None:
        row = view.before
        until = "" if row.until_ts is None else f", until {format_moment(row.until_ts)}"
        yield f"  before    {row.release.name}, commit {row.release.commit[:12]}{until}"
    elif view.live is not None and view.live.before is not None:
        release = view.live.before
        yield f"  before    {release.name}, commit {release.commit[:12]}"
    elif view.live is not None and view.live.run is None:
        yield "  before    not known any more: the log was pruned"


def _outlook(view: EnvironmentView, now: datetime) -> Iterator[str]:
    outlook = view.outlook
    if isinstance(outlook, str):
        if outlook:
            yield f"  next      not known here: {' '.join(outlook.split())}"
        return
    for soak in outlook.soaks:
        yield f"  soak      {_describe_soak(soak)}"
    if outlook.opening is None:
        yield "  window    none is in sight"
    elif outlook.times:
        open_now = outlook.opening <= now
        when = "open now" if open_now else f"opens {format_moment(outlook.opening)}"
        yield f"  window    {when}"
    for each in outlook.times:
        yield f"            {each.reason}"


def _describe_soak(soak: Soak) -> str:
    place = soak.environment
    if soak.release is None:
        return f"{place} runs nothing yet, and comes first"
    lasted = write_length(timedelta(seconds=soak.lasted))
    words = f"{soak.release.name} is stable in {place} for {lasted}"
    if not soak.wanted:
        return words
    wanted = write_length(timedelta(seconds=soak.wanted))
    return f"{words} of {wanted}{', long enough' * soak.is_over}"


def environments_document(overview: Overview) -> str:
    """The same as JSON."""
    document = {
        "now": write_stamp(overview.now),
        "environments": [
            _document(view, overview.answers) for view in overview.environments
        ],
    }
    return json.dumps(document, indent=2)


def _document(view: EnvironmentView, answers: Answers) -> dict[str, object]:
    outlook = view.outlook
    return {
        "environment": view.name,
        "live": _row(view.live, answers),
        "before": _row(view.before, answers),
        "canary": _row(view.canary, answers),
        "rollout": None if view.term is None else _term_document(view.term),
        "lock": None if view.lock is None else _lock(view.lock),
        "requests": [_request(each) for each in view.requests],
        "overrides": [_override(each) for each in view.overrides],
        "next": _next(outlook) if isinstance(outlook, Outlook) else None,
        "next_unknown": outlook if isinstance(outlook, str) and outlook else None,
    }


def _row(row: Deployment | None, answers: Answers) -> dict[str, object] | None:
    if row is None:
        return None
    until = None if row.until_ts is None else write_stamp(row.until_ts)
    return {
        **deployment_document(row),
        "until": until,
        "entry": row.index,
        "entrance": entrance_document(row, answers),
    }


def _lock(lock: Lock) -> dict[str, object]:
    return {
        "lock": lock.lock,
        "reason": lock.reason,
        "by": lock.by,
        "since": write_stamp(lock.since_ts),
        "entry": lock.index,
    }


def _request(request: OpenRequest) -> dict[str, object]:
    return {
        "request": str(request.request),
        "run_id": request.run_id,
        "stage": request.stage,
        "created": write_stamp(request.created),
        "expires": write_stamp(request.expires),
        "entry": request.index,
    }


def _override(override: Override) -> dict[str, object]:
    return {
        "override": override.override,
        "run_id": override.run_id,
        "people": list(override.by),
        "at": write_stamp(override.at),
        "entry": override.index,
    }


def _next(outlook: Outlook) -> dict[str, object]:
    opening = outlook.opening
    return {
        "opening": None if opening is None else write_stamp(opening),
        "times": [
            {"rule": each.condition, "verdict": each.verdict.value, "is": each.reason}
            for each in outlook.times
        ],
        "soaks": [_soak(each) for each in outlook.soaks],
    }


def _soak(soak: Soak) -> dict[str, object]:
    return {
        "environment": soak.environment,
        "release": None if soak.release is None else soak.release.name,
        "seconds": soak.lasted,
        "wanted_seconds": soak.wanted,
        "is_over": soak.is_over,
    }
