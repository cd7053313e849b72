"""Releases as text and as JSON. Pure.

Subjects and authors of commits, names of tags and reasons come from whoever wrote them:
all of it is escaped before a person sees it.
"""

import json
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sluicegate.canary.plot.figure import PICTURE
from sluicegate.model.deployment import Deployment, Standing
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Value
from sluicegate.model.release_notes import Change, NoNotes, ReleaseNotes
from sluicegate.model.rollout import Release
from sluicegate.report.audit import shorten_run
from sluicegate.report.entrance import describe_approvers
from sluicegate.report.escape import escape
from sluicegate.report.plain import MARK, where_from

_SHORT = 12
_MAX_SUBJECT = 100
_LIVE, _NOT_LIVE = "●", " "

Notes = ReleaseNotes | NoNotes | None
"""What changed; None for the first release, which nothing can be compared with."""


def release_table(rows: Sequence[Deployment]) -> str:
    """Write releases as aligned lines, in the order given; a dot marks what is live."""
    head = ("RELEASE", "ENVIRONMENT", "SINCE (UTC)", "RESULT", "COMMIT", "IMAGE", "RUN")
    cells = [head]
    cells += [
        (
            escape(row.release.name),
            escape(row.environment),
            _minute(row.start_ts),
            standing(row),
            escape(row.release.commit[:_SHORT]),
            row.release.image.hex[:_SHORT],
            escape(shorten_run(row.run_id)),
        )
        for row in rows
    ]
    widths = [max(len(line[place]) for line in cells) for place in range(len(head))]
    marks = [_NOT_LIVE, *(_LIVE if row.live else _NOT_LIVE for row in rows)]
    return "\n".join(
        " ".join(
            (
                mark,
                "  ".join(
                    f"{text:<{width}}" for text, width in zip(line, widths, strict=True)
                ),
            )
        ).rstrip()
        for mark, line in zip(marks, cells, strict=True)
    )


def standing(row: Deployment) -> str:
    """What became of it, in words."""
    words = row.standing.value.replace("_", " ")
    words = words if row.rollback is None else f"{words} (rollback)"
    entered = None if row.entrance is None else row.entrance.entered
    return f"{words}, OVERRIDDEN" if entered and entered.override else words


def release_text(
    row: Deployment, notes: Notes, elsewhere: Sequence[str], log: str | None = None
) -> str:
    """Write one release: what it is, what changed, what it had to pass.

    *elsewhere* are other environments that have or had a release of this name. *log* is
    the folder of the log, where commands have to be told.
    """
    parts = (
        _head(row, elsewhere),
        _changes(row, notes),
        evidence_lines(row),
        _checks(row, "" if log is None else f" --log {shlex.quote(log)}"),
    )
    return "\n".join(escape(line) for part in parts for line in part)


def _head(row: Deployment, elsewhere: Sequence[str]) -> Iterator[str]:
    release = row.release
    live = ", live" if row.live else ""
    yield f"{release.name} in {row.environment}: {standing(row)}{live}"
    yield f"  commit     {release.commit}{_tree(row)}"
    yield f"  image      {release.image}"
    if release.reference:
        yield f"  published  {release.reference}"
    end = f" to {_minute(row.end_ts)}" if row.end_ts else ""
    yield f"  when       {_minute(row.start_ts)}{end} UTC"
    yield f"  run        {row.run_id}"
    if row.before is not None:
        yield f"  before it  {row.before.name} (commit {row.before.commit[:_SHORT]})"
    if row.rollback is not None:
        yield f"  rollback   {describe_rollback(row)}"
    if row.reason:
        yield f"  why        {row.reason}"
    if row.entrance is not None:
        yield f"  approved   {describe_approvers(row, {})}"
    if elsewhere:
        yield f"  also in    {', '.join(elsewhere)}"


