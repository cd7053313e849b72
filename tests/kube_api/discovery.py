"""What the API says of itself: version, groups, resources.

Source: k8s.io/apiserver/pkg/endpoints/discovery/{version,group,legacy,root}.go,
https://kubernetes.io/docs/reference/using-api/api-concepts/#discovery-api.
"""

from kube_api.problem import no_such_path
from kube_api.request import Answer
from kube_api.resources import Resource, Resources
from kube_api.values import Json

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.2",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "linux/amd64",
}
_HEALTH = ("/healthz", "/livez", "/readyz")


def discover(resources: Resources, path: str) -> Answer:
    """The document at *path*.

    Raises:
        Problem: 404: there is none.
    """
    parts = tuple(part for part in path.split("/") if part)
    if path.rstrip("/") in _HEALTH:
        return Answer(text="ok")
    if parts == ("version",):
        return Answer(body=VERSION)
    if parts == ("api",):
        return Answer(body={"kind": "APIVersions", "versions": ["v1"]})
    if parts == ("apis",):
        groups = [_group(resources, name) for name in resources.groups() if name]
        return Answer(
            body={"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        )
    if len(parts) == 2 and parts[0] == "apis" and parts[1] in resources.groups():
        told = {"kind": "APIGroup", "apiVersion": "v1", **_group(resources, parts[1])}
        return Answer(body=told)
    return _resources(resources, parts)


def _group(resources: Resources, name: str) -> Json:
    versions = [
        {"groupVersion": f"{name}/{version}", "version": version}
        for version in resources.groups()[name]
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(resources: Resources, parts: tuple[str, ...]) -> Answer:
    group_version = "/".join(parts[1:])
    found = [each for each in resources if each.api_version == group_version]
    starts = "api" if parts and len(parts) == 2 else "apis"
    if not found or parts[0] != starts:
        if parts and parts[0] in ("api", "apis"):
            raise no_such_path()
        return Answer(404, text="404 page not found\n")
    listed = [entry for each in found for entry in _entries(each)]
    return Answer(
        body={
            "kind": "APIResourceList",
            **({} if starts == "api" else {"apiVersion": "v1"}),
            "groupVersion": group_version,
            "resources": listed,
        }
    )


def _entries(resource: Resource) -> list[Json]:
    one: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short:
        one["shortNames"] = list(resource.short)
    if resource.categories:
        one["categories"] = list(resource.categories)
    entries = [one]
    base = {"singularName": "", "namespaced": resource.namespaced}
    verbs = ["get", "patch", "update"]
    if resource.status:
        name = f"{resource.plural}/status"
        entries.append({"name": name, **base, "kind": resource.kind, "verbs": verbs})
    if resource.scale:
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        entries.append(
            {"name": f"{resource.plural}/scale", **base, **scale, "verbs": verbs}
        )
    return entries
