"""Kinds of objects, and an object as it was at one resourceVersion."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.adapters.kubernetes.managed import Manager, managers_of, parse_managers
from sluicegate.adapters.kubernetes.values import Json, Node, Step
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object in one version of its API. The core group is ``""``."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As ``apiVersion`` has it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As messages of Kubernetes and RBAC have it: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def root(self) -> str:
        """The address of its API on the server."""
        return f"/apis/{self.group}/{self.version}" if self.group else "/api/v1"

    def path(self, namespace: str, name: str | None = None) -> str:
        """The address of all of a namespace, or of one."""
        within = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{self.root}{within}/{self.plural}" + (f"/{name}" if name else "")


POD = Kind("", "v1", "Pod", "pods")
SERVICE = Kind("", "v1", "Service", "services")
EVENT = Kind("", "v1", "Event", "events")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
HTTP_ROUTE = Kind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")
GATEWAY = Kind("gateway.networking.k8s.io", "v1", "Gateway", "gateways")
ROLLOUT = Kind("argoproj.io", "v1alpha1", "Rollout", "rollouts")
INFERENCE_SERVICE = Kind(
    "serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices"
)
ACCESS_REVIEW = Kind(
    "authorization.k8s.io",
    "v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    namespaced=False,
)
SUBJECT_REVIEW = Kind(
    "authentication.k8s.io",
    "v1",
    "SelfSubjectReview",
    "selfsubjectreviews",
    namespaced=False,
)


class Obj(Node):
    """An object of the cluster at one resourceVersion; it never changes."""

    __slots__ = ("kind",)

    def __init__(self, kind: Kind, value: Json) -> None:
        name = None
        if isinstance(value, Mapping) and isinstance(value.get("metadata"), Mapping):
            name = Node(value, kind.name).text("metadata", "name")
        super().__init__(value, f"{kind.name} {show(name or '?')}: ")
        if not isinstance(value, Mapping):
            raise PermanentError(f"the cluster answered with no {kind.name}")
        self.kind = kind

    @property
    def name(self) -> str:
        """Its name in its namespace; empty for what is only an answer (reviews)."""
        return self.text("metadata", "name") or ""

    @property
    def namespace(self) -> str:
        """Its namespace, empty if its kind has none."""
        return self.text("metadata", "namespace") or ""

    @property
    def uid(self) -> str:
        """Tells it from others that had its name."""
        return self.text("metadata", "uid") or ""

    @property
    def resource_version(self) -> str:
        """What every change of it is conditional on; opaque."""
        return self.text("metadata", "resourceVersion") or ""

    @property
    def generation(self) -> int:
        """Counts the changes of what is wanted of it; 0 if its kind has none."""
        return self.integer("metadata", "generation") or 0

    @property
    def observed_generation(self) -> int:
        """The generation that its controller has seen; 0 if it says nothing."""
        return self.integer("status", "observedGeneration") or 0

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.mapping("metadata", "labels")

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.mapping("metadata", "annotations")

    @property
    def created(self) -> datetime | None:
        """When it was made, by the server's clock."""
        return self.time("metadata", "creationTimestamp")

    @property
    def is_going(self) -> bool:
        """Whether it is being deleted, and waits for finalizers or its pods."""
        return self.has("metadata", "deletionTimestamp")

    @property
    def managers(self) -> tuple[Manager, ...]:
        """Who manages fields of it."""
        return parse_managers(self.node("metadata", "managedFields"))

    def managers_of(self, *path: Step) -> tuple[Manager, ...]:
        """Who owns the field at *path*, something in it, or the whole it is in."""
        return managers_of(self.managers, path)


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects as they were at *resource_version* of the whole."""

    objects: tuple[Obj, ...]
    resource_version: str
