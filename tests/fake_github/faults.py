"""What can go wrong on the way to GitHub, on purpose and as often as a test wants.

    github.faults.answer(503, times=2)
    github.faults.answer(403, "POST", "/check-runs", permission="checks=write")
    github.faults.limit_rate(wait=60)           primary: x-ratelimit-remaining: 0
    github.faults.limit_abuse(wait=30)          secondary: retry-after
    github.faults.slow(0.5, "GET", "/actions/runs")
    github.faults.cut("after", "POST", "/deployments")   done, but no answer comes
    github.faults.spoil("GET", "/commits")      JSON that ends in the middle

*path* is a regular expression that is searched for in the path (with its query). The
first fault that fits and is not used up is taken; `times` None: for ever; `skip`: so
many requests that fit are let through first.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Where = Literal["before", "within", "after"]


@dataclass
class Fault:
    """One thing that goes wrong, for the requests that it fits.

    ``where`` the connection is cut: before: nothing was done; after: it was done, but
    no answer comes; within: done, and half of the answer comes.
    """

    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0
    where: Where | None = None
    spoilt: bool = False

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("", method) and bool(re.search(self.path, path))


class Faults:
    """The faults that wait for their requests, and those that happened.

    *now* is the time here, in seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.happened: list[tuple[str, str]] = []  # methods and paths
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._now = now
        self.ended = threading.Event()  # nobody is made to wait any more

    def add(self, fault: Fault) -> None:
        """Let *fault* happen."""
        with self._lock:
            self._faults.append(fault)

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
        message: str = "Made to fail",
        headers: Mapping[str, str] | None = None,
        permission: str | None = None,
    ) -> None:
        """Answer *status*; *permission* is what the token is said to lack."""
        told = dict(headers or {})
        if permission is not None:
            told["X-Accepted-GitHub-Permissions"] = permission
            message = "Resource not accessible by integration"
        fault = Fault(method, path, times, skip, status, message, told)
        self.add(fault)

    def limit_rate(
        self,
        method: str = "",
        path: str = "",
        *,
        wait: int = 60,
        status: Literal[403, 429] = 403,
        times: int | None = 1,
    ) -> None:
        """The primary rate limit: used up, until *wait* seconds from now."""
        message = "API rate limit exceeded for installation ID 1."
        headers = {
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Used": "5000",
            "X-RateLimit-Reset": str(int(self._now()) + wait),
        }
        self.answer(status, method, path, times=times, message=message, headers=headers)

    def limit_abuse(
        self,
        method: str = "",
        path: str = "",
        *,
        wait: int | None = 60,
        status: Literal[403, 429] = 403,
        times: int | None = 1,
    ) -> None:
        """The secondary rate limit; *wait* None: it does not say how long."""
        message = (
            "You have exceeded a secondary rate limit. "
            "Please wait a few minutes before you try again."
        )
        headers = {} if wait is None else {"Retry-After": str(wait)}
        self.answer(status, method, path, times=times, message=message, headers=headers)

    def slow(
        self, seconds: float, method: str = "", path: str = "", *, times: int | None = 1
    ) -> None:
        """Answer well, but *seconds* late."""
        self.add(Fault(method, path, times, seconds=seconds))

    def cut(
        self,
        where: Where,
        method: str = "",
        path: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """End the connection before, within or after (see `Fault`)."""
        self.add(Fault(method, path, times, skip, where=where))

    def spoil(self, method: str = "", path: str = "", *, times: int | None = 1) -> None:
        """Do it, and answer half of the JSON, as if it were all of it."""
        self.add(Fault(method, path, times, spoilt=True))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that happens to this request, one time used up."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not fault.fits(method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                self.happened.append((method, path))
                return fault
        return None
