"""What a kind is to the API: its names, its scope, its subresources, its manners."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

VERBS = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)


@dataclass(frozen=True)
class Scale:
    """Where /scale finds its numbers, as paths of keys.

    Source: CustomResourceSubresourceScale of apiextensions.k8s.io/v1.
    """

    spec_replicas: tuple[str, ...] = ("spec", "replicas")
    status_replicas: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ("status", "selector")


@dataclass(frozen=True)
class Resource:
    """One resource of one version.

    Attributes:
        custom: defined by a CustomResourceDefinition, which changes how it behaves:
            no unconditional update, no strategic merge patch, generation of everything
            but metadata and status.
        counts_generations: whether metadata.generation means anything.
        unconditional_update: a PUT without a resourceVersion is taken.
        grace: seconds until a deleted one is gone, where it is stopped first (pods).
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: bool = False
    scale: Scale | None = None
    custom: bool = False
    counts_generations: bool = False
    unconditional_update: bool = True
    create_on_update: bool = False
    grace: int | None = None
    verbs: tuple[str, ...] = VERBS

    @property
    def qualified(self) -> str:
        """As messages name it: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Its path in the API."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        rest = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{within}/{self.plural}{rest}"


@dataclass
class Resources:
    """The resources that a cluster has."""

    _all: list[Resource] = field(default_factory=list)

    def add(self, resources: Iterable[Resource]) -> None:
        self._all.extend(resources)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._all)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        for each in self._all:
            if (each.group, each.version, each.plural) == (group, version, plural):
                return each
        return None

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        for each in self._all:
            if (each.api_version, each.kind) == (api_version, kind):
                return each
        return None

    def named(self, name: str) -> Resource:
        """By kind, plural or qualified plural: ``Deployment``, ``httproutes``, …

        Raises:
            LookupError: the cluster has none of that name.
        """
        for each in self._all:
            if name in (each.kind, each.plural, each.qualified):
                return each
        raise LookupError(f"the cluster has no {name}")

    def groups(self) -> Mapping[str, list[str]]:
        """Versions by group, as declared; the core group is ``""``."""
        found: dict[str, list[str]] = {}
        for each in self._all:
            versions = found.setdefault(each.group, [])
            if each.version not in versions:
                versions.append(each.version)
        return found
