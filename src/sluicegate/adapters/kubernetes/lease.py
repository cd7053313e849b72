"""A lease in the cluster: one process alone conducts a rollout there.

It is a ``coordination.k8s.io/v1`` Lease, renewed in the background for as long as the
process lives. Who holds it is judged by what is seen here and now: a holder whose lease
has not changed for as long as it lasts, by our own clock, is gone. What stands in its
``renewTime`` is somebody else's clock, and only shown.

A process that sleeps longer than its lease lasts may wake up as a second one. It finds
that out before it changes something (`HeldLease.check`), and if not even then, by the
fence and the resourceVersion of what it is about to change.

Source:
    k8s.io/client-go v0.36, ``tools/leaderelection/leaderelection.go``
    (``tryAcquireOrRenew``, ``isLeaseValid``, and its note on clock skew).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import (
    AbsentError,
    StaleError,
)
from sluicegate.adapters.kubernetes.objects import LEASE, Obj
from sluicegate.adapters.kubernetes.values import Fields, Json
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import (
    ExternalError,
    Interrupted,
    PermanentError,
    TransientError,
)
from sluicegate.ports.clock import Clock

TERM_SECONDS = 30
"""How long a lease lasts that nobody renews: what a crash costs the next one."""
_RENEW_SECONDS = 8.0
_LOOK_SECONDS = 2.0
_LONGEST_TERM_SECONDS = 120  # of others: more than that nobody waits
_MOST_RACES = 20


class HeldLease:
    """A lease that this process holds; it is renewed in the background."""

    def __init__(self, api: Api, clock: Clock, taken: Obj, holder: str) -> None:
        self._api, self._clock, self._holder = api, clock, holder
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._seen = taken
        self._renewed = self._now()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """See to it that it is still ours, before something is changed.

        Raises:
            PermanentError: another process has it now.
            ExternalError: it cannot be known.
        """
        with self._lock:
            if self._age() < TERM_SECONDS / 2:
                return
            self._renew()

    def release(self) -> None:
        """Let others have it, if it is still ours; else leave it as it is."""
        self._over.set()
        # First `finishing`: a renewal that is under way may try for long otherwise.
        with suppress(ExternalError, Interrupted), self._api.finishing(), self._lock:
            self._write({"holderIdentity": "", "leaseDurationSeconds": 1})

    def _now(self) -> tuple[float, datetime]:
        return self._clock.monotonic_ms() / 1000, self._clock.now()

    def _age(self) -> float:
        """Seconds since it was renewed, those included that the machine slept.

        The monotonic clock stands still while a machine sleeps, the other one may be
        set back: whichever says more.
        """
        (ticks, when), (then_ticks, then) = self._now(), self._renewed
        return max(ticks - then_ticks, (when - then).total_seconds())

    def _keep(self) -> None:
        while not self._over.wait(_RENEW_SECONDS):
            try:
                with self._lock:
                    if not self._over.is_set():
                        self._renew()
            except (ExternalError, Interrupted):
                continue  # `check` says so, if it lasts

    def _renew(self) -> None:
        started = self._now()
        self._write({"renewTime": _micro_time(self._clock.now())})
        self._renewed = started

    def _write(self, spec: dict[str, Json]) -> None:
        """Change the lease while it is ours."""
        try:
            self._seen = _patch(self._api, self._seen, spec)
        except (StaleError, AbsentError):
            found = self._api.get(LEASE, self._seen.name)
            if found is None or found.text("spec", "holderIdentity") != self._holder:
                who = _holder_of(found) if found is not None else ""
                raise PermanentError(
                    f"the lease {self._seen.name} in {self._api.namespace} is over:"
                    f" {who or 'somebody'} took it",
                    hint="leave the environment to that rollout",
                ) from None
            self._seen = _patch(self._api, found, spec)


@contextmanager
def hold_lease(
    api: Api,
    name: str,
    clock: Clock,
    *,
    holder: str,
    tell: Callable[[str], None] = lambda _line: None,
) -> Iterator[HeldLease]:
    """Keep others out of the Lease *name*, and give it back however the rollout ends.

    A lease that somebody else holds is watched for as long as it lasts: one that is
    renewed meanwhile is in force, another one is taken.

    Raises:
        TransientError: another process holds it; says who, and until when.
        ForbiddenError: our role has no say in leases.
    """
    taken = _take(api, name, clock, holder, tell)
    lease = HeldLease(api, clock, taken, holder)
    try:
        yield lease
    finally:
        lease.release()


def _take(
    api: Api, name: str, clock: Clock, holder: str, tell: Callable[[str], None]
) -> Obj:
    watched: tuple[str, str] | None = None
    since = clock.monotonic_ms()
    races = 0
    while races < _MOST_RACES:
        found = api.get(LEASE, name)
        version = None if found is None else (found.uid, found.resource_version)
        if found is not None and _holder_of(found) not in {"", show(holder, 120)}:
            if watched is None:
                watched, since = version, clock.monotonic_ms()
                tell(
                    f"{_holder_of(found)} holds the lease {name}: waiting up to"
                    f" {_term(found)} s to see whether it is still at work"
                )
            elif version != watched:
                raise _held(api, found)
            if clock.monotonic_ms() - since < 1000 * _term(found):
                clock.sleep(_LOOK_SECONDS)
                continue
        try:
            return _seize(api, name, found, holder, clock.now())
        except (TransientError, AbsentError):
            races += 1  # somebody was quicker, or an answer was lost: look who has it
    raise TransientError(f"the lease {name} in {api.namespace} changes all the time")


def _seize(api: Api, name: str, found: Obj | None, holder: str, now: datetime) -> Obj:
    spec: dict[str, Json] = {
        "holderIdentity": holder,
        "leaseDurationSeconds": TERM_SECONDS,
        "acquireTime": _micro_time(now),
        "renewTime": _micro_time(now),
    }
    if found is None:
        return api.create(LEASE, name, {"spec": {**spec, "leaseTransitions": 0}})
    transitions = found.integer("spec", "leaseTransitions") or 0
    return _patch(api, found, {**spec, "leaseTransitions": transitions + 1})


def _patch(api: Api, found: Obj, spec: dict[str, Json]) -> Obj:
    fields: Fields = {"metadata": {"uid": found.uid}, "spec": spec}
    version = found.resource_version
    return api.patch(LEASE, found.name, fields, resource_version=version)


def _holder_of(found: Obj) -> str:
    return show(found.text("spec", "holderIdentity") or "", 120)


def _term(found: Obj) -> int:
    """Seconds that the lease lasts after a renewal."""
    said = found.integer("spec", "leaseDurationSeconds") or TERM_SECONDS
    return max(1, min(said, _LONGEST_TERM_SECONDS))


def _held(api: Api, found: Obj) -> TransientError:
    renewed = found.time("spec", "renewTime")
    when = f" at {renewed.astimezone(UTC):%H:%M:%S} UTC" if renewed else ""
    return TransientError(
        f"{_holder_of(found)} is conducting a rollout there: it renewed the lease"
        f" {found.name} in {api.namespace}{when}, for {_term(found)} s at a time",
        hint="`sluice status` shows that run; wait for it, or stop it where it runs",
    )


def _micro_time(when: datetime) -> str:
    """As metav1.MicroTime has it."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
