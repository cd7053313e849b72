"""Workflow runs, who let them in, their jobs and artifacts."""

import re
from collections.abc import Callable
from datetime import datetime

from fake_github.call import Answer, Call, Refused, invalid, not_found
from fake_github.routes.actions import find_workflow
from fake_github.routes.shapes import WEB, Json, account, node, shown_run, time
from fake_github.routing import route
from fake_github.state import Artifact, Environment, Job, Review, Run

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


@route("actions/get-reviews-for-run", public=True, actions="read")
def reviews(call: Call) -> Answer:
    return Answer(
        200,
        [
            {
                "state": review.state,
                "comment": review.comment,
                "user": account(call, review.login),
                "environments": [
                    {**_place(call, name), "created_at": time(call.state.now())}
                    for name in review.environments
                ],
            }
            for review in find_run(call).reviews
        ],
    )


@route("actions/get-pending-deployments-for-run", public=True, actions="read")
def pending(call: Call) -> Answer:
    waiting = [_environment(call, name) for name in find_run(call).waiting]
    return Answer(
        200,
        [
            {
                "environment": _place(call, known.name),
                "wait_timer": known.wait_timer,
                "wait_timer_started_at": None,
                "current_user_can_approve": call.login in known.reviewers,
                "reviewers": [
                    {"type": "User", "reviewer": account(call, login)}
                    for login in known.reviewers
                ],
            }
            for known in waiting
        ],
    )


@route("actions/review-pending-deployments-for-run", deployments="write")
def review(call: Call) -> Answer:
    found = find_run(call)
    known = {
        each.id: each for each in (_environment(call, name) for name in found.waiting)
    }
    asked = call.body["environment_ids"]
    if unknown := [number for number in asked if number not in known]:
        raise invalid(f"No pending deployment requests to {unknown}")
    names = [known[number].name for number in asked]
    for number in asked:
        if call.login not in known[number].reviewers:
            raise Refused(422, "You are not allowed to review this deployment")
        if known[number].prevent_self_review and call.login == found.actor:
            raise Refused(422, "You cannot review your own deployment")
    state = call.body["state"]
    found.reviews.append(Review(names, state, call.body["comment"], call.login))
    found.waiting = [name for name in found.waiting if name not in names]
    if state == "rejected":
        found.status, found.conclusion = "completed", "failure"
    elif not found.waiting:
        found.status = "in_progress"
    return Answer(200, [])


@route("actions/list-jobs-for-workflow-run", public=True, actions="read")
def jobs(call: Call) -> Answer:
    found = find_run(call)
    wanted = found.run_attempt if call.query.get("filter") != "all" else None
    kept = [job for job in found.jobs if wanted in (None, job.attempt)]
    return call.page([_job(call, found, job) for job in kept], "jobs")


@route("actions/list-workflow-run-artifacts", public=True, actions="read")
def artifacts_of_run(call: Call) -> Answer:
    number = find_run(call).id
    return _artifacts(call, lambda artifact: artifact.run == number)


@route("actions/list-artifacts-for-repo", public=True, actions="read")
def artifacts(call: Call) -> Answer:
    return _artifacts(call, lambda _: True)


@route("actions/get-artifact", public=True, actions="read")
def artifact(call: Call) -> Answer:
    number = int(call.path["artifact_id"])
    for found in call.repository.artifacts:
        if found.id == number:
            return Answer(200, _artifact(call, found))
    raise not_found()


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


def _environment(call: Call, name: str) -> Environment:
    for known in call.repository.environments:
        if known.name == name:
            return known
    return call.state.add_environment(name)


def _place(call: Call, name: str) -> Json:
    known = _environment(call, name)
    return {
        "id": known.id,
        "node_id": node("Environment", known.id),
        "name": name,
        "url": call.link("environments", name),
        "html_url": f"{WEB}/{call.repository.name}/deployments/{name}",
    }


def _job(call: Call, found: Run, job: Job) -> Json:
    made = time(found.created_at)
    home = f"{WEB}/{call.repository.name}"
    return {
        "id": job.id,
        "node_id": node("Job", job.id),
        "run_id": found.id,
        "run_url": call.link("actions/runs", found.id),
        "run_attempt": job.attempt,
        "head_sha": found.head_sha,
        "head_branch": found.head_branch,
        "name": job.name,
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": made,
        "started_at": made,
        "completed_at": made if job.status == "completed" else None,
        "labels": ["ubuntu-24.04"],
        "html_url": f"{home}/actions/runs/{found.id}/job/{job.id}",
        "url": call.link("actions/jobs", job.id),
    }


def _artifacts(call: Call, wanted: Callable[[Artifact], bool]) -> Answer:
    name = call.query.get("name")
    kept = [
        _artifact(call, each)
        for each in reversed(call.repository.artifacts)
        if wanted(each) and name in (None, each.name)
    ]
    return call.page(kept, "artifacts")


def _artifact(call: Call, found: Artifact) -> Json:
    url = call.link("actions/artifacts", found.id)
    return {
        "id": found.id,
        "node_id": node("Artifact", found.id),
        "name": found.name,
        "size_in_bytes": found.size,
        "digest": found.digest,
        "expired": found.expired,
        "created_at": time(found.created_at),
        "updated_at": time(found.created_at),
        "expires_at": time(found.expires_at),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "workflow_run": {"id": found.run, "repository_id": call.repository.id},
    }
