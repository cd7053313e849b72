"""The questions about oneself: may I, what may I, who am I.

Source: k8s.io/kubernetes/pkg/registry/authorization/{selfsubjectaccessreview,
selfsubjectrulesreview}/rest.go, pkg/registry/authentication/selfsubjectreview/rest.go.
"""

from kube_api.access import is_allowed, rules
from kube_api.call import Call
from kube_api.problem import Cause, bad_request, invalid, method_not_allowed
from kube_api.request import Answer, Target
from kube_api.state import ADMINS
from kube_api.values import Json

KINDS = ("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview")


def review(call: Call) -> Answer:
    """The answer; nothing is stored.

    Raises:
        Problem: 400 or 422: the question is none.
    """
    if call.target.verb != "create" or call.target.name:
        raise method_not_allowed()
    kind = call.resource.kind
    spec = _part(call.body(), "spec") or {}
    if kind == "SelfSubjectAccessReview":
        status = _may(call, spec)
    elif kind == "SelfSubjectRulesReview":
        status = _what(call, spec)
    else:
        status = {"userInfo": _who(call)}
    body = {"kind": kind, "apiVersion": call.resource.api_version}
    answer: Json = {**body, "metadata": {"creationTimestamp": None}, "spec": spec}
    if kind == "SelfSubjectReview":
        answer["metadata"] = {"creationTimestamp": call.state.timestamp()}
        del answer["spec"]
    return Answer(201, {**answer, "status": status})


def _may(call: Call, spec: Json) -> Json:
    resource = _part(spec, "resourceAttributes")
    path = _part(spec, "nonResourceAttributes")
    if (resource is None) == (path is None):
        message = (
            "Invalid value: exactly one of nonResourceAttributes or resourceAttributes"
            " must be specified"
        )
        cause = Cause("FieldValueInvalid", message, "spec.resourceAttributes")
        raise invalid(call.resource.group, call.resource.kind, "", [cause])
    target = (
        _target(resource)
        if resource is not None
        else Target(str((path or {}).get("verb")), str((path or {}).get("path")))
    )
    if is_allowed(call.state, call.user, target):
        return {"allowed": True, "reason": "RBAC: allowed"}
    return {"allowed": False}


def _part(told: Json, key: str) -> Json | None:
    """Raises:
    Problem: 400: it is no object.
    """
    found = told.get(key)
    if found is not None and not isinstance(found, dict):
        raise bad_request(f"json: cannot unmarshal {found!r} into {key}")
    return found


def _target(asked: Json) -> Target:
    return Target(
        str(asked.get("verb") or ""),
        "",
        is_resource=True,
        group=str(asked.get("group") or ""),
        version=str(asked.get("version") or ""),
        resource=str(asked.get("resource") or ""),
        namespace=str(asked.get("namespace") or ""),
        name=str(asked.get("name") or ""),
        subresource=str(asked.get("subresource") or ""),
    )


def _what(call: Call, spec: Json) -> Json:
    namespace = str(spec.get("namespace") or "")
    if not namespace:
        raise bad_request("no namespace on request")
    found = list(rules(call.state, call.user, namespace))
    if ADMINS in call.user.groups:
        everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        found += [everything, {"verbs": ["*"], "nonResourceURLs": ["*"]}]
    of_resources = ("verbs", "apiGroups", "resources", "resourceNames")
    return {
        "resourceRules": [
            {key: rule[key] for key in of_resources if key in rule}
            for rule in found
            if rule.get("resources")
        ],
        "nonResourceRules": [
            {key: rule[key] for key in ("verbs", "nonResourceURLs")}
            for rule in found
            if rule.get("nonResourceURLs")
        ],
        "incomplete": False,
    }


def _who(call: Call) -> Json:
    user = call.user
    told: Json = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        told["uid"] = user.uid
    if user.extra:
        told["extra"] = {key: list(values) for key, values in user.extra}
    return told
