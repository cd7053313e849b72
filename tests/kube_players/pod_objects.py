"""The objects that a Deployment controller, a kubelet and their like write, as JSON."""

import hashlib
import itertools
import json
from collections.abc import Sequence

from kube_players.cluster import Document
from kube_players.pod_process import PodProcess

NODE = "node-1"
REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"
_numbers = itertools.count(1)


def template_hash(deployment: Document) -> str:
    """What tells a Deployment's templates apart."""
    text = json.dumps(deployment["spec"]["template"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def replica_set(deployment: Document) -> Document:
    """That of a Deployment's template."""
    template, spec = template_hash(deployment), deployment["spec"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{template}",
            "labels": {**labels_of(deployment), _HASH: template},
            "ownerReferences": [_owner("Deployment", deployment)],
        },
        "spec": {
            "replicas": spec["replicas"],
            "selector": {
                "matchLabels": {**spec["selector"]["matchLabels"], _HASH: template}
            },
            "template": {
                "metadata": {"labels": {**labels_of(deployment), _HASH: template}},
                "spec": spec["template"]["spec"],
            },
        },
    }


def pod_object(deployment: Document, owner: Document) -> Document:
    """A new pod on our node; its status is written apart."""
    template = deployment["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{next(_numbers):05d}",
            "labels": {**labels_of(deployment), _HASH: template_hash(deployment)},
            "annotations": template["metadata"].get("annotations", {}),
            "ownerReferences": [_owner("ReplicaSet", owner)],
        },
        "spec": {**template["spec"], "nodeName": NODE},
    }


def pod_status(pod: PodProcess) -> Document:
    """What a kubelet says of a pod that is not ending."""
    running = pod.is_running
    container = {
        "name": pod.container["name"],
        "image": pod.container["image"],
        "imageID": pod.container["image"] if pod.is_pullable else "",
        "ready": pod.ready,
        "started": running,
        "restartCount": pod.restarts,
        "state": _state(pod),
    }
    ready = {"status": "True" if pod.ready else "False"}
    if not pod.ready:
        ready["reason"] = "ContainersNotReady"
    return {
        "phase": "Running" if running or pod.restarts else "Pending",
        "podIP": pod.address,
        "podIPs": [{"ip": pod.address}],
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Initialized", "status": "True"},
            {"type": "ContainersReady", **ready},
            {"type": "Ready", **ready},
        ],
        "containerStatuses": [container],
    }


def deployment_status(deployment: Document, pods: Sequence[PodProcess]) -> Document:
    """What the Deployment controller says; *pods* are those that are not ending."""
    wanted, template = deployment["spec"]["replicas"], template_hash(deployment)
    ready = sum(pod.ready for pod in pods)
    updated = sum(pod.template == template for pod in pods)
    complete = updated == len(pods) == ready == wanted
    available = ready >= wanted - wanted // 4
    return {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": len(pods),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, wanted - ready),
        "conditions": [
            {
                "type": "Available",
                "status": "True" if available else "False",
                "reason": f"MinimumReplicas{'Una' if not available else 'A'}vailable",
            },
            {
                "type": "Progressing",
                "status": "True",
                "reason": "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated",
            },
        ],
    }


def endpoint_slice(service: Document, pods: Sequence[PodProcess]) -> Document:
    """Where a Service leads; who is ending may still answer."""
    name, port = service["metadata"]["name"], service["spec"]["ports"][0]
    target = port.get("targetPort", port["port"])
    if isinstance(target, str):
        target = pods[0].port if pods else port["port"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-1",
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "ports": [{"name": port.get("name", ""), "port": target, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": [pod.address],
                "conditions": {
                    "ready": pod.ready,
                    "serving": pod.ready or (pod.is_ending and pod.is_running),
                    "terminating": pod.is_ending,
                },
                "nodeName": NODE,
                "targetRef": {"kind": "Pod", "name": pod.name},
            }
            for pod in pods
        ],
    }


def labels_of(deployment: Document) -> dict[str, str]:
    """Those of a Deployment's pods."""
    return dict(deployment["spec"]["template"]["metadata"]["labels"])


def _state(pod: PodProcess) -> Document:
    if not pod.is_pullable:
        message = f'Back-off pulling image "{pod.container["image"]}"'
        return {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    if pod.is_running:
        return {"running": {}}
    if pod.exit_code is None:
        return {"waiting": {"reason": "ContainerCreating"}}
    message = f"back-off restarting failed container={pod.container['name']}"
    return {"waiting": {"reason": "CrashLoopBackOff", "message": message}}


def _owner(kind: str, owner: Document) -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
