"""Plays a cluster's Deployment controller and its one node, with processes as pods.

It speaks to the API server as they do, whichever that is: the stand-in or a real one.
Deployments are rolled as ``RollingUpdate`` with the default quarter of surge and nobody
missing; pods have an address of their own each, and what a Service selects and is ready
is in its EndpointSlice. What it leaves out is in the cluster's own hands: scheduling,
quotas, service accounts.

Sources: kubernetes.io/docs, "Deployments", "Pod Lifecycle" and "EndpointSlices".
"""

import itertools
import math
import random
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kube_players.cluster import Cluster, Document
from kube_players.pod_objects import (
    REVISION,
    deployment_status,
    endpoint_slice,
    labels_of,
    pod_object,
    pod_status,
    replica_set,
    template_hash,
)
from kube_players.pod_process import Image, PodProcess

Pull = Callable[[str], Image | None]

_TURN_SECONDS = 0.1
_revisions = itertools.count(1)
_SLICES = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices/{}"


def loopback_addresses() -> Iterator[str]:
    """Addresses of this machine that other tests are not likely to have."""
    middle = f"{random.randrange(1, 255)}.{random.randrange(255)}"
    return (f"127.{middle}.{last}" for last in itertools.count(2))


@dataclass
class Node:
    """Runs the pods of all Deployments of a namespace.

    ``pull`` says what is in an image, by its reference as a Deployment has it; None if
    there is none. ``pods`` are those of each Deployment. ``faults`` is what went wrong
    with the node, which is not what goes wrong with a pod.
    """

    cluster: Cluster
    namespace: str
    pull: Pull
    folder: Path
    addresses: Iterator[str]
    pods: dict[str, list[PodProcess]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _said: dict[str, Document] = field(default_factory=dict)
    _newest: dict[str, str] = field(default_factory=dict)

    def turn(self) -> None:
        """Look at everything once and do what is due."""
        found = self.cluster.all(self._deployments)
        deployments = {_name(each): each for each in found}
        for name, deployment in deployments.items():
            self._roll(deployment, self.pods.setdefault(name, []))
        for name, pods in self.pods.items():
            if name not in deployments:
                for pod in pods:
                    self._ask_to_stop(pod)
            self.pods[name] = [pod for pod in pods if not self._is_gone(pod)]
        for service in self.cluster.all(f"{self._core}/services"):
            self._publish(service, deployments)
        for name, deployment in deployments.items():
            self._report(deployment, self.pods[name])

    def kill(self) -> None:
        for pod in itertools.chain.from_iterable(self.pods.values()):
            pod.kill()

    def _roll(self, deployment: Document, pods: list[PodProcess]) -> None:
        """Go a step towards what the Deployment's spec says."""
        wanted, template = deployment["spec"]["replicas"], template_hash(deployment)
        live = [pod for pod in pods if not pod.is_ending]
        new = [pod for pod in live if pod.template == template]
        old = [pod for pod in live if pod.template != template]
        room = wanted + math.ceil(wanted / 4) - len(live)
        missing = max(0, min(wanted - len(new), room))
        pods.extend(self._start(deployment) for _ in range(missing))
        for pod in new[wanted:]:
            self._ask_to_stop(pod)
        spare = sum(pod.ready for pod in live) - wanted
        for pod in sorted(old, key=lambda pod: pod.ready):
            if not pod.ready or spare > 0:
                self._ask_to_stop(pod)
                spare -= pod.ready

    def _start(self, deployment: Document) -> PodProcess:
        pod = pod_object(deployment, self._owner(deployment))
        spec = self.cluster.create(f"{self._core}/pods", pod)["spec"]
        (container, *_) = spec["containers"]
        return PodProcess(
            name=_name(pod),
            template=template_hash(deployment),
            address=next(self.addresses),
            container=container,
            grace_seconds=spec.get("terminationGracePeriodSeconds", 30),
            image=self.pull(container["image"]),
            log=self.folder / f"{_name(pod)}.log",
        )

    def _owner(self, deployment: Document) -> Document:
        """The ReplicaSet of its template, with the newest revision of all."""
        wanted, sets = replica_set(deployment), f"{self._apps}/replicasets"
        path = f"{sets}/{_name(wanted)}"
        found = self.cluster.find(path) or self.cluster.create(sets, wanted)
        if self._newest.get(_name(deployment)) != _name(wanted):
            self._newest[_name(deployment)] = _name(wanted)
            revision = {"metadata": {"annotations": {REVISION: str(next(_revisions))}}}
            self.cluster.merge(path, revision)
            self.cluster.merge(f"{self._deployments}/{_name(deployment)}", revision)
        return found

    def _ask_to_stop(self, pod: PodProcess) -> None:
        if not pod.is_ending:
            pod.ask_to_stop()
            self._delete(pod, round(pod.grace_seconds))

    def _is_gone(self, pod: PodProcess) -> bool:
        if pod.advance():
            self._delete(pod, 0)
            return True
        if not pod.is_ending:
            self._say(f"{self._core}/pods/{pod.name}", pod_status(pod))
        return False

    def _delete(self, pod: PodProcess, grace_seconds: int) -> None:
        self.cluster.delete(f"{self._core}/pods/{pod.name}", grace_seconds)

    def _publish(self, service: Document, deployments: Mapping[str, Document]) -> None:
        selector = service["spec"].get("selector")
        if not selector:
            return
        pods = [
            pod
            for name, each in deployments.items()
            if selector.items() <= labels_of(each).items()
            for pod in self.pods[name]
        ]
        wanted = endpoint_slice(service, pods)
        path = _SLICES.format(self.namespace, _name(wanted))
        if self._said.get(path) != wanted:
            self.cluster.apply(path, wanted, "node")
            self._said[path] = wanted

    def _report(self, deployment: Document, pods: list[PodProcess]) -> None:
        live = [pod for pod in pods if not pod.is_ending]
        status = deployment_status(deployment, live)
        self._say(f"{self._deployments}/{_name(deployment)}", status)

    def _say(self, path: str, status: Document) -> None:
        if self._said.get(path) != status:
            self.cluster.merge(f"{path}/status", {"status": status})
            self._said[path] = status

    @property
    def _core(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}"

    @property
    def _apps(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}"

    @property
    def _deployments(self) -> str:
        return f"{self._apps}/deployments"


@contextmanager
def node(
    cluster: Cluster,
    namespace: str,
    pull: Pull,
    folder: Path,
    addresses: Iterator[str] | None = None,
) -> Iterator[Node]:
    """A node that works until the context ends, and then ends its processes."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Node(cluster, namespace, pull, folder, addresses or loopback_addresses())
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(_TURN_SECONDS):
            try:
                made.turn()
            except Exception:  # noqa: BLE001 - a controller tries again
                made.faults.append(traceback.format_exc())

    thread = threading.Thread(target=work, name="node")
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()
        made.kill()


def _name(document: Document) -> str:
    return str(document["metadata"]["name"])
