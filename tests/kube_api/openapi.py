"""The description of the API: as much of it as kubectl asks before it writes.

kubectl looks there whether the server validates fields itself, and how.

Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3,
k8s.io/cli-runtime/pkg/resource/query_param_verifier_v3.go.
"""

from kube_api.patches import STRATEGIC_MERGE_PATCH, media_types
from kube_api.problem import no_such_path
from kube_api.request import Answer
from kube_api.resources import Resource, Resources
from kube_api.values import Json

PATH = "/openapi/v3"
_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force")


def describe(resources: Resources, path: str) -> Answer:
    """The index, or the description of one version of one group.

    Raises:
        Problem: 404: there is none.
    """
    versions = {_place(each): each.api_version for each in resources}
    place = path.removeprefix(PATH).strip("/")
    if not place:
        urls = {each: {"serverRelativeURL": f"{PATH}/{each}"} for each in versions}
        return Answer(body={"paths": urls})
    if place not in versions:
        raise no_such_path()
    found = [each for each in resources if each.api_version == versions[place]]
    return Answer(
        body={
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.36.2"},
            "paths": {_path(each): _operations(each) for each in found},
            "components": {"schemas": {each.kind: _schema(each) for each in found}},
        }
    )


def _place(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else "api/v1"


def _path(resource: Resource) -> str:
    return resource.path("{namespace}", "{name}")


def _kind(resource: Resource) -> Json:
    return {
        "group": resource.group,
        "version": resource.version,
        "kind": resource.kind,
    }


def _operations(resource: Resource) -> Json:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in _PARAMETERS
    ]
    patches = {
        each: {"schema": {"type": "object"}}
        for each in media_types(resource)
        if each != STRATEGIC_MERGE_PATCH  # or kubectl would merge by these schemas
    }
    verbs = {"get": "get", "put": "put", "delete": "delete", "patch": "patch"}
    operations: Json = {
        method: {
            "operationId": f"{action}{resource.kind}",
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _kind(resource),
        }
        for method, action in verbs.items()
    }
    operations["patch"]["requestBody"] = {"content": patches}
    return operations


def _schema(resource: Resource) -> Json:
    return {
        "type": "object",
        "x-kubernetes-group-version-kind": [_kind(resource)],
        "x-kubernetes-preserve-unknown-fields": True,
    }
