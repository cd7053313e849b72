"""Unit tests of `sluicegate.adapters.prometheus.server`."""

import http.client
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import pytest
from prometheus_service import await_until, free_port

from sluicegate.adapters.prometheus.server import MetricsServer, Page

LOCAL = "127.0.0.1"


@contextmanager
def serving(page: Page, host: str = LOCAL) -> Iterator[int]:
    port = free_port()
    server = MetricsServer(host, port, page)
    try:
        await_until(lambda: is_open(port), "the server")
        yield port
    finally:
        server.stop()


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOCAL, port), timeout=5):
        return True
    return False


def ask(port: int, method: str = "GET", path: str = "/metrics") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOCAL, port, timeout=20)
    with closing(connection):
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_the_page_of_the_moment_is_served() -> None:
    pages = iter([b"a 1\n", b"a 2\n"])
    with serving(lambda: next(pages)) as port:
        assert ask(port) == (200, b"a 1\n")
        assert ask(port, path="/metrics?x=1") == (200, b"a 2\n")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0.0.0.0"])  # noqa: S104 - asked for
def test_whatever_the_host_is_called_it_answers_by_ipv4(host: str) -> None:
    with serving(lambda: b"a 1\n", host) as port:
        assert ask(port) == (200, b"a 1\n")


def test_nothing_else_is_served() -> None:
    def page() -> bytes:
        raise AssertionError("nobody may ask for it")

    with serving(page) as port:
        assert ask(port, path="/")[0] == 404
        assert ask(port, path="/metrics/../etc/passwd")[0] == 404
        for method in ("POST", "PUT", "DELETE", "HEAD"):
            assert ask(port, method)[0] == 501


def test_several_are_answered_at_once() -> None:
    together = threading.Barrier(4)

    def page() -> bytes:
        together.wait(30)
        return b"a 1\n"

    with serving(page) as port, ThreadPoolExecutor(4) as askers:
        found = list(askers.map(lambda _: ask(port), range(4)))

    assert found == [(200, b"a 1\n")] * 4


def test_who_says_nothing_keeps_nobody_from_asking_or_from_the_end() -> None:
    with serving(lambda: b"a 1\n") as port:
        silent = [socket.create_connection((LOCAL, port)) for _ in range(3)]
        assert ask(port) == (200, b"a 1\n")
    for each in silent:
        each.close()


def test_too_many_at_once_are_turned_away_and_others_come_after_them() -> None:
    with serving(lambda: b"a 1\n") as port:
        silent = [socket.create_connection((LOCAL, port)) for _ in range(8)]

        def is_refused() -> bool:
            try:
                ask(port)
            except (OSError, http.client.HTTPException):
                return True
            return False

        await_until(is_refused, "the server to be full")
        for each in silent:
            each.close()

        await_until(lambda: not is_refused(), "the server to be free")


def test_it_ends_and_the_port_is_free_again() -> None:
    with serving(lambda: b"") as port:
        assert is_open(port)

    with socket.create_server((LOCAL, port)):
        pass


@pytest.mark.parametrize("host", [LOCAL, "localhost"])
def test_a_port_that_is_taken_is_told_once(host: str) -> None:
    with socket.create_server((LOCAL, 0)) as taken:
        server = MetricsServer(host, taken.getsockname()[1], lambda: b"")
        troubles = []

        def is_told() -> bool:
            troubles.append(server.trouble())
            return troubles[-1] is not None

        await_until(is_told, "the trouble")
        server.stop()

    assert f"no /metrics at {host}:" in str(troubles[-1])
    assert server.trouble() is None


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "a" * 300])
def test_a_host_that_is_not_this_one_is_told(host: str) -> None:
    server = MetricsServer(host, 0, lambda: b"")
    await_until(lambda: server.trouble() is not None, "the trouble")
    server.stop()
