"""Check runs: made and changed by apps only, so by a job's token, not a person's."""

from datetime import datetime
from typing import Any

from fake_github.call import Answer, Call, Refused, invalid, not_found
from fake_github.routes.commits import find_commit
from fake_github.routes.shapes import WEB, Json, node, shown_app, time
from fake_github.routing import route
from fake_github.state import CheckRun

MOST_OF_A_NAME = 1000


@route("checks/create", checks="write")
def create(call: Call) -> Answer:
    app = _app(call)
    commit = find_commit(call.repository, call.body["head_sha"])
    if commit is None:
        raise Refused(422, f"No commit found for SHA: {call.body['head_sha']}")
    check = CheckRun(
        id=call.state.take_number(),
        name=call.body["name"],
        head_sha=commit.sha,
        status="queued",
        conclusion=None,
        external_id=None,
        details_url=None,
        started_at=None,
        completed_at=None,
        app=app,
    )
    _change(call, check)
    same = [c for c in call.repository.checks if _key(c) == _key(check)]
    if len(same) >= MOST_OF_A_NAME:
        call.repository.checks.remove(same[0])
    call.repository.checks.append(check)
    return Answer(201, _shown(call, check))


@route("checks/update", checks="write")
def update(call: Call) -> Answer:
    check = _find(call)
    if check.app != _app(call):
        raise Refused(403, "Invalid app_id for this check run")
    _change(call, check)
    return Answer(200, _shown(call, check))


@route("checks/get", public=True, checks="read")
def get(call: Call) -> Answer:
    return Answer(200, _shown(call, _find(call)))


@route("checks/list-annotations", public=True, checks="read")
def annotations(call: Call) -> Answer:
    check = _find(call)
    home = f"{WEB}/{call.repository.name}/blob/{check.head_sha}"
    return call.page(
        [
            {
                "start_column": None,
                "end_column": None,
                "title": None,
                "raw_details": None,
                **annotation,
                "blob_href": f"{home}/{annotation['path']}",
            }
            for annotation in check.annotations
        ]
    )


@route("checks/list-for-ref", public=True, checks="read")
def of_commit(call: Call) -> Answer:
    commit = find_commit(call.repository, call.path["ref"])
    if commit is None:
        raise Refused(422, f"No commit found for SHA: {call.path['ref']}")
    found = [c for c in call.repository.checks if c.head_sha == commit.sha]
    if call.query.get("filter", "latest") == "latest":
        found = list({_key(check): check for check in found}.values())
    for name, member in (("check_name", "name"), ("status", "status")):
        if name in call.query:
            found = [c for c in found if getattr(c, member) == call.query[name]]
    return call.page([_shown(call, c) for c in reversed(found)], "check_runs")


def _key(check: CheckRun) -> tuple[str, str, str]:
    return check.app, check.head_sha, check.name


def _app(call: Call) -> str:
    if call.app is None:
        raise Refused(403, "You must authenticate via a GitHub App.")
    return call.app


def _find(call: Call) -> CheckRun:
    number = int(call.path["check_run_id"])
    for check in call.repository.checks:
        if check.id == number:
            return check
    raise not_found()


def _change(call: Call, check: CheckRun) -> None:
    """Write into *check* what is asked for."""
    body = call.body
    if body.get("status") == "completed" and "conclusion" not in body:
        raise invalid("missing", resource="CheckRun", field="conclusion")
    for name in ("name", "status", "external_id", "details_url"):
        if name in body:
            setattr(check, name, body[name])
    if "conclusion" in body:
        check.status, check.conclusion = "completed", body["conclusion"]
        check.completed_at = _when(body.get("completed_at")) or call.state.now()
    elif body.get("status") in ("queued", "in_progress"):
        check.conclusion = check.completed_at = None
    started = _when(body.get("started_at")) or check.started_at
    check.started_at = started or call.state.now()
    output = body.get("output")
    if output is not None:
        check.title = output.get("title", check.title)
        check.summary = output["summary"]
        check.text = output.get("text", check.text)
        check.annotations += output.get("annotations", ())


def _when(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _shown(call: Call, check: CheckRun) -> Json:
    url = call.link("check-runs", check.id)
    output: dict[str, Any] = {
        "title": check.title,
        "summary": check.summary,
        "text": check.text,
        "annotations_count": len(check.annotations),
        "annotations_url": f"{url}/annotations",
    }
    web = f"{WEB}/{call.repository.name}/runs/{check.id}"
    return {
        "id": check.id,
        "node_id": node("CheckRun", check.id),
        "name": check.name,
        "head_sha": check.head_sha,
        "external_id": check.external_id,
        "url": url,
        "html_url": web,
        "details_url": check.details_url or web,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": time(check.started_at),
        "completed_at": time(check.completed_at),
        "output": output,
        "check_suite": {"id": 1},
        "app": shown_app(call, check.app),
        "pull_requests": [],
    }
