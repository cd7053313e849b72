"""Statuses of commits: added, never changed."""

from fake_github.call import Answer, Call, Refused, invalid, not_found
from fake_github.routes.commits import find_commit
from fake_github.routes.shapes import Json, account, node, small_repository, time
from fake_github.routing import route
from fake_github.state import Commit, Status

MOST_DESCRIPTION = 140  # characters
MOST_OF_A_CONTEXT = 1000


@route("repos/create-commit-status", statuses="write")
def create(call: Call) -> Answer:
    body = call.body
    commit = find_commit(call.repository, call.path["sha"])
    if commit is None or commit.sha != call.path["sha"]:
        raise Refused(422, f"No commit found for SHA: {call.path['sha']}")
    description = body.get("description")
    if description is not None and len(description) > MOST_DESCRIPTION:
        message = f"description is too long (maximum is {MOST_DESCRIPTION} characters)"
        raise invalid(message, resource="Status", field="description")
    target = body.get("target_url")
    if target and not target.startswith(("http://", "https://")):
        raise invalid(
            "target_url must use http(s) scheme", resource="Status", field="target_url"
        )
    status = Status(
        id=call.state.take_number(),
        sha=commit.sha,
        context=body.get("context", "default"),
        state=body["state"],
        description=description,
        target_url=target,
        login=call.login,
        created_at=call.state.now(),
    )
    same = (status.sha, status.context)
    of_context = [s for s in call.repository.statuses if (s.sha, s.context) == same]
    if len(of_context) >= MOST_OF_A_CONTEXT:
        raise Refused(
            422,
            "This SHA and context has reached the maximum number of statuses.",
        )
    call.repository.statuses.append(status)
    return Answer(201, _shown(call, status))


@route("repos/list-commit-statuses-for-ref", public=True, statuses="read")
def of_commit(call: Call) -> Answer:
    sha = _commit(call).sha
    found = [s for s in reversed(call.repository.statuses) if s.sha == sha]
    return call.page([_shown(call, status) for status in found])


@route("repos/get-combined-status-for-ref", public=True, statuses="read")
def combined(call: Call) -> Answer:
    sha = _commit(call).sha
    latest = {s.context: s for s in call.repository.statuses if s.sha == sha}
    states = {status.state for status in latest.values()}
    state = "success" if states == {"success"} else "pending"
    if states & {"error", "failure"}:
        state = "failure"
    answer = call.page([_shown(call, s) for s in latest.values()], "statuses")
    answer.body |= {
        "state": state,
        "sha": sha,
        "repository": small_repository(call, call.repository),
        "commit_url": call.link("commits", sha),
        "url": call.url,
    }
    return answer


def _commit(call: Call) -> Commit:
    commit = find_commit(call.repository, call.path["ref"])
    if commit is None:
        raise not_found()
    return commit


def _shown(call: Call, status: Status) -> Json:
    creator = account(call, status.login)
    return {
        "id": status.id,
        "node_id": node("Status", status.id),
        "url": call.link("statuses", status.sha),
        "avatar_url": None if creator is None else creator["avatar_url"],
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
        "created_at": time(status.created_at),
        "updated_at": time(status.created_at),
        "creator": creator,
    }
