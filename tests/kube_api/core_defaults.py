"""Defaults of the kinds that are built in.

Source: k8s.io/kubernetes/pkg/apis/{core,apps,rbac,…}/v1/defaults.go (1.36), and what
the strategies set when an object is created.
"""

import base64
import re
from collections.abc import Callable

from kube_api.resources import Resource
from kube_api.values import Json, copy_json


def fill_in(resource: Resource, found: Json) -> None:
    """Set what was left out."""
    filler = _FILLERS.get(resource.qualified)
    if filler is not None:
        filler(found)


def empty(resource: Resource) -> Json:
    """The structs that an object has before anything is set: they are nobody's.

    They are the fields of the kind's Go types that are no pointers.
    """
    found: Json = copy_json(_EMPTY.get(resource.qualified, {}))
    return found


_EMPTY_POD: Json = {"containers": None}
_EMPTY_TEMPLATE: Json = {"metadata": {}, "spec": _EMPTY_POD}
_EMPTY: dict[str, Json] = {
    "deployments.apps": {
        "spec": {"selector": None, "template": _EMPTY_TEMPLATE, "strategy": {}},
        "status": {},
    },
    "replicasets.apps": {
        "spec": {"selector": None, "template": _EMPTY_TEMPLATE},
        "status": {},
    },
    "pods": {"spec": _EMPTY_POD, "status": {}},
    "services": {"spec": {}, "status": {"loadBalancer": {}}},
    "namespaces": {"spec": {}, "status": {}},
    "nodes": {"spec": {}, "status": {}},
    "resourcequotas": {"spec": {}, "status": {}},
    "leases.coordination.k8s.io": {"spec": {}},
    "events": {
        "involvedObject": {},
        "source": {},
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
    "endpointslices.discovery.k8s.io": {"endpoints": None, "ports": None},
    "horizontalpodautoscalers.autoscaling": {
        "spec": {"scaleTargetRef": {}},
        "status": {},
    },
    "ingresses.networking.k8s.io": {"spec": {}, "status": {"loadBalancer": {}}},
    "poddisruptionbudgets.policy": {"spec": {}, "status": {}},
    "roles.rbac.authorization.k8s.io": {"rules": None},
    "clusterroles.rbac.authorization.k8s.io": {"rules": None},
    "rolebindings.rbac.authorization.k8s.io": {"roleRef": {}},
    "clusterrolebindings.rbac.authorization.k8s.io": {"roleRef": {}},
}


def _deployment(found: Json) -> None:
    spec = _within(found, "spec")
    spec.setdefault("replicas", 1)
    strategy = _within(spec, "strategy")
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = _within(strategy, "rollingUpdate")
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    _template(spec)
    found.setdefault("status", {})


def _replica_set(found: Json) -> None:
    spec = _within(found, "spec")
    spec.setdefault("replicas", 1)
    _template(spec)
    found.setdefault("status", {"replicas": 0})


def _template(spec: Json) -> None:
    template = _within(spec, "template")
    _within(template, "metadata")
    pod = _within(template, "spec")
    _pod_spec(pod)


def _pod(found: Json) -> None:
    spec = _within(found, "spec")
    _pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    spec.setdefault("tolerations", _TOLERATIONS)
    status = _within(found, "status")
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", "BestEffort")
    for condition in status.get("conditions") or ():
        condition.setdefault("lastProbeTime", None)
        condition.setdefault("lastTransitionTime", None)
    for container in status.get("containerStatuses") or ():
        container.setdefault("lastState", {})


_TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{what}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for what in ("not-ready", "unreachable")
]


def _pod_spec(spec: Json) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if "serviceAccountName" in spec:
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        _container(container)
    for volume in spec.get("volumes") or ():
        for kind in ("configMap", "secret", "downwardAPI", "projected"):
            if isinstance(volume.get(kind), dict):
                volume[kind].setdefault("defaultMode", 420)


def _container(container: Json) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", _pull_policy(container.get("image", "")))
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(probe := container.get(name), dict):
            _probe(probe)


def _pull_policy(image: str) -> str:
    """``Always`` for the tag latest, which stands for none, too."""
    last = re.sub(r"@.*$", "", image).rpartition("/")[2]
    pinned = "@" in image or (":" in last and not last.endswith(":latest"))
    return "IfNotPresent" if pinned else "Always"


def _probe(probe: Json) -> None:
    for key, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        probe.setdefault(key, value)
    if isinstance(get := probe.get("httpGet"), dict):
        get.setdefault("path", "/")
        get.setdefault("scheme", "HTTP")


def _service(found: Json) -> None:
    spec = _within(found, "spec")
    spec.setdefault("sessionAffinity", "None")
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        _cluster_address(found, spec)
    _within(_within(found, "status"), "loadBalancer")


def _cluster_address(found: Json, spec: Json) -> None:
    """An address is given out when there is none: by the uid, so that it stays."""
    if not spec.get("clusterIP"):
        seed = int(str((found.get("metadata") or {}).get("uid", "0"))[:8] or "0", 16)
        spec["clusterIP"] = f"10.96.{seed >> 8 & 255}.{seed & 255}"
    spec.setdefault("clusterIPs", [spec["clusterIP"]])


def _secret(found: Json) -> None:
    found.setdefault("type", "Opaque")
    if text := found.pop("stringData", None):
        data = found.setdefault("data", {})
        for key, value in text.items():
            data[key] = base64.b64encode(str(value).encode()).decode()


def _namespace(found: Json) -> None:
    metadata = _within(found, "metadata")
    labels = _within(metadata, "labels")
    labels.setdefault("kubernetes.io/metadata.name", metadata.get("name", ""))
    _within(found, "status").setdefault("phase", "Active")


def _binding(found: Json) -> None:
    group = "rbac.authorization.k8s.io"
    if isinstance(role := found.get("roleRef"), dict):
        role.setdefault("apiGroup", group)
    for subject in found.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", group)


def _endpoint_slice(found: Json) -> None:
    for port in found.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _event(found: Json) -> None:
    found.setdefault("eventTime", None)
    found.setdefault("reportingComponent", "")
    found.setdefault("reportingInstance", "")


def _status(**fields: object) -> Callable[[Json], None]:
    def filler(found: Json) -> None:
        found.setdefault("status", copy_json(fields))

    return filler


def _autoscaler(found: Json) -> None:
    spec = _within(found, "spec")
    spec.setdefault("minReplicas", 1)
    target = {"type": "Utilization", "averageUtilization": 80}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    spec.setdefault("metrics", [cpu])
    found.setdefault("status", {"desiredReplicas": 0, "currentMetrics": None})


def _within(found: Json, key: str) -> Json:
    value = found.get(key)
    if not isinstance(value, dict):
        value = found[key] = {}
    return value


_FILLERS = {
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "pods": _pod,
    "services": _service,
    "secrets": _secret,
    "namespaces": _namespace,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
    "endpointslices.discovery.k8s.io": _endpoint_slice,
    "events": _event,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "ingresses.networking.k8s.io": _status(loadBalancer={}),
    "resourcequotas": _status(),
    "poddisruptionbudgets.policy": _status(
        disruptionsAllowed=0, currentHealthy=0, desiredHealthy=0, expectedPods=0
    ),
}
