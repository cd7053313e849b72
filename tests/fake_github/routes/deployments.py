"""Deployments and what is said of them."""

from fake_github.call import Answer, Call, Refused, invalid, not_found
from fake_github.routes.commits import find_commit
from fake_github.routes.shapes import Json, account, node, time
from fake_github.routing import route
from fake_github.state import Deployment, DeploymentStatus

MOST_DESCRIPTION = 140  # characters


@route("repos/list-deployments", public=True, deployments="read")
def deployments(call: Call) -> Answer:
    found = [
        deployment
        for deployment in reversed(call.repository.deployments)
        if all(
            call.query.get(name) in (None, "none", getattr(deployment, name))
            for name in ("sha", "ref", "task", "environment")
        )
    ]
    return call.page([_shown(call, deployment) for deployment in found])


@route("repos/create-deployment", deployments="write")
def create(call: Call) -> Answer:
    body = call.body
    commit = find_commit(call.repository, body["ref"])
    if commit is None:
        raise Refused(422, f"No ref found for: {body['ref']}")
    _check_contexts(call, commit.sha)
    environment = body.get("environment", "production")
    if all(e.name != environment for e in call.repository.environments):
        call.state.add_environment(environment)
    deployment = Deployment(
        id=call.state.take_number(),
        sha=commit.sha,
        ref=body["ref"],
        task=body.get("task", "deploy"),
        environment=environment,
        payload=body.get("payload", {}),
        description=_description(body),
        login=call.login,
        created_at=call.state.now(),
        transient=body.get("transient_environment", False),
        production=body.get("production_environment", environment == "production"),
    )
    call.repository.deployments.append(deployment)
    return Answer(201, _shown(call, deployment))


@route("repos/get-deployment", public=True, deployments="read")
def get(call: Call) -> Answer:
    return Answer(200, _shown(call, _find(call)))


@route("repos/list-deployment-statuses", public=True, deployments="read")
def statuses(call: Call) -> Answer:
    found = _find(call)
    listed = reversed(found.statuses)
    return call.page([_shown_status(call, found, status) for status in listed])


@route("repos/get-deployment-status", public=True, deployments="read")
def status(call: Call) -> Answer:
    found = _find(call)
    number = int(call.path["status_id"])
    for each in found.statuses:
        if each.id == number:
            return Answer(200, _shown_status(call, found, each))
    raise not_found()


@route("repos/create-deployment-status", deployments="write")
def create_status(call: Call) -> Answer:
    found = _find(call)
    body = call.body
    made = DeploymentStatus(
        id=call.state.take_number(),
        state=body["state"],
        description=_description(body) or "",
        environment=body.get("environment", found.environment),
        log_url=_url(body, "log_url") or _url(body, "target_url"),
        environment_url=_url(body, "environment_url"),
        login=call.login,
        created_at=call.state.now(),
    )
    found.statuses.append(made)
    if made.state == "success" and body.get("auto_inactive", True):
        _retire_others(call, found)
    return Answer(201, _shown_status(call, found, made))


def _retire_others(call: Call, active: Deployment) -> None:
    """Let earlier ones of the same environment be inactive, as GitHub does.

    Those to a production or a lasting environment stay as they are said to be.
    """
    for other in call.repository.deployments:
        is_earlier = other.id < active.id and other.environment == active.environment
        if not is_earlier or other.production or other.transient:
            continue
        if other.statuses and other.statuses[-1].state == "success":
            number = call.state.take_number()
            now = call.state.now()
            retired = DeploymentStatus(
                number, "inactive", "", other.environment, "", "", call.login, now
            )
            other.statuses.append(retired)


def _check_contexts(call: Call, sha: str) -> None:
    """Refuse what has failed or pending statuses, unless none are asked for."""
    required = call.body.get("required_contexts")
    latest = {s.context: s.state for s in call.repository.statuses if s.sha == sha}
    if required is None:
        required = list(latest)
    if any(latest.get(context) != "success" for context in required):
        raise Refused(409, "Conflict: Commit status checks failed for this ref.")


def _description(body: Json) -> str | None:
    description: str | None = body.get("description")
    if description is not None and len(description) > MOST_DESCRIPTION:
        message = f"description is too long (maximum is {MOST_DESCRIPTION} characters)"
        raise invalid(message, resource="Deployment", field="description")
    return description


def _url(body: Json, name: str) -> str:
    url: str = body.get(name, "")
    if url and not url.startswith(("http://", "https://")):
        message = f"{name} must use http(s) scheme"
        raise invalid(message, resource="DeploymentStatus", field=name)
    return url


def _find(call: Call) -> Deployment:
    number = int(call.path["deployment_id"])
    for deployment in call.repository.deployments:
        if deployment.id == number:
            return deployment
    raise not_found()


def _shown(call: Call, found: Deployment) -> Json:
    url = call.link("deployments", found.id)
    return {
        "id": found.id,
        "node_id": node("Deployment", found.id),
        "url": url,
        "sha": found.sha,
        "ref": found.ref,
        "task": found.task,
        "payload": found.payload,
        "original_environment": found.environment,
        "environment": found.environment,
        "description": found.description,
        "creator": account(call, found.login),
        "created_at": time(found.created_at),
        "updated_at": time(found.created_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": call.link().rstrip("/"),
        "transient_environment": found.transient,
        "production_environment": found.production,
    }


def _shown_status(call: Call, found: Deployment, status: DeploymentStatus) -> Json:
    url = call.link("deployments", found.id)
    return {
        "id": status.id,
        "node_id": node("DeploymentStatus", status.id),
        "url": f"{url}/statuses/{status.id}",
        "state": status.state,
        "creator": account(call, status.login),
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "log_url": status.log_url,
        "environment_url": status.environment_url,
        "created_at": time(status.created_at),
        "updated_at": time(status.created_at),
        "deployment_url": url,
        "repository_url": call.link().rstrip("/"),
    }
