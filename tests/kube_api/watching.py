"""Watches: what changed since a resource version, as it happens.

Source: k8s.io/apiserver/pkg/storage/cacher/{cacher,cache_watcher}.go,
endpoints/handlers/watch.go, and
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from kube_api.call import Call
from kube_api.list_options import check_watch
from kube_api.listing import revision_of
from kube_api.problem import Problem, expired
from kube_api.selectors import Predicate, selection
from kube_api.store import Change, Compacted
from kube_api.values import Json, copy_json

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_LONGEST = 3600.0  # seconds a watch lasts at most
_LOOK = 0.5  # seconds: how often a watch looks whether it shall end


@dataclass
class Watch:
    """One watch: what it has seen and what it wants to see."""

    call: Call
    fits: Predicate
    seen: int
    ends: float
    bookmarks: bool
    pending: list[Json] = field(default_factory=list)

    def events(self) -> Iterator[Json]:
        """The events until it ends; an ERROR is the last."""
        yield from self.pending
        store = self.call.state.store
        bookmarked = time.monotonic()
        while time.monotonic() < self.ends and not self.call.state.stopping:
            store.wait(self.seen, min(_LOOK, max(0.0, self.ends - time.monotonic())))
            try:
                with store.lock:
                    changes, now = store.since(self.seen), store.revision
            except Compacted as error:
                yield too_old(self.seen, error.oldest)
                return
            for change in changes:
                event = self._event(change)
                if event is not None:
                    yield event
            self.seen = now
            due = time.monotonic() - bookmarked >= self.call.state.bookmark_seconds
            if self.bookmarks and due:
                bookmarked = time.monotonic()
                yield bookmark(self.call, self.seen)

    def _event(self, change: Change) -> Json | None:
        """A change as this watch sees it: what no longer fits is DELETED for it."""
        resource, namespace = self.call.resource.qualified, self.call.namespace
        if change.key.resource != resource or namespace not in (
            "",
            change.key.namespace,
        ):
            return None
        before = change.before
        fitted = before is not None and self.fits(before)
        fits = change.event != "DELETED" and self.fits(change.now)
        if fits:
            kind = "MODIFIED" if fitted else "ADDED"
            return {"type": kind, "object": copy_json(change.now)}
        if before is None or not fitted:
            return None
        last = copy_json(before)
        last["metadata"]["resourceVersion"] = str(change.revision)
        return {"type": "DELETED", "object": last}


def watch(call: Call) -> Iterator[Json]:
    """The events that are asked for.

    Raises:
        Problem: 400; 422.
    """
    query, store = call.request.query, call.state.store
    fits = selection(
        call.resource, query.get("labelSelector", ""), query.get("fieldSelector", "")
    )
    check_watch(query)
    try:
        revision = revision_of(query.get("resourceVersion", ""))
    except ValueError as error:
        raise Problem(500, "", str(error)) from error
    seconds = call.request.number("timeoutSeconds") or _LONGEST
    ends = time.monotonic() + min(float(seconds), _LONGEST)
    bookmarks = call.request.flag("allowWatchBookmarks")
    initial = call.request.flag("sendInitialEvents")
    with store.lock:
        now = store.revision
        watching = Watch(call, fits, revision or now, ends, bookmarks)
        if initial or not revision:
            watching.seen = now
            watching.pending = _initial(call, fits, ended=initial and bookmarks)
    return watching.events()


def _initial(call: Call, fits: Predicate, *, ended: bool) -> list[Json]:
    """What is there, as added; then the bookmark that says that this was all."""
    store = call.state.store
    items = store.items(call.resource.qualified, call.namespace)
    events: list[Json] = [
        {"type": "ADDED", "object": item} for item in items if fits(item)
    ]
    if ended:
        events.append(bookmark(call, store.revision, ended=True))
    return events


def bookmark(call: Call, revision: int, *, ended: bool = False) -> Json:
    """A BOOKMARK: an object of the kind that holds nothing but a resource version."""
    meta: Json = {"resourceVersion": str(revision), "creationTimestamp": None}
    if ended:
        meta["annotations"] = {INITIAL_EVENTS_END: "true"}
    kind, version = call.resource.kind, call.resource.api_version
    found = {"kind": kind, "apiVersion": version, "metadata": meta}
    return {"type": "BOOKMARK", "object": found}


def too_old(seen: int, oldest: int) -> Json:
    """The ERROR that says: list again. The HTTP status is 200."""
    return error_event(expired(f"too old resource version: {seen} ({oldest})"))


def error_event(problem: Problem) -> Json:
    return {"type": "ERROR", "object": problem.status()}
