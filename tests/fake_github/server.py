"""The fake GitHub on a port of this machine."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from typing_extensions import override

from fake_github.app import App, Exchange, Request
from fake_github.call import Answer, Refused
from fake_github.faults import Fault, Faults
from fake_github.state import Run, State

JOB_TOKEN = "ghs_job"  # noqa: S105 - of the fake
Hook = Callable[["FakeGitHub", Run], None]
_LIMIT = 5000
_NUMBERS = count(1)  # of requests


class FakeGitHub:
    """A GitHub that runs.

    Attributes:
        url: its address, what GITHUB_API_URL is.
        token: that of a job of the repository, with all permissions.
        state: all it knows; change it between requests.
        faults: what shall go wrong.
        violations: what did not fit GitHub's description; `[]` at a test's end.
        exchanges: what was asked and answered, faults apart: ``faults.happened``.
    """

    def __init__(
        self,
        state: State,
        on_dispatch: Hook | None = None,
        port: int = 0,
        changed: Callable[[], None] | None = None,
    ) -> None:
        self.state = state
        self.faults = Faults(lambda: state.now().timestamp())
        self.token = JOB_TOKEN
        self._server = _Server(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._hook = on_dispatch
        self._hooked: list[threading.Thread] = []
        self._failed: list[BaseException] = []
        self._app = App(
            state, self.url, started=self._started, changed=changed or (lambda: None)
        )
        self._server.world = self._app, self.faults
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def violations(self) -> list[str]:
        return self._app.violations

    @property
    def exchanges(self) -> list[Exchange]:
        return self._app.exchanges

    def asked(self, operation: str) -> list[Exchange]:
        """The exchanges of one operation, like ``checks/create``, oldest first."""
        return [each for each in self.exchanges if each.operation == operation]

    def join_dispatched(self, timeout: float = 120) -> None:
        """Wait for what `on_dispatch` does, also for what that dispatches.

        Raises:
            BaseException: whatever `on_dispatch` raised.
        """
        while self._hooked:
            thread = self._hooked.pop(0)
            thread.join(timeout)
            assert not thread.is_alive(), f"not done after {timeout} seconds"
        if self._failed:
            raise self._failed.pop(0)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.faults.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _started(self, run: Run) -> None:
        if self._hook is not None:
            thread = threading.Thread(target=self._call_hook, args=(self._hook, run))
            self._hooked.append(thread)
            thread.start()

    def _call_hook(self, hook: Hook, run: Run) -> None:
        try:
            hook(self, run)
        except BaseException as error:  # noqa: BLE001 - raised by `join_dispatched`
            self._failed.append(error)


@contextmanager
def serve(
    state: State | None = None,
    *,
    on_dispatch: Hook | None = None,
    changed: Callable[[], None] | None = None,
    port: int = 0,
) -> Iterator[FakeGitHub]:
    """A fake GitHub while in the context.

    ``on_dispatch(github, run)`` is called in a thread of its own for each run that is
    dispatched or run again, after that was answered; it sets the run's status. What it
    raises is raised by `FakeGitHub.join_dispatched`, at the latest at the end.
    ``changed()`` is called after each request that changed something.
    """
    github = FakeGitHub(state or State(), on_dispatch, port, changed)
    github.start()
    try:
        yield github
        github.join_dispatched()
    finally:
        github.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    world: tuple[App, Faults]

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is a thing that happens."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or what does not fit the buffer waits likewise
    wbufsize = -1  # head and body in one write, or each waits for the other's receipt

    def answer(self) -> None:
        assert isinstance(self.server, _Server)
        app, faults = self.server.world
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            data=self.rfile.read(length),
        )
        fault = faults.take(self.command, self.path) or Fault()
        if fault.seconds:
            faults.ended.wait(fault.seconds)
        if fault.where == "before":
            self._cut()
            return
        if fault.status is not None:
            refused = Refused(fault.status, fault.message, headers=fault.headers)
            answer = refused.answer()
        else:
            answer = app.handle(request)
        data = _encode(answer)
        if fault.spoilt:
            data = data[: len(data) // 2]
        if fault.where == "after":
            self._cut()
            return
        self._send(answer, data, within=fault.where == "within")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815

    def _send(self, answer: Answer, data: bytes, *, within: bool) -> None:
        number = next(_NUMBERS)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(data)),
            "X-GitHub-Request-Id": f"0000:{number:04X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(max(_LIMIT - number, 1)),
            "X-RateLimit-Used": str(number),
            "X-RateLimit-Reset": str(int(self._now()) + 3600),
            "X-RateLimit-Resource": "core",
            **answer.headers,
        }
        if answer.status == 204:
            del headers["Content-Length"], headers["Content-Type"]
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if within else data)
        self.wfile.flush()
        if within:
            self._cut()

    @override
    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self._now() if timestamp is None else timestamp, usegmt=True)

    def _now(self) -> float:
        assert isinstance(self.server, _Server)
        return self.server.world[0].state.now().timestamp()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _encode(answer: Answer) -> bytes:
    if answer.body is None:
        return b""
    if isinstance(answer.body, bytes):
        return answer.body
    return json.dumps(answer.body).encode()
