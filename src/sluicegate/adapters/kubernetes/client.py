"""`Api` of one namespace of one cluster, over lightkube's verbs and our connection."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, closing
from typing import TypeVar

from lightkube.types import PatchType
from typing_extensions import override

from sluicegate.adapters.kubernetes.api import FIELD_MANAGER, Api, Event, Reached
from sluicegate.adapters.kubernetes.errors import (
    AbsentError,
    Claim,
    ContestedError,
    ForbiddenError,
    UnservedError,
)
from sluicegate.adapters.kubernetes.events import parse_events
from sluicegate.adapters.kubernetes.judging import Wish, judge
from sluicegate.adapters.kubernetes.objects import (
    ACCESS_REVIEW,
    EVENT,
    SUBJECT_REVIEW,
    Kind,
    Obj,
)
from sluicegate.adapters.kubernetes.values import Fields, Json
from sluicegate.adapters.kubernetes.verbs import Verbs
from sluicegate.adapters.kubernetes.watching import Watching
from sluicegate.adapters.kubernetes.wire import Wire
from sluicegate.adapters.kubernetes.words import show
from sluicegate.ports.clock import Clock

T = TypeVar("T")


class ClusterApi(Api):
    """*namespace* of the cluster at *url*, which is called *cluster* in messages.

    *tell* is told which fields were taken over, and from whom.
    """

    def __init__(
        self,
        wire: Wire,
        url: str,
        cluster: str,
        namespace: str,
        clock: Clock,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._wire, self._clock, self._tell = wire, clock, tell
        self._verbs = Verbs(wire, url, cluster, namespace)
        self._overridden: list[str] = []

    @property
    @override
    def cluster(self) -> str:
        return self._verbs.cluster

    @property
    @override
    def namespace(self) -> str:
        return self._verbs.namespace

    @override
    def get(self, kind: Kind, name: str) -> Obj | None:
        try:
            return self.read(kind, name)
        except AbsentError:
            return None

    @override
    def read(self, kind: Kind, name: str) -> Obj:
        return self._verbs.read(kind, name)

    @override
    def list(
        self,
        kind: Kind,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> tuple[Obj, ...]:
        return self._verbs.list(kind, labels or {}, fields or {}).objects

    @override
    def create(self, kind: Kind, name: str | None, fields: Fields) -> Obj:
        return self._verbs.create(kind, name, fields)

    @override
    def apply(
        self,
        kind: Kind,
        name: str,
        fields: Fields,
        *,
        resource_version: str | None = None,
        take_over: Collection[str] = (),
        dry_run: bool = False,
    ) -> Obj:
        wish = self._verbs.wish("patch", kind, name)
        body = self._verbs.body(kind, name, fields, resource_version)

        def send(*, force: bool) -> Obj:
            return self._verbs.patch(
                wish, body, PatchType.APPLY, force=force, dry=dry_run
            )

        try:
            return send(force=False)
        except ContestedError as error:
            # What we set by a merge patch is ours as well, under another operation.
            others = [each for each in error.claims if each.manager != FIELD_MANAGER]
            is_given = all(each.manager in take_over for each in others)
            if resource_version is None or not is_given:
                raise
        # At the same resourceVersion, whose fields they are cannot have changed.
        found = send(force=True)
        if others and not dry_run:
            said = _taken(others, wish)
            self._overridden.append(said)
            self._tell(said)
        return found

    @override
    def overridden(self) -> tuple[str, ...]:
        said, self._overridden = self._overridden, []
        return tuple(said)

    @override
    def patch(
        self, kind: Kind, name: str, fields: Fields, *, resource_version: str
    ) -> Obj:
        wish = self._verbs.wish("patch", kind, name)
        body = self._verbs.body(kind, name, fields, resource_version)
        return self._verbs.patch(wish, body, PatchType.MERGE)

    @override
    def patch_status(
        self, kind: Kind, name: str, fields: Fields, *, resource_version: str
    ) -> Obj:
        wish = self._verbs.wish("patch", kind, name, "status")
        body = self._verbs.body(kind, name, fields, resource_version)
        return self._verbs.patch(wish, body, PatchType.MERGE)

    @override
    def delete(
        self,
        kind: Kind,
        name: str,
        *,
        uid: str,
        resource_version: str | None = None,
    ) -> None:
        conditions = {"uid": uid}
        if resource_version is not None:
            conditions["resourceVersion"] = resource_version
        options: Json = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": conditions,
            "propagationPolicy": "Background",
        }
        try:
            self._verbs.delete(self._verbs.wish("delete", kind, name), options)
        except AbsentError:
            return  # it is gone: by us, if an answer was lost, or by somebody else

    @override
    def events_of(self, obj: Obj) -> tuple[Event, ...]:
        selector = {"involvedObject.uid": obj.uid, "involvedObject.name": obj.name}
        try:
            found = self.list(EVENT, fields=selector)
        except ForbiddenError:
            return ()  # they only explain
        return parse_events(found)

    @override
    def await_until(
        self,
        kind: Kind,
        name: str,
        until: Callable[[Obj | None], T | None],
        *,
        timeout_seconds: float,
    ) -> T | None:
        path = kind.path(self.namespace)
        watching = Watching(
            wire=self._wire,
            url=f"{self._verbs.url}{path}",
            kind=kind,
            name=name,
            clock=self._clock,
            list_=lambda: self._verbs.list(kind, {}, {"metadata.name": name}),
            get=lambda: self.get(kind, name),
            patience=self._wire.patience,
            judge=lambda refusal: judge(
                refusal, self._verbs.wish("watch", kind, name), self.cluster
            ),
        )
        with closing(watching.states(timeout_seconds)) as states:
            for state in states:
                found = until(state)
                if found is not None:
                    return found
        return None

    @override
    def reached(self) -> Reached:
        version = self._verbs.version()
        try:
            review = self.create(SUBJECT_REVIEW, None, {})
        except UnservedError:  # before Kubernetes 1.28
            return Reached(version, "", ())
        info = review.node("status", "userInfo")
        groups = tuple(show(each.text() or "", 80) for each in info.items("groups"))
        return Reached(version, show(info.text("username") or "", 120), groups)

    @override
    def allows(
        self, verb: str, kind: Kind, *, name: str | None = None, subresource: str = ""
    ) -> bool:
        wanted: dict[str, Json] = {
            "verb": verb,
            "group": kind.group,
            "version": kind.version,
            "resource": kind.plural,
        }
        if kind.namespaced:
            wanted["namespace"] = self.namespace
        if name is not None:
            wanted["name"] = name
        if subresource:
            wanted["subresource"] = subresource
        review = self.create(
            ACCESS_REVIEW, None, {"spec": {"resourceAttributes": wanted}}
        )
        is_denied = review.flag("status", "denied") or False
        return (review.flag("status", "allowed") or False) and not is_denied

    @override
    def finishing(self) -> AbstractContextManager[None]:
        return self._wire.finishing()

    @override
    def close(self) -> None:
        self._verbs.close()


def _taken(claims: Collection[Claim], wish: Wish) -> str:
    said = ", ".join(f"{each.field} from {show(each.manager, 80)}" for each in claims)
    return f"took over of {wish.what}: {said}"
