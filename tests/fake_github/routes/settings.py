"""A repository's settings for Actions, its secrets' names, and limits on requests."""

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.routes.shapes import Json, time
from fake_github.routing import route


@route("actions/get-github-actions-permissions-repository", administration="read")
def actions(call: Call) -> Answer:
    settings = call.repository.settings
    shown: Json = {
        "enabled": settings.actions_enabled,
        "sha_pinning_required": settings.sha_pinning_required,
    }
    if settings.actions_enabled:
        shown["allowed_actions"] = settings.allowed_actions
    if settings.allowed_actions == "selected":
        url = call.link("actions/permissions/selected-actions")
        shown["selected_actions_url"] = url
    return Answer(200, shown)


@route("actions/get-allowed-actions-repository", administration="read")
def selected(call: Call) -> Answer:
    settings = call.repository.settings
    if settings.allowed_actions != "selected":
        raise Refused(409, "Conflict: the allowed actions are not selected ones")
    return Answer(
        200,
        {
            "github_owned_allowed": settings.github_owned_allowed,
            "verified_allowed": settings.verified_allowed,
            "patterns_allowed": settings.patterns_allowed,
        },
    )


@route(
    "actions/get-github-actions-default-workflow-permissions-repository",
    administration="read",
)
def workflow_permissions(call: Call) -> Answer:
    settings = call.repository.settings
    may = settings.can_approve_pull_request_reviews
    return Answer(
        200,
        {
            "default_workflow_permissions": settings.default_workflow_permissions,
            "can_approve_pull_request_reviews": may,
        },
    )


@route(
    "actions/get-artifact-and-log-retention-settings-repository",
    administration="read",
)
def retention(call: Call) -> Answer:
    settings = call.repository.settings
    return Answer(
        200,
        {
            "days": settings.retention_days,
            "maximum_allowed_days": settings.maximum_retention_days,
        },
    )


@route(
    "actions/get-fork-pr-contributor-approval-permissions-repository",
    administration="read",
)
def fork_approval(call: Call) -> Answer:
    return Answer(200, {"approval_policy": call.repository.settings.fork_approval})


@route("repos/check-immutable-releases", administration="read")
def immutable(call: Call) -> Answer:
    settings = call.repository.settings
    if not settings.immutable_releases:
        raise not_found()
    enforced = settings.immutable_by_owner
    return Answer(200, {"enabled": True, "enforced_by_owner": enforced})


@route("actions/list-repo-secrets", secrets="read")
def secrets(call: Call) -> Answer:
    return _secrets(call, call.repository.settings.secrets)


@route("actions/list-repo-organization-secrets", secrets="read")
def organization_secrets(call: Call) -> Answer:
    return _secrets(call, call.repository.settings.organization_secrets)


@route("actions/list-repo-variables", variables="read")
def variables(call: Call) -> Answer:
    known = call.repository.settings.variables.items()
    listed = [{**_secret(call, name), "value": value} for name, value in known]
    return call.page(listed, "variables")


@route("actions/get-repo-secret", secrets="read")
def secret(call: Call) -> Answer:
    name = call.path["secret_name"].upper()
    if name not in call.repository.settings.secrets:
        raise not_found()
    return Answer(200, _secret(call, name))


@route("actions/list-environment-secrets", environments="read")
def environment_secrets(call: Call) -> Answer:
    for known in call.repository.environments:
        if known.name == call.path["environment_name"]:
            return _secrets(call, known.secrets)
    raise not_found()


@route("actions/get-custom-oidc-sub-claim-for-repo", actions="read")
def subject(call: Call) -> Answer:
    return Answer(200, call.repository.settings.subject)


@route("oidc/get-oidc-custom-sub-template-for-org", organization_administration="read")
def organization_subject(call: Call) -> Answer:
    for known in call.state.repositories.values():
        shown = known.settings.organization_subject
        if known.owner.lower() == call.path["org"].lower() and shown is not None:
            return Answer(200, shown)
    raise not_found()


@route("rate-limit/get")
def rate_limit(call: Call) -> Answer:
    reset = int(call.state.now().timestamp()) + 3600
    limit = {"limit": 5000, "used": 1, "remaining": 4999, "reset": reset}
    return Answer(200, {"resources": {"core": limit, "search": limit}, "rate": limit})


def _secrets(call: Call, names: list[str]) -> Answer:
    return call.page([_secret(call, name) for name in names], "secrets")


def _secret(call: Call, name: str) -> Json:
    made = time(call.state.now())
    return {"name": name, "created_at": made, "updated_at": made}
