"""What runs leave: jobs and artifacts."""

from collections.abc import Callable

from fake_github.call import Answer, Call, not_found
from fake_github.routes.runs import find_run
from fake_github.routes.shapes import WEB, Json, node, time
from fake_github.routing import route
from fake_github.state import Artifact, Job, Run


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