def _tree(row: Deployment) -> str:
    """What the commit was checked out as, if it is that of the run."""
    if row.run is None or row.release.commit != row.run.commit:
        return ""
    branch = f" ({row.run.branch})" if row.run.branch else ""
    return branch + (", with uncommitted changes" if row.run.dirty else "")


def describe_rollback(row: Deployment) -> str:
    """To what it went back, and why somebody wanted that; "" if it did not."""
    why = None if row.run is None else row.run.reason
    said = f": {' '.join(why.split())}" if why else ""
    return "" if row.rollback is None else f"to what run {row.rollback} released{said}"


def _changes(row: Deployment, notes: Notes) -> Iterator[str]:
    yield ""
    match notes:
        case NoNotes():
            yield f"What changed: cannot be told, {notes.why}"
            if notes.hint:
                yield f"  {notes.hint}"
        case ReleaseNotes():
            before = "" if row.before is None else row.before.name
            count = notes.added_count
            yield f"What changed since {before}: {_touching(count)}"
            yield from _commits(notes.added, count)
            if notes.dropped_count:
                yield f"Taken back from {before}: {_touching(notes.dropped_count)}"
                yield from _commits(notes.dropped, notes.dropped_count)
            if notes.shallow:
                yield "  this clone is shallow, so commits may be missing here:"
                yield "  `git fetch --unshallow` gets them"
        case _ if row.run is None:
            yield "What changed: not known any more, the log was pruned"
        case _ if row.standing is Standing.FOUND:
            yield "What changed: not known, it came there without this log"
        case _:
            yield f"What changed: nothing to compare with, {row.environment} was empty"


def _touching(count: int) -> str:
    number = str(count) if count else "no"
    one = count <= 1
    return (
        f"{number} commit{'' if one else 's'} touch{'es' if one else ''} this service"
    )


def _commits(changes: Sequence[Change], count: int) -> Iterator[str]:
    for change in changes:
        subject = change.subject
        if len(subject) > _MAX_SUBJECT:
            subject = f"{subject[: _MAX_SUBJECT - 1]}…"
        yield f"  {change.commit[:_SHORT]}  {subject} ({change.author})"
    if count > len(changes):
        yield f"  ... and {count - len(changes)} more"


def evidence_lines(row: Deployment) -> Iterator[str]:
    """What its stages found, not escaped; of a rollback, first what it goes back to."""
    yield ""
    if row.run is None:
        yield "Evidence: none in this log any more; the entries that named it are gone"
        return
    if row.standing is Standing.FOUND:
        yield f"Evidence: none in this log; run {shorten_run(row.run_id)} found it live"
        return
    if row.rollback is not None:
        yield f"Evidence of run {shorten_run(row.rollback)}, to which it goes back"
        yield from _ends(row.earlier)
        if not row.earlier:
            yield "  none in this log any more: the entries that named it are gone"
        yield f"Evidence of run {shorten_run(row.run_id)}, which went back to it"
    else:
        yield "Evidence"
    yield from _ends(row.stages)
    if not row.stages:
        yield "  no stage of this run has ended"


def _ends(stages: Sequence[StageFinished]) -> Iterator[str]:
    width = max((len(end.stage) for end in stages), default=0)
    for end in stages:
        again = where_from(end)
        yield f"{MARK[end.outcome]:>3} {end.stage:<{width}}  {end.reason}{again}"
        figures = " · ".join(f"{name} {shown}" for name, shown in key_figures(end))
        if figures:
            yield f"    {'':<{width}}  {figures}"


def key_figures(
    end: StageFinished, also: Collection[str] = ()
) -> list[tuple[str, str]]:
    """The fields of *end* that are judged, as they are named and written.

    Those that its own gate has judged come first; *also* are fields, each
    ``stage.field``, that further conditions read, like those of an environment.
    """
    judged = () if end.gate is None else end.gate.conditions
    named = re.compile(rf"\b{re.escape(end.stage)}\.([a-z][a-z0-9_]*)")
    conditions = " ".join(each.condition for each in judged)
    read = (each.partition(".") for each in also)
    more = (name for stage, _, name in read if stage == end.stage)
    names = dict.fromkeys((*named.findall(conditions), *more))
    fields = end.evidence.fields
    return [(name, _figure(fields[name])) for name in names if name in fields]


