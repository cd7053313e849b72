"""A release request for machines, and as Markdown for a page that people read. Pure.

Machines get every digest whole: a short form is for eyes alone. JSON is ASCII, so that
nothing in it obeys where somebody only looks at it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sluicegate.model.difference import Difference
from sluicegate.model.event import StageFinished
from sluicegate.model.release_notes import NoNotes
from sluicegate.model.release_request import ReleaseRequest
from sluicegate.report.champions import champion_line
from sluicegate.report.duration import format_duration
from sluicegate.report.markdown import code_cell
from sluicegate.report.models import model_fields, model_markdown
from sluicegate.report.moment import format_moment
from sluicegate.report.plain import MARK
from sluicegate.report.releases import key_figures
from sluicegate.report.request import Given, RequestView, Standing, how_to_answer

_SHOWN_COMMITS = 50


def request_document(view: RequestView) -> str:
    """Write one request as JSON."""
    return json.dumps(view_fields(view), indent=2)


def requests_document(views: Sequence[RequestView]) -> str:
    """Write several, in the order given."""
    found = {"requests": [view_fields(view) for view in views]}
    return json.dumps(found, indent=2)


def view_fields(view: RequestView) -> dict[str, object]:
    """What the documents say of one request."""
    return {
        "request": str(view.id),
        "standing": view.standing.value,
        "because": view.because or None,
        **_said(view.request),
        "difference": _difference(view.difference),
        "models": [model_fields(shown) for shown in view.models],
        "stages": [_stage(end) for end in view.stages],
        "answers": [_answer(given) for given in view.answers],
        "missing": list(view.missing),
        "unusual": list(view.unusual),
        "approve": f"sluice approve {view.id.hex}",
        "workflow": view.workflow or None,
        "resume": view.resume or None,
    }


def _said(request: ReleaseRequest) -> dict[str, object]:
    live = request.live
    return {
        "log": request.log,
        "repository": request.repository,
        "environment": request.environment,
        "release": request.release,
        "rollback": request.rollback,
        "commit": request.commit,
        "pipeline": request.pipeline,
        "definition": str(request.definition),
        "run_id": request.run_id,
        "stage": request.stage,
        "artifacts": [
            {"name": one.name, "kind": one.kind.value, "digest": str(one.digest)}
            for one in request.artifacts
        ],
        "evidence": [
            {"stage": one.stage, "task_id": one.task_id, "digest": str(one.digest)}
            for one in request.evidence
        ],
        "policy": {
            "digest": str(request.policy),
            "branch": request.policy_branch,
            "commit": request.policy_commit,
        },
        "live": live
        and {"name": live.name, "commit": live.commit, "image": str(live.image)},
        "changes": [
            {
                "commit": change.commit,
                "subject": change.subject,
                "people": list(change.identities),
            }
            for change in request.changes
        ],
        "requester": list(request.requester),
        "pusher": list(request.pusher),
        "created": _stamp(request.created),
        "expires": _stamp(request.expires),
    }


def _difference(found: Difference | NoNotes | None) -> dict[str, object] | None:
    match found:
        case None:
            return None
        case NoNotes(why, hint):
            return {"unknown": why, "hint": hint}
        case Difference():
            return {
                "added": found.added,
                "removed": found.removed,
                "files": [
                    {
                        "path": each.path,
                        "before": each.before,
                        "added": each.added,
                        "removed": each.removed,
                    }
                    for each in found.files
                ],
            }


def _stage(end: StageFinished) -> dict[str, object]:
    return {
        "stage": end.stage,
        "verdict": end.outcome.value,
        "reason": end.reason,
        "cached": end.cached is not None,
        "evidence": dict(end.evidence.fields),
    }


def _answer(given: Given) -> dict[str, object]:
    return {
        "who": given.who,
        "answer": given.answer.value,
        "reason": given.reason,
        "at": _stamp(given.at),
        "flaw": given.flaw or None,
        "in_log": not given.waits,
        "how": given.how or None,
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def request_markdown(view: RequestView) -> str:
    """Write one request for a job's summary or a comment.

    Whatever comes from outside is code: no link, no mention, no further cell.
    """
    return "\n".join(_markdown(view)) + "\n"


def _markdown(view: RequestView) -> Iterator[str]:
    request = view.request
    kind = "Rollback to" if request.rollback else "Release"
    what, where = code_cell(request.release), code_cell(request.environment)
    yield f"### {kind} {what} into {where}"
    yield ""
    if view.standing is not Standing.OPEN:
        yield f"**{view.standing.value}** {code_cell(view.because)}"
        yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in _facts(request):
        yield f"| {name} | {code_cell(value)} |"
    yield f"| request | {code_cell(view.id.hex)} |"
    yield from _listing("Unusual", view.unusual)
    yield from _listing("Still missing", view.missing)
    yield ""
    yield f"#### {len(request.changes)} commits"
    yield ""
    for change in request.changes[:_SHOWN_COMMITS]:
        people = ", ".join(change.identities)
        commit, subject = code_cell(change.commit[:12]), code_cell(change.subject)
        yield f"- {commit} {subject} {code_cell(people)}"
    if len(request.changes) > _SHOWN_COMMITS:
        yield f"- and {len(request.changes) - _SHOWN_COMMITS} more"
    for shown in view.models:
        yield from model_markdown(shown)
    if view.stages:
        yield from _evidence(view.stages, view.judged)
    yield ""
    ways = [*how_to_answer(view)]
    ways += [f"sluice reject {view.id.short} --reason TEXT"] if view.can_sign else []
    yield f"To answer: {' or '.join(f'`{each}`' for each in ways)}"


def _facts(request: ReleaseRequest) -> Iterator[tuple[str, str]]:
    yield "repository", request.repository
    yield "commit", request.commit
    for artifact in request.artifacts:
        yield artifact.kind.value, str(artifact.digest)
    if request.live is not None:
        yield "replaces", f"{request.live.name}, {request.live.commit[:12]}"
    yield "asked by", ", ".join(request.requester)
    yield "expires", format_moment(request.expires)


def _listing(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"#### {title}"
        yield ""
        yield from (f"- {code_cell(line)}" for line in lines)


def _evidence(stages: Sequence[StageFinished], judged: Sequence[str]) -> Iterator[str]:
    yield ""
    yield "| stage | | took | found |"
    yield "| --- | --- | --- | --- |"
    for end in stages:
        found = key_figures(end, judged)
        figures = " · ".join(f"{name} {shown}" for name, shown in found)
        took = "cached" if end.cached else format_duration(end.usage.wall_ms)
        said = code_cell(
            " · ".join(filter(None, (end.reason, figures, champion_line(end))))
        )
        yield f"| {code_cell(end.stage)} | {MARK[end.outcome]} | {took} | {said} |"
