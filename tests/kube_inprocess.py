"""The client of a cluster, with the stand-in in the same process: no network, no time.

All of the real client is used but its connection and its watches: a request is a call,
and whoever waits lets the cluster's players take a step.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Self, TypeVar, cast

import httpx2
from fakes import FakeClock
from kube_api.app import App
from kube_api.problem import Problem
from kube_api.request import Request
from kube_api.state import ADMINS
from kube_api.users import User
from typing_extensions import override

from sluicegate.adapters.kubernetes.client import ClusterApi
from sluicegate.adapters.kubernetes.objects import Kind, Obj
from sluicegate.adapters.kubernetes.refusal import parse_refusal
from sluicegate.adapters.kubernetes.wire import Wire

_LOOK_SECONDS, _QUIET_SECONDS = 0.5, 5.0
_ADMIN = User("sluice", (ADMINS,))

T = TypeVar("T")


@dataclass
class InProcessWire:
    """Calls *app*. *around* is called before and after each request.

    ``asked`` has method and path of each, oldest first.
    """

    app: App
    clock: FakeClock
    user: User = _ADMIN
    around: Callable[[], None] = lambda: None
    before_write: Callable[[str], None] = lambda _path: None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def finishing(self) -> AbstractContextManager[None]:
        """Nothing is tried again here."""
        return nullcontext()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """What the cluster answers."""
        self.clock.sleep(0)
        self.around()
        target = request.url.raw_path.decode()
        self.asked.append((request.method, request.url.path))
        if request.method != "GET":
            self.before_write(request.url.path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, target, headers, request.read())
        try:
            answer = self.app.answer_as(self.user, asked)
        except Problem as problem:
            body = json.dumps(problem.status()).encode()
            now = self.clock.now()
            raise parse_refusal(problem.code, problem.headers, body, now) from problem
        self.around()
        content = json.dumps(answer.body).encode()
        return httpx2.Response(
            answer.status,
            content=content,
            headers={"Content-Type": "application/json"},
            request=request,
        )

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class InProcessApi(ClusterApi):
    """*namespace*; whoever waits there lets each of *players* take a step."""

    def __init__(
        self,
        wire: InProcessWire,
        namespace: str,
        clock: FakeClock,
        players: Sequence[Callable[[], object]] = (),
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.fake, self._players = clock, players
        url, cluster = "http://stand-in", "context test"
        super().__init__(cast("Wire", wire), url, cluster, namespace, clock, tell)

    @override
    def await_until(
        self,
        kind: Kind,
        name: str,
        until: Callable[[Obj | None], T | None],
        *,
        timeout_seconds: float,
    ) -> T | None:
        end = self.fake.monotonic_ms() + round(1000 * timeout_seconds)
        while True:
            found = until(self.get(kind, name))
            if found is not None or self.fake.monotonic_ms() >= end:
                return found
            changed = [step() for step in self._players]
            pause = _LOOK_SECONDS if any(changed) else _QUIET_SECONDS
            left = (end - self.fake.monotonic_ms()) / 1000
            self.fake.sleep(min(pause, left))
