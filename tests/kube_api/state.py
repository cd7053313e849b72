"""All that a cluster is: its kinds, objects, users and time."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from kube_api import kinds
from kube_api.resources import Resource, Resources
from kube_api.store import Key, Store
from kube_api.users import Tokens
from kube_api.values import Json

ADMIN_TOKEN = "admin-token"  # noqa: S105 - of the stand-in
ADMINS = "system:masters"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class State:
    """A cluster.

    Attributes:
        store: the objects; tests use `kube_api.hand.Hand` rather.
        resources: the kinds that it has.
        tokens: who may log in.
        collects_garbage: whether dependents go with their owner, and what is in a
            namespace with that, as kube-controller-manager does it. Without: nothing
            happens, as in a cluster of an API server alone.
        bookmark_seconds: how often a watch that wants bookmarks gets one.
        stopping: watches end.
    """

    def __init__(
        self,
        namespaces: Iterable[str] = ("default",),
        *,
        now: Callable[[], datetime] = _utc_now,
        resources: Iterable[Resource] = kinds.ALL,
        collects_garbage: bool = True,
        bookmark_seconds: float = 60,
    ) -> None:
        self.now = now
        self.store = Store()
        self.resources = Resources()
        self.resources.add(resources)
        self.tokens = Tokens(now)
        self.collects_garbage = collects_garbage
        self.bookmark_seconds = bookmark_seconds
        self.stopping = False
        self.tokens.issue("admin", (ADMINS,), token=ADMIN_TOKEN)
        self.initial_namespaces = tuple(namespaces)

    def timestamp(self) -> str:
        """The time as metadata has it: whole seconds of UTC."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def namespace(self, name: str) -> Json | None:
        return self.store.get(Key("namespaces", "", name))
