"""Workflow runs."""

import re
from collections.abc import Callable
from datetime import datetime

from fake_github.call import Answer, Call, Refused, invalid, not_found
from fake_github.routes.actions import find_workflow
from fake_github.routes.shapes import account, shown_run
from fake_github.routing import route
from fake_github.state import Run

_MOST_FOUND = 1000  # of a search; without any filter GitHub lists them all


def find_run(call: Call) -> Run:
    """The run that the path names."""
    number = int(call.path["run_id"])
    for run in call.repository.runs:
        if run.id == number:
            return run
    raise not_found()


@route("actions/list-workflow-runs", public=True, actions="read")
def runs_of_workflow(call: Call) -> Answer:
    known = find_workflow(call)
    return _page(call, [r for r in call.repository.runs if r.workflow == known.id])


@route("actions/list-workflow-runs-for-repo", public=True, actions="read")
def runs(call: Call) -> Answer:
    return _page(call, call.repository.runs)


@route("actions/get-workflow-run", public=True, actions="read")
def run(call: Call) -> Answer:
    return Answer(200, shown_run(call, find_run(call)))


@route("actions/get-workflow-run-attempt", public=True, actions="read")
def attempt(call: Call) -> Answer:
    found = find_run(call)
    number = int(call.path["attempt_number"])
    if not 1 <= number <= found.run_attempt:
        raise not_found()
    shown = shown_run(call, found)
    if number < found.run_attempt:
        shown["run_attempt"] = number
        shown["triggering_actor"] = account(call, found.actor)
        shown["previous_attempt_url"] = None
    return Answer(200, shown)


@route("actions/delete-workflow-run", actions="write")
def delete(call: Call) -> Answer:
    call.repository.runs.remove(find_run(call))
    return Answer(204)


@route("actions/cancel-workflow-run", actions="write")
def cancel(call: Call) -> Answer:
    found = find_run(call)
    if found.status == "completed":
        raise Refused(409, "Cannot cancel a workflow run that is completed.")
    found.status, found.conclusion = "completed", "cancelled"
    return Answer(202, {})


@route("actions/re-run-workflow", actions="write")
def rerun(call: Call) -> Answer:
    found = find_run(call)
    if found.status != "completed":
        raise Refused(403, "This workflow is already running")
    found.run_attempt += 1
    found.triggering_actor = call.login
    found.status, found.conclusion = "queued", None
    found.updated_at = call.state.now()
    call.dispatched.append(found)
    return Answer(201, {})


def _page(call: Call, listed: list[Run]) -> Answer:
    query = call.query
    tests: dict[str, Callable[[Run, str], bool]] = {
        "actor": lambda r, v: r.actor.lower() == v.lower(),
        "branch": lambda r, v: r.head_branch == v,
        "event": lambda r, v: r.event == v,
        "status": lambda r, v: v in (r.status, r.conclusion),
        "head_sha": lambda r, v: r.head_sha == v,
        "created": lambda r, v: _in_range(r.created_at, v),
        "check_suite_id": lambda r, v: str(r.id) == v,
    }
    asked = {name: test for name, test in tests.items() if name in query}
    found = [
        r for r in reversed(listed) if all(t(r, query[n]) for n, t in asked.items())
    ]
    found.sort(key=lambda r: r.created_at, reverse=True)
    if asked:
        found = found[:_MOST_FOUND]
    return call.page([shown_run(call, r) for r in found], "workflow_runs")


def _in_range(when: datetime, asked: str) -> bool:
    """Whether *when* is in a range as GitHub's search writes it, ends included."""
    if ".." in asked:
        low, _, high = asked.partition("..")
        return (low == "*" or _at(low) <= when) and (high == "*" or when <= _at(high))
    found = re.fullmatch(r"(>=|<=|>|<)?(.+)", asked)
    if found is None:
        raise invalid(f"created: {asked}")
    limit = _at(found[2])
    match found[1]:
        case ">=":
            return when >= limit
        case "<=":
            return when <= limit
        case ">":
            return when > limit
        case "<":
            return when < limit
        case _:
            return when.date() == limit.date()


def _at(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{text} is not a time") from error
    return when if when.tzinfo else datetime.fromisoformat(f"{text}T00:00:00+00:00")
