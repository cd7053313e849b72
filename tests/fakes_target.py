"""An environment in memory, with traffic that flows as a fake clock advances."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fakes import FakeClock
from typing_extensions import override

from sluicegate.errors import PermanentError, TransientError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.event import RolloutEvent
from sluicegate.model.rollout import Release, Scrape, Slower
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.target import Target


def release(name: str) -> Release:
    return Release(Digest.of(name.encode()), name, "0" * 40)


class Killed(BaseException):
    """The process is gone; no handler of the code under test sees this."""


@dataclass
class Fuse:
    """Kills at the given tick; ticks are counted from 0."""

    at: int | None = None
    ticks: int = 0

    def __call__(self) -> None:
        self.ticks += 1
        if self.at is not None and self.ticks > self.at:
            raise Killed


@dataclass
class FakeRollouts:
    """What was committed. May be killed before and after each commit."""

    fuse: Fuse = field(default_factory=Fuse)
    events: list[RolloutEvent] = field(default_factory=list)

    def record(self, event: RolloutEvent) -> None:
        self.fuse()
        self.events.append(event)
        self.fuse()


@dataclass
class Behaviour:
    """How a release behaves.

    ``fault`` keeps it from getting healthy; it ends at ``crash_ms``, or after
    ``crash_after`` requests. ``slow`` is the share of requests that take longer than
    each edge, in milliseconds.
    """

    fails: float = 0.0
    fault: str | None = None
    crash_ms: int | None = None
    crash_after: int | None = None
    slow: Mapping[int, float] = field(default_factory=dict)


@dataclass
class FakeTarget(Target):
    """Serves *per_second* requests, split by weight. Ticks around every effect.

    ``strange``: what serves is nobody's release, so that it refuses to say.
    ``edits`` are what others do to it, by the time in milliseconds, rising;
    ``unreachable`` are weights that cannot be set now, and why; ``taken`` is what of
    others it has written over.
    """

    clock: FakeClock
    per_second: float = 50
    behaviour: dict[Release, Behaviour] = field(default_factory=dict)
    fuse: Callable[[], None] = field(default_factory=Fuse)
    unreadable_ms: range = range(0)
    silent_ms: range = range(0)
    strange: bool = False
    edges: tuple[int, ...] = ()
    edits: list[tuple[int, Callable[["FakeTarget"], None]]] = field(
        default_factory=list
    )
    unreachable: Mapping[int, str] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    foreign: Behaviour | None = None
    running: dict[Release, None] = field(default_factory=dict)
    live: Release | None = None
    canary: Release | None = None
    percent: int = 0
    served: dict[Release, RequestCounts] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _failed_of_others: float = 0.0
    _until_ms: int = 0
    _share: dict[Release, float] = field(default_factory=dict)

    def serve(self, requests: float) -> None:
        """Let *requests* new requests come in."""
        for each in (self.live, self.canary):
            if each is None or self._weight(each) == 0:
                continue
            share = self._share.get(each, 0.0) + requests * self._weight(each) / 100
            self._share[each] = share
            fails = 1.0 if self.fault(each) else self._behaviour(each).fails
            failed = int(share) * fails
            if each == self.canary and self.foreign is not None:
                here = requests * self._weight(each) / 100
                self._failed_of_others += here * (self.foreign.fails - fails)
            if each == self.canary:
                failed += self._failed_of_others
            self.served[each] = RequestCounts(int(share), int(failed))

    def edit_weight(self, percent: int) -> None:
        """Others change the canary's weight by hand, if there is a canary."""
        if self.canary is not None:
            self.percent = percent

    def replace_canary(self, behaviour: Behaviour) -> None:
        """Others have another image run in the canary's place, if there is one."""
        if self.canary is not None:
            self.foreign = behaviour

    def restart_proxy(self) -> None:
        """The counters start again."""
        self._flow()
        self.served.clear()
        self._share.clear()

    @override
    def stable(self) -> Release | None:
        if self.strange:
            raise PermanentError("a stranger serves")
        return self.live if self.live in self.running else None

    @override
    def weight(self, release: Release) -> int:
        self._flow()
        return self._weight(release)

    def _weight(self, release: Release) -> int:
        if release == self.live:
            return 100 - self.percent
        return self.percent if release == self.canary else 0

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        self._flow()
        self.fuse()
        if release == self.live:
            return None
        self.canary, self.percent, self.foreign = release, 0, None
        self._evict()
        self.running[release] = None
        self.fuse()
        self.clock.sleep(min(1, timeout_seconds))
        return self._behaviour(release).fault

    @override
    def fault(self, release: Release) -> str | None:
        if release not in self.running:
            return "its container is gone"
        ends = self._behaviour(release)
        late = ends.crash_ms is not None and self.clock.elapsed_ms >= ends.crash_ms
        served = self.served.get(release, NO_REQUESTS).total
        spent = ends.crash_after is not None and served > ends.crash_after
        return "it crashed and was restarted" if late or spent else None

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        if self.clock.elapsed_ms in self.silent_ms:
            raise TransientError("nobody says what serves")
        if self.strange:
            return "a stranger serves"
        given = self.weight(canary)
        if given not in {percent, before}:
            return f"{canary.name} has {given} %, not {percent} %"
        return "another image runs in its place" if self.foreign else None

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        if not 0 <= percent <= 100:
            raise UsageError(f"a weight is 0 to 100 %, got {percent}")
        self._flow()
        self.fuse()
        if canary == self.live and percent < 100:
            raise PermanentError("it is the stable release")
        if percent > self.weight(canary) and self.fault(canary):
            raise PermanentError("it cannot take traffic")
        if 0 < percent < 100 and self.live is None:
            raise PermanentError("there is no stable release")
        if percent in self.unreachable:
            raise TransientError(self.unreachable[percent])
        if canary == self.live:
            self.canary, self.percent = None, 0
            self._evict()
        elif percent == 100:
            self.live, self.canary, self.percent = canary, None, 0
            self.foreign = None
        else:
            self.canary, self.percent = canary, percent
        self.fuse()

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        self._flow()
        if self.clock.elapsed_ms in self.unreadable_ms:
            raise TransientError("the proxy does not answer")
        return Scrape(
            self.clock.now(),
            self.served.get(stable, NO_REQUESTS),
            self.served.get(canary, NO_REQUESTS),
            tuple(
                Slower(edge, self._slower(stable, edge), self._slower(canary, edge))
                for edge in self.edges
            ),
        )

    @override
    def retire(self, release: Release) -> None:
        self._flow()
        self.fuse()
        if self.weight(release):
            raise PermanentError("it holds traffic")
        if release == self.canary:
            self.canary = None
        self.fuse()
        self.running.pop(release, None)
        self.served.pop(release, None)
        self._share.pop(release, None)
        self.fuse()

    @override
    def overridden(self) -> tuple[str, ...]:
        said, self.taken = self.taken, ()
        return said

    def count(self, release: Release) -> int:
        """The requests that *release* has answered until now."""
        self._flow()
        return self.served.get(release, NO_REQUESTS).total

    def _slower(self, release: Release, edge: int) -> int:
        total = self.served.get(release, NO_REQUESTS).total
        return int(total * self._behaviour(release).slow.get(edge, 0.0))

    def _flow(self) -> None:
        now = self.clock.elapsed_ms
        while self.edits and self.edits[0][0] <= now:
            at_ms, edit = self.edits.pop(0)
            self._flow_to(max(at_ms, self._until_ms))
            edit(self)
        self._flow_to(now)

    def _flow_to(self, at_ms: int) -> None:
        passed, self._until_ms = at_ms - self._until_ms, at_ms
        self.serve(passed / 1000 * self.per_second)

    def _evict(self) -> None:
        for each in list(self.running):
            if each not in {self.live, self.canary}:
                del self.running[each]

    def _behaviour(self, release: Release) -> Behaviour:
        return self.behaviour.get(release, Behaviour())