def _figure(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _checks(row: Deployment, where: str) -> Iterator[str]:
    """Commands that check what is said here, each behind what it checks."""
    release = row.release
    commit = shlex.quote(release.commit[:_SHORT])
    checks = [
        ("log and evidence", f"sluice audit verify{where}"),
        ("what happened", f"sluice audit log --run {shorten_run(row.run_id)}{where}"),
        ("commit", f"git show --no-patch {commit}"),
        ("image, where built", f"docker image inspect {release.image}"),
    ]
    kept = (file.name for end in row.stages for file in end.evidence.files)
    if PICTURE in kept:
        draw = f"sluice rollout plot {shorten_run(row.run_id)}{where} -o {PICTURE}"
        checks.append(("evidence over time", draw))
    if release.reference:
        pull = f"docker pull {shlex.quote(release.reference)}"
        checks.append(("image, published", pull))
    yield ""
    yield "To check"
    width = max(len(what) for what, _ in checks)
    for what, command in checks:
        yield f"  {what:<{width}}  {command}"


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def releases_document(rows: Sequence[Deployment]) -> str:
    """Write releases as JSON, in the order given."""
    return json.dumps(
        {"releases": [deployment_document(row) for row in rows]}, indent=2
    )


def release_document(row: Deployment, notes: Notes) -> str:
    """Write one release as JSON, with its notes and its evidence."""
    found = {**deployment_document(row), "notes": _notes(notes), **stages_of(row)}
    return json.dumps(found, indent=2)


def stages_of(row: Deployment) -> dict[str, object]:
    """What its stages found; of a rollback, also those that it goes back to."""
    return {
        "stages": [_stage_document(end) for end in row.stages],
        "earlier_stages": [_stage_document(end) for end in row.earlier],
    }


def _stage_document(end: StageFinished) -> dict[str, object]:
    return {
        "stage": end.stage,
        "verdict": end.outcome.value,
        "reason": end.reason,
        "cached": end.cached is not None,
        "evidence": dict(end.evidence.fields),
    }


def deployment_document(row: Deployment) -> dict[str, object]:
    """One release, without what its stages found."""
    entered = None if row.entrance is None else row.entrance.entered
    return {
        **_release(row.release),
        "environment": row.environment,
        "result": row.standing.value,
        "live": row.live,
        "reason": row.reason,
        "run_id": row.run_id,
        "pipeline": None if row.run is None else row.run.pipeline,
        "started": _stamp(row.start_ts),
        "ended": None if row.end_ts is None else _stamp(row.end_ts),
        "before": None if row.before is None else _release(row.before),
        "approved_by": [each.person for each in entered.approvals] if entered else [],
        "override": entered is not None and entered.override,
        "rollback": row.rollback,
        "rollback_reason": row.run.reason if row.run and row.rollback else None,
    }


def _release(release: Release) -> dict[str, object]:
    return {
        "name": release.name,
        "commit": release.commit,
        "image": str(release.image),
        "reference": release.reference,
    }


def _notes(notes: Notes) -> dict[str, object] | None:
    match notes:
        case None:
            return None
        case NoNotes():
            return {"unknown": notes.why, "hint": notes.hint}
        case ReleaseNotes():
            return {
                "added": [_change(change) for change in notes.added],
                "added_count": notes.added_count,
                "dropped": [_change(change) for change in notes.dropped],
                "dropped_count": notes.dropped_count,
                "shallow": notes.shallow,
            }


def _change(change: Change) -> dict[str, str]:
    return {
        "commit": change.commit,
        "author": change.author,
        "subject": change.subject,
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
