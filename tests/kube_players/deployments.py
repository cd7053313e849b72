"""What kube-controller-manager, scheduler and kubelet make of Deployments, played.

A step looks at everything once and writes what has to change; once a step changes
nothing, the cluster has settled. How a pod fares is scripted by its image. Rolling
updates are simplified: all new pods are made at once, and an old one goes for each new
one that is available.

Source: k8s.io/kubernetes/pkg/controller/deployment (sync.go calculateStatus,
progress.go), pkg/controller/replicaset (replica_set_utils.go calculateStatus),
pkg/kubelet (images/image_manager.go, kuberuntime_manager.go, prober.go).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kube_players.documents import (
    Document,
    Hand,
    condition,
    event,
    is_said,
    owner_reference,
)
from kube_players.kubelet import Fares, container_statuses, pod_conditions

_HASH = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"


@dataclass
class DeploymentPlayer:
    """Plays for *namespace*, by *hand*.

    Attributes:
        fares: how pods fare, by their image; all get ready by default.
        quota: how many pods there may be, and what is said of those that may not.
        late: Deployments whose progress deadline is over.
        asleep: whether no controller looks at anything.
        version: how far the cluster is, if that can be told: nothing is looked at
            twice.
        made: how many pods and events were made.
    """

    hand: Hand
    namespace: str
    fares: dict[str, Fares] = field(default_factory=dict)
    quota: tuple[int, str] | None = None
    late: set[str] = field(default_factory=set)
    asleep: bool = False
    version: Callable[[], int] | None = None
    _settled: object = None
    made: int = 0
    _listed: dict[str, list[Document]] = field(default_factory=dict)
    _said: set[tuple[str, str]] = field(default_factory=set)
    _changed: bool = False

    def step(self) -> bool:
        """Look at everything once; whether anything was changed."""
        self._changed = False
        self._listed.clear()
        if self.asleep or self._settled == self._world():
            return False
        for deployment in self._all("Deployment"):
            self._reconcile(deployment)
        self._settled = None if self._changed else self._world()
        return self._changed

    def settle(self, most: int = 40) -> None:
        """Go on until nothing changes, or pods crash for ever."""
        for _ in range(most):
            if not self.step():
                return

    def pods(self, labels: dict[str, str]) -> list[Document]:
        """The pods with these labels that can serve."""
        return [
            pod
            for pod in self.hand.list("Pod", self.namespace)
            if labels.items() <= pod["metadata"]["labels"].items() and _is_ready(pod)
        ]

    def crash(self, pod: Document, exit_code: int = 1, said: str = "") -> None:
        """The pod's container ends, once; it is started again at the next step."""
        script = self.fares.get(_image(pod), Fares())
        script.ended.append((pod["metadata"]["name"], exit_code, said))
        self._look_after(pod)

    def _world(self) -> object:
        """All that a step goes by; never the same if that cannot be told."""
        if self.version is None:
            return object()
        return self.version(), repr((self.fares, self.quota, self.late))

    def _reconcile(self, deployment: Document) -> None:
        sets = self._own("ReplicaSet", deployment)
        if not deployment["spec"].get("paused"):
            sets = self._roll(deployment, sets)
        for each in sets:
            self._keep_pods(each)
        self._report(deployment, sets)

    def _roll(self, deployment: Document, sets: list[Document]) -> list[Document]:
        template = template_hash(deployment)
        wanted = deployment["spec"]["replicas"]
        new = next(
            (s for s in sets if s["metadata"]["labels"][_HASH] == template), None
        )
        if new is None:
            revision = 1 + max(map(_revision, sets), default=0)
            new = self._create(_replica_set(deployment, template, revision, wanted))
            sets = [*sets, new]
        elif _revision(new) < max(map(_revision, sets)):
            revision = 1 + max(map(_revision, sets))
            new = self._merge(new, {"metadata": _annotated(revision)})
        if deployment["metadata"].get("annotations", {}).get(_REVISION) != str(
            _revision(new)
        ):
            self._merge(deployment, {"metadata": _annotated(_revision(new))})
        available = (new.get("status") or {}).get("availableReplicas", 0)
        rolled = []
        for each in sets:
            is_new = each["metadata"]["name"] == new["metadata"]["name"]
            now = each["spec"]["replicas"]
            target = wanted if is_new else min(now, max(wanted - available, 0))
            changed = each
            if now != target:
                changed = self._merge(each, {"spec": {"replicas": target}})
            rolled.append(new if is_new and now == target else changed)
        return rolled

    def _keep_pods(self, owner: Document) -> None:
        pods = self._own("Pod", owner)
        wanted, failure = owner["spec"]["replicas"], None
        for pod in pods[wanted:]:
            self._wrote("Pod")
            self.hand.delete("Pod", self.namespace, pod["metadata"]["name"])
        for _ in range(wanted - len(pods)):
            if self.quota and len(self._all("Pod")) >= self.quota[0]:
                failure = self.quota[1]
                self._say(owner, "FailedCreate", f"Error creating: {failure}")
                break
            self.made += 1
            self._create(_pod(owner, self.made))
        pods = [self._look_after(pod) for pod in self._own("Pod", owner)]
        ready = sum(map(_is_ready, pods))
        status: Document = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        if failure is not None:
            status["conditions"] = [
                condition("ReplicaFailure", "True", "FailedCreate", failure)
            ]
        self._set_status(owner, status)

    def _look_after(self, pod: Document) -> Document:
        """What the scheduler and a kubelet say of *pod*."""
        fares = self.fares.setdefault(_image(pod), Fares())
        seen = pod.get("status") or {}
        statuses = container_statuses(pod, seen, fares)
        for reason, message in fares.said(pod):
            self._say(pod, reason, message)
        conditions = pod_conditions(fares, statuses)
        is_up = any("running" in each.get("state", {}) for each in statuses)
        return self._set_status(
            pod,
            {
                "phase": "Running" if is_up else "Pending",
                "conditions": conditions,
                "containerStatuses": statuses,
            },
        )

    def _report(self, deployment: Document, sets: Sequence[Document]) -> None:
        found = self.hand.get(
            "Deployment", self.namespace, deployment["metadata"]["name"]
        )
        if found is None:
            return
        template, wanted = template_hash(found), found["spec"]["replicas"]
        statuses = {
            each["metadata"]["labels"][_HASH]: self._status_of(each) for each in sets
        }
        total = {
            name: sum(each.get(name, 0) for each in statuses.values())
            for name in ("replicas", "readyReplicas", "availableReplicas")
        }
        updated = statuses.get(template, {}).get("replicas", 0)
        complete = updated == total["replicas"] == total["availableReplicas"] == wanted
        is_up = total["availableReplicas"] >= wanted - wanted // 4
        conditions = [
            condition(
                "Available",
                str(is_up),
                f"MinimumReplicas{'Available' if is_up else 'Unavailable'}",
            )
        ]
        if found["metadata"]["name"] in self.late and not complete:
            said = f'ReplicaSet "{found["metadata"]["name"]}-{template}" has timed out'
            late = f"{said} progressing."
            conditions.append(
                condition("Progressing", "False", "ProgressDeadlineExceeded", late)
            )
        else:
            reason = "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"
            conditions.append(condition("Progressing", "True", reason))
        for status in statuses.values():
            conditions += status.get("conditions", [])
        self._set_status(
            found,
            {
                "observedGeneration": found["metadata"]["generation"],
                **total,
                "updatedReplicas": updated,
                "unavailableReplicas": max(
                    total["replicas"] - total["availableReplicas"], 0
                ),
                "conditions": conditions,
            },
        )

    def _status_of(self, found: Document) -> Document:
        again = self.hand.get(found["kind"], self.namespace, found["metadata"]["name"])
        status: Document = (again or {}).get("status") or {}
        return status

    def _all(self, kind: str) -> list[Document]:
        """What there is of a kind; asked once, until we write some."""
        if kind not in self._listed:
            self._listed[kind] = self.hand.list(kind, self.namespace)
        return self._listed[kind]

    def _own(self, kind: str, owner: Document) -> list[Document]:
        uid = owner["metadata"]["uid"]
        return [
            each
            for each in self._all(kind)
            if any(o["uid"] == uid for o in each["metadata"].get("ownerReferences", []))
        ]

    def _create(self, found: Document) -> Document:
        self._wrote(found["kind"])
        return self.hand.create(found, self.namespace)

    def _merge(self, found: Document, change: Document) -> Document:
        self._wrote(found["kind"])
        name = found["metadata"]["name"]
        return self.hand.merge(found["kind"], self.namespace, name, change)

    def _set_status(self, found: Document, status: Document) -> Document:
        if is_said(found.get("status"), status):
            return found
        self._wrote(found["kind"])
        name = found["metadata"]["name"]
        return self.hand.set_status(found["kind"], self.namespace, name, status)

    def _wrote(self, kind: str) -> None:
        self._changed = True
        self._listed.pop(kind, None)

    def _say(self, about: Document, reason: str, message: str) -> None:
        """A Warning, once."""
        if (about["metadata"]["uid"], message) in self._said:
            return
        self._said.add((about["metadata"]["uid"], message))
        self.made += 1
        self._create(event(about, reason, message, self.made))


def template_hash(deployment: Document) -> str:
    """What tells a Deployment's templates apart."""
    text = json.dumps(deployment["spec"]["template"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _replica_set(
    deployment: Document, template: str, revision: int, replicas: int
) -> Document:
    spec = deployment["spec"]
    labels = {**spec["template"]["metadata"]["labels"], _HASH: template}
    selector = {**spec["selector"]["matchLabels"], _HASH: template}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{template}",
            "labels": labels,
            "ownerReferences": [owner_reference(deployment)],
            **_annotated(revision),
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": selector},
            "template": {
                **spec["template"],
                "metadata": {**spec["template"]["metadata"], "labels": labels},
            },
        },
    }


def _pod(owner: Document, number: int) -> Document:
    template = owner["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{number:05d}",
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": template["spec"],
    }


def _annotated(revision: int) -> Document:
    return {"annotations": {_REVISION: str(revision)}}


def _revision(found: Document) -> int:
    return int(found["metadata"].get("annotations", {}).get(_REVISION, "0"))


def _image(pod: Document) -> str:
    image: str = pod["spec"]["containers"][0]["image"]
    return image


def _is_ready(pod: Document) -> bool:
    conditions = (pod.get("status") or {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
