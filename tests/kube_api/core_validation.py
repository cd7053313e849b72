"""What is wrong with an object of a kind that is built in.

Source: k8s.io/kubernetes/pkg/apis/{core,apps,coordination,…}/validation (1.36). What a
client of a rollout can get wrong; not all that the real one finds.
"""

import json
import re
from collections.abc import Callable, Iterator

from kube_api.problem import Cause
from kube_api.resources import Resource
from kube_api.shapes import Value
from kube_api.values import Json

Check = Callable[[Json, Json | None], Iterator[Cause]]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_IMMUTABLE = "field is immutable"


def causes(
    resource: Resource, new: Json, old: Json | None, subresource: str
) -> list[Cause]:
    """What is wrong with *new*."""
    if subresource == "status":
        return []
    check = _CHECKS.get(resource.qualified)
    return list(check(new, old)) if check else []


def undecodable(resource: Resource, found: Json) -> str | None:
    """What cannot be read of *found*; None if all can."""
    if resource.qualified != "secrets":
        return None
    for value in (found.get("data") or {}).values():
        text = str(value or "")
        wrong = re.search(r"[^A-Za-z0-9+/=]", text)
        if wrong or len(text) % 4:
            at = wrong.start() if wrong else len(text) // 4 * 4
            return f"illegal base64 data at input byte {at}"
    return None


def required(path: str, more: str = "") -> Cause:
    message = f"Required value: {more}" if more else "Required value"
    return Cause("FieldValueRequired", message, path)


def invalid(path: str, value: Value, told: str) -> Cause:
    shown = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {told}", path)


def unsupported(path: str, value: Value, allowed: tuple[str, ...]) -> Cause:
    told = ", ".join(json.dumps(each) for each in allowed)
    message = f"Unsupported value: {json.dumps(value)}: supported values: {told}"
    return Cause("FieldValueNotSupported", message, path)


