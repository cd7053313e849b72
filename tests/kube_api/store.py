"""What is stored, by revision, as etcd does it: every change, and what was before.

A revision is one for the whole store. Writers hold `Store.lock` from their read to
their write; watchers wait for the next revision. What was compacted cannot be read or
watched.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from kube_api.values import Json, copy_json

Event = Literal["ADDED", "MODIFIED", "DELETED"]


@dataclass(frozen=True, order=True)
class Key:
    """Where an object is; *resource* is qualified: ``deployments.apps``."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Change:
    """One write.

    Attributes:
        now: the object; of a deletion: as it was, with the deletion's revision.
        before: what it replaced; None when it was added.
    """

    revision: int
    event: Event
    key: Key
    now: Json
    before: Json | None


class Compacted(Exception):  # noqa: N818
    """What was asked for is forgotten; `oldest` is the oldest that there is."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"older than {oldest}")
        self.oldest = oldest


class Store:
    """Objects, with their history."""

    def __init__(self, revision: int = 1000) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self.revision = revision
        self.compacted = revision  # the changes up to here are forgotten
        self._objects: dict[Key, Json] = {}
        self._history: list[Change] = []

    def get(self, key: Key) -> Json | None:
        with self.lock:
            return copy_json(self._objects.get(key))

    def put(self, key: Key, found: Json) -> Json:
        """Store it under the next revision; answers what is stored."""
        with self.lock:
            before = self._objects.get(key)
            self.revision += 1
            stored: Json = copy_json(found)
            stored["metadata"]["resourceVersion"] = str(self.revision)
            self._objects[key] = stored
            event: Event = "ADDED" if before is None else "MODIFIED"
            self._note(Change(self.revision, event, key, stored, before))
            return copy_json(stored)

    def remove(self, key: Key) -> Json:
        """Remove it; answers it with the revision of its removal."""
        with self.lock:
            before = self._objects.pop(key)
            self.revision += 1
            last: Json = copy_json(before)
            last["metadata"]["resourceVersion"] = str(self.revision)
            self._note(Change(self.revision, "DELETED", key, last, before))
            return copy_json(last)

    def items(
        self, resource: str, namespace: str = "", at: int | None = None
    ) -> list[Json]:
        """All of a resource by namespace and name, as they were at revision *at*.

        Raises:
            Compacted: *at* is too old.
        """
        with self.lock:
            objects = self._objects if at is None else self._as_at(at)
            found = [
                (key, value)
                for key, value in objects.items()
                if key.resource == resource and namespace in ("", key.namespace)
            ]
            return [copy_json(value) for _, value in sorted(found, key=_by_key)]

    def everything(self) -> list[tuple[Key, Json]]:
        """All objects by key; read them, do not change them."""
        with self.lock:
            return sorted(self._objects.items(), key=_by_key)

    def since(self, revision: int) -> list[Change]:
        """The changes after *revision*; read them, do not change them.

        Raises:
            Compacted: some of them are forgotten.
        """
        with self.lock:
            if revision < self.compacted:
                raise Compacted(self.compacted)
            newer = len(self._history)
            while newer and self._history[newer - 1].revision > revision:
                newer -= 1
            return self._history[newer:]

    def compact(self, revision: int | None = None) -> None:
        """Forget all changes up to *revision*, by default all; wakes the watchers."""
        with self.lock:
            self.compacted = self.revision if revision is None else revision
            self._history = self.since(self.compacted)
            self._changed.notify_all()

    def wait(self, revision: int, seconds: float) -> bool:
        """Whether there was something newer than *revision* within *seconds*."""
        with self.lock:
            return self._changed.wait_for(lambda: self.revision > revision, seconds)

    def wake(self) -> None:
        """Let those who wait look again."""
        with self.lock:
            self._changed.notify_all()

    @contextmanager
    def dry(self) -> Iterator[None]:
        """Take back, at its end, what is written within; nobody sees it."""
        with self.lock:
            kept = self.revision, dict(self._objects), list(self._history)
            try:
                yield
            finally:
                self.revision, self._objects, self._history = kept

    def _note(self, change: Change) -> None:
        self._history.append(change)
        self._changed.notify_all()

    def _as_at(self, revision: int) -> dict[Key, Json]:
        objects = dict(self._objects)
        for change in reversed(self.since(revision)):
            if change.before is None:
                del objects[change.key]
            else:
                objects[change.key] = change.before
        return objects


def _by_key(item: tuple[Key, Json]) -> Key:
    return item[0]
