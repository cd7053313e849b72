"""What can go wrong between a client and the cluster, on purpose.

    cluster.faults.answer(503, times=2)
    cluster.faults.throttle(seconds=1, method="PATCH", path="/httproutes/")
    cluster.faults.slow(0.5, "GET")
    cluster.faults.cut("after", "PATCH", "/httproutes/")   done, but no answer comes
    cluster.faults.spoil("GET", "/deployments/")           JSON that ends in its middle
    cluster.faults.interfere(edit, "PATCH", "/httproutes/")  someone else writes first
    cluster.faults.expire("GET", "watch=")                 410 Gone as HTTP status
    cluster.faults.watch("expire", after=1)                410 as event, the second one
    cluster.faults.watch("cut", after=2)                   cut after two events
    cluster.faults.watch("half")                           cut in an event's middle
    cluster.faults.unauthorized("GET")                     401, as for an expired token

*method* is one or several (``PATCH|PUT``), any if it is left out; *path* is a regular
expression that is searched for in the path with its query. The first fault that fits
and is not used up is taken; ``times`` None: for ever; ``skip``: so many requests that
fit are let through first.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kube_api.problem import (
    Problem,
    expired,
    internal_error,
    too_many_requests,
    unauthorized,
)

Where = Literal["before", "within", "after"]
InWatch = Literal["cut", "half", "expire", "stall", "end"]
WATCH = r"[?&]watch=(?!false|0)"

_METHODS = {"", "GET", "POST", "PUT", "PATCH", "DELETE"}
_PROBLEMS = {
    500: ("InternalError", "Internal error occurred: made to fail"),
    502: ("", "made to fail"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "Timeout: request did not complete within the allotted timeout"),
}


@dataclass
class Fault:
    """One thing that goes wrong, for the requests that it fits.

    Attributes:
        problem: what is answered instead.
        seconds: so late.
        where: the connection is cut: before: nothing was done; after: it was done, but
            no answer comes; within: done, and half of the answer comes.
        spoilt: half of the JSON comes, as if it were all.
        first: what somebody else does, before the request is looked at.
        in_watch: what happens in a watch, after so many events.
    """

    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    problem: Problem | None = None
    seconds: float = 0
    where: Where | None = None
    spoilt: bool = False
    first: Callable[[], object] | None = None
    in_watch: InWatch | None = None
    after: int = 0

    def __post_init__(self) -> None:
        if not {*self.method.split("|")} <= _METHODS:
            raise ValueError(f"it would fit no request: {self.method}")

    def fits(self, method: str, target: str) -> bool:
        is_meant = not self.method or method in self.method.split("|")
        return is_meant and bool(re.search(self.path, target))


class Faults:
    """The faults that wait for their requests, and those that happened."""

    def __init__(self) -> None:
        self.happened: list[tuple[str, str]] = []  # methods and targets
        self.ended = threading.Event()  # nobody is made to wait any more
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Let *fault* happen."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._faults.clear()

    @property
    def left(self) -> int:
        """How many faults have not happened as often as they should."""
        with self._lock:
            return sum(fault.times != 0 for fault in self._faults)

    def answer(
        self,
        status: int,
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Answer *status* in its usual words."""
        reason, message = _PROBLEMS.get(status, ("", "made to fail"))
        problem = Problem(status, reason, message)
        if status == 500:
            problem = internal_error("made to fail")
        return self.fail(problem, method, path, times=times, skip=skip)

    def fail(
        self,
        problem: Problem,
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Answer that *problem*."""
        return self.add(Fault(method, path, problem=problem, times=times, skip=skip))

    def throttle(
        self,
        seconds: int = 1,
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """429 with Retry-After."""
        return self.fail(
            too_many_requests(seconds), method, path, times=times, skip=skip
        )

    def unauthorized(
        self, method: str = "", path: str = "", *, times: int | None = 1, skip: int = 0
    ) -> Fault:
        """401, as if the token were over."""
        return self.fail(unauthorized(), method, path, times=times, skip=skip)

    def expire(
        self, method: str = "", path: str = "", *, times: int | None = 1, skip: int = 0
    ) -> Fault:
        """410 Gone as the HTTP status."""
        problem = expired("The resourceVersion for the provided watch is too old.")
        return self.fail(problem, method, path, times=times, skip=skip)

    def slow(
        self,
        seconds: float,
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Answer well, but *seconds* late."""
        return self.add(Fault(method, path, seconds=seconds, times=times, skip=skip))

    def cut(
        self,
        where: Where,
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """End the connection before, within or after (see `Fault`)."""
        return self.add(Fault(method, path, where=where, times=times, skip=skip))

    def spoil(
        self, method: str = "", path: str = "", *, times: int | None = 1, skip: int = 0
    ) -> Fault:
        """Do it, and answer half of the JSON, as if it were all of it."""
        return self.add(Fault(method, path, spoilt=True, times=times, skip=skip))

    def interfere(
        self,
        first: Callable[[], object],
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """Somebody else does *first*, just before the request is looked at."""
        return self.add(Fault(method, path, first=first, times=times, skip=skip))

    def watch(
        self,
        what: InWatch,
        path: str = "",
        *,
        after: int = 0,
        times: int | None = 1,
        skip: int = 0,
    ) -> Fault:
        """In a watch, when *after* events went out.

        ``cut``: the connection ends; ``half``: in the middle of an event; ``expire``:
        an ERROR event of 410; ``stall``: nothing comes any more, for an hour; ``end``:
        the stream ends as if its time were up.
        """
        fits = f"(?=.*{path}).*{WATCH}"
        fault = Fault("GET", fits, in_watch=what, after=after, times=times, skip=skip)
        return self.add(fault)

    def take(self, method: str, target: str) -> Fault | None:
        """The fault that happens to this request, one time used up."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not fault.fits(method, target):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                self.happened.append((method, target))
                return fault
        return None