def _workload(new: Json, old: Json | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    replicas = spec.get("replicas", 1)
    if replicas < 0:
        yield _negative("spec.replicas", replicas)
    selector = spec.get("selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not selector:
        yield required("spec.selector")
    if not selector or not _selects(selector, labels):
        told = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", labels or None, told)
    yield from _pod_spec(template.get("spec") or {}, "spec.template.spec")
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate" and "rollingUpdate" in strategy:
        told = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        yield Cause("FieldValueForbidden", told, "spec.strategy.rollingUpdate")
    before = ((old or {}).get("spec") or {}).get("selector")
    if old is not None and before != selector:
        yield invalid("spec.selector", selector, _IMMUTABLE)


def _pod(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    yield from _pod_spec(new.get("spec") or {}, "spec")


def _pod_spec(spec: Json, path: str) -> Iterator[Cause]:
    containers = spec.get("containers") or []
    if not containers:
        yield required(f"{path}.containers")
    names: list[str] = []
    for index, container in enumerate(containers):
        here = f"{path}.containers[{index}]"
        name = container.get("name", "")
        if not name:
            yield required(f"{here}.name")
        elif not _LABEL.fullmatch(name):
            yield invalid(f"{here}.name", name, _RFC_1123)
        elif name in names:
            told = f"Duplicate value: {json.dumps(name)}"
            yield Cause("FieldValueDuplicate", told, f"{here}.name")
        names.append(name)
        if not container.get("image"):
            yield required(f"{here}.image")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if probe in container and not _HANDLERS & container[probe].keys():
                yield required(f"{here}.{probe}", "must specify a handler type")
        for at, port in enumerate(container.get("ports") or ()):
            where = f"{here}.ports[{at}].containerPort"
            yield from _port(port.get("containerPort"), where)


def _service(new: Json, old: Json | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    ports = spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    if not ports and not headless and spec.get("type") != "ExternalName":
        yield required("spec.ports")
    for index, port in enumerate(ports):
        here = f"spec.ports[{index}]"
        if len(ports) > 1 and not port.get("name"):
            yield required(f"{here}.name")
        yield from _between(port.get("port"), f"{here}.port")
        target = port.get("targetPort")
        if isinstance(target, int):
            yield from _between(target, f"{here}.targetPort")
    allowed = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    if spec.get("type") not in allowed:
        yield unsupported("spec.type", spec.get("type"), allowed)
    before = ((old or {}).get("spec") or {}).get("clusterIP")
    if before not in (None, "", spec.get("clusterIP")):
        told = "may not change once set"
        yield invalid("spec.clusterIPs[0]", spec.get("clusterIPs"), told)


def _config_map(new: Json, old: Json | None) -> Iterator[Cause]:
    yield from _keys(new)
    if (old or {}).get("immutable"):
        yield from _frozen(new, old or {}, ("data", "binaryData", "immutable"))


def _secret(new: Json, old: Json | None) -> Iterator[Cause]:
    yield from _keys(new)
    if old is not None and old.get("type") != new.get("type"):
        yield invalid("type", new.get("type"), _IMMUTABLE)
    if (old or {}).get("immutable"):
        yield from _frozen(new, old or {}, ("data", "immutable"))


def _frozen(new: Json, old: Json, fields: tuple[str, ...]) -> Iterator[Cause]:
    for field in fields:
        if new.get(field) != old.get(field):
            told = "Forbidden: field is immutable when `immutable` is set"
            yield Cause("FieldValueForbidden", told, field)


def _keys(found: Json) -> Iterator[Cause]:
    for field in ("data", "binaryData"):
        for key in found.get(field) or ():
            if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
                yield invalid(f"{field}[{key}]", key, _CONFIG_KEY)


def _lease(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    spec = new.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        path = "spec.leaseDurationSeconds"
        yield invalid(path, seconds, "must be greater than 0")
    transitions = spec.get("leaseTransitions")
    if transitions is not None and transitions < 0:
        yield invalid(
            "spec.leaseTransitions",
            transitions,
            "must be greater than or equal to 0",
        )


def _binding(new: Json, old: Json | None) -> Iterator[Cause]:
    if not (new.get("roleRef") or {}).get("name"):
        yield required("roleRef.name")
    if old is not None and old.get("roleRef") != new.get("roleRef"):
        role = {key[:1].upper() + key[1:]: v for key, v in new["roleRef"].items()}
        role = {"APIGroup": role.pop("ApiGroup", ""), **role}
        yield invalid("roleRef", role, "cannot change roleRef")


def _event(new: Json, old: Json | None) -> Iterator[Cause]:
    del old
    about = (new.get("involvedObject") or {}).get("namespace", "")
    if about != (new.get("metadata") or {}).get("namespace", ""):
        told = "does not match event.namespace"
        yield invalid("involvedObject.namespace", about, told)


def _selects(selector: Json, labels: Json) -> bool:
    wanted = selector.get("matchLabels") or {}
    plain = all(labels.get(key) == value for key, value in wanted.items())
    return plain and all(
        _expresses(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _expresses(expression: Json, labels: Json) -> bool:
    key, values = str(expression.get("key")), expression.get("values") or []
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(str(expression.get("operator")), False)


def _port(value: Value, path: str) -> Iterator[Cause]:
    if value in (None, 0):
        yield required(path)
    else:
        yield from _between(value, path)


def _between(value: Value, path: str) -> Iterator[Cause]:
    if value is None or not 1 <= value <= 65535:
        yield invalid(path, value or 0, "must be between 1 and 65535, inclusive")


def _negative(path: str, value: int) -> Cause:
    return invalid(path, value, "must be greater than or equal to 0")


_RFC_1123 = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
    " '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or"
    " '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    " (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is"
    " '[-._a-zA-Z0-9]+')"
)
_HANDLERS = frozenset({"exec", "grpc", "httpGet", "tcpSocket"})
_CHECKS: dict[str, Check] = {
    "deployments.apps": _workload,
    "replicasets.apps": _workload,
    "pods": _pod,
    "services": _service,
    "configmaps": _config_map,
    "secrets": _secret,
    "events": _event,
    "leases.coordination.k8s.io": _lease,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
}
