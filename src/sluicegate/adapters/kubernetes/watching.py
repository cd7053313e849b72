"""Watching one object: every state that is seen, in order and once.

A list says what is there and at which resourceVersion; a watch from there says all that
comes after. When it is cut, it goes on from the last version that it has heard of (an
event's, or a bookmark's); when the server has forgotten that one (410), all begins anew
with a list, and what was seen already is not told again.

Source:
    https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes;
    k8s.io/client-go v0.36, ``tools/cache/reflector.go``.
"""

import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import httpx2

from sluicegate.adapters.kubernetes.errors import ForbiddenError
from sluicegate.adapters.kubernetes.objects import Kind, Listing, Obj
from sluicegate.adapters.kubernetes.patience import Patience
from sluicegate.adapters.kubernetes.refusal import Refusal
from sluicegate.adapters.kubernetes.stream import ExpiredError, Stream, Update
from sluicegate.adapters.kubernetes.wire import Wire
from sluicegate.errors import ExternalError
from sluicegate.ports.clock import Clock

_SERVER_SECONDS = 30  # after which the server ends a watch: so a silent one is dead
_LONG_SECONDS = 5.0
_ENOUGH_FAILURES = 3
_GONE = 410
_NOTHING_YET = ("", "")


@dataclass
class Watching:
    """Watches the object *name* at *url*, where all of its kind are."""

    wire: Wire
    url: str
    kind: Kind
    name: str
    clock: Clock
    list_: Callable[[], Listing]
    get: Callable[[], Obj | None]
    judge: Callable[[Refusal], ExternalError]
    patience: Patience
    _told: tuple[str, str] | None = field(default=_NOTHING_YET, init=False)
    _end_ms: float = field(default=0.0, init=False)

    def states(self, seconds: float) -> Generator[Obj | None]:
        """The states from now on, for *seconds*; None is no object.

        Raises:
            ExternalError: as `Api` says.
            Interrupted: the process was asked to stop.
        """
        self._end_ms = self.clock.monotonic_ms() + 1000 * seconds
        try:
            yield from self._watched()
        except ForbiddenError as error:
            if error.verb not in {"list", "watch"}:
                raise
            yield from self._polled()
        yield from self._new(self.get())  # for the case that a watch hung at the end

    def _left(self) -> float:
        """Seconds that are left."""
        return (self._end_ms - self.clock.monotonic_ms()) / 1000

    def _watched(self) -> Iterator[Obj | None]:
        version: str | None = None
        failures = 0
        while True:
            if version is None:
                listing = self.list_()
                version = listing.resource_version
                yield from self._new(self._among(listing))
            if self._left() <= 0:
                return
            started = self.clock.monotonic_ms()
            try:
                for update in self._updates(version):
                    failures = 0
                    version = update.resource_version or version
                    yield from self._told_by(update)
            except ExpiredError:
                version = None
            if self.clock.monotonic_ms() - started >= 1000 * _LONG_SECONDS:
                failures = 0
            if self._left() <= 0:
                return
            failures += 1
            if failures >= _ENOUGH_FAILURES:
                version = None  # something cuts each watch at once: look for oneself
            self._pause(failures)

    def _updates(self, version: str) -> Iterator[Update]:
        request = httpx2.Request(
            "GET",
            self.url,
            params={
                "watch": "true",
                "allowWatchBookmarks": "true",
                "fieldSelector": f"metadata.name={self.name}",
                "resourceVersion": version,
                "timeoutSeconds": str(_SERVER_SECONDS),
            },
        )
        try:
            yield from Stream(self.wire, request, self.clock).updates(self._end_ms)
        except Refusal as refusal:
            if refusal.code == _GONE:
                raise ExpiredError from refusal
            raise self.judge(refusal) from refusal

    def _told_by(self, update: Update) -> Iterator[Obj | None]:
        if not update.is_change:
            return
        obj = Obj(self.kind, update.value)
        if obj.name == self.name:
            yield from self._new(None if update.is_deletion else obj)

    def _among(self, listing: Listing) -> Obj | None:
        return next((each for each in listing.objects if each.name == self.name), None)

    def _new(self, obj: Obj | None) -> Iterator[Obj | None]:
        """*obj*, unless it is what was told last."""
        key = None if obj is None else (obj.uid, obj.resource_version)
        if key != self._told:
            self._told = key
            yield obj

    def _polled(self) -> Iterator[Obj | None]:
        """What is there every few seconds, for whom may not watch."""
        while self._left() > 0:
            yield from self._new(self.get())
            self.clock.sleep(max(min(self.patience.poll, self._left()), 0))

    def _pause(self, failures: int) -> None:
        """Longer and longer, while no watch says anything."""
        step = self.patience.step * 2.0 ** (failures - 1)
        longest = min(step, self.patience.longest)
        drawn = longest * (1 + random.random()) / 2  # noqa: S311 - not to come at once
        self.clock.sleep(max(min(drawn, self._left()), 0))
