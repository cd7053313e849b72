"""Unit tests of `sluicegate.smoke.client`: whatever a server does, it ends."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import Act, Script, answer, scripted

from sluicegate.smoke.client import Bounds, Fault, Reply, Request, ask

POST = Request("POST", "/predict", {"X-A": "b"}, b"{}")
SIZE = 10_000


def asked(*acts: Act, seconds: float = 5.0, size: int = SIZE) -> Reply:
    with scripted(*acts) as server:
        port = int(server.url.rpartition(":")[2])
        return ask(port, POST, Bounds(seconds, size))


def says(*parts: bytes) -> Act:
    def send(script: Script) -> None:
        assert script.request
        for part in parts:
            script.send(part)

    return send


def for_ever(head: bytes, part: bytes) -> Act:
    """*part* again and again, until the other side has had enough."""

    def send(script: Script) -> None:
        assert script.request
        script.send(head)
        while True:
            script.send(part)

    return send


def test_a_whole_answer_is_read_and_the_request_is_what_it_was_to_be() -> None:
    seen: list[bytes] = []

    def send(script: Script) -> None:
        seen.append(script.request)
        script.send(b"HTTP/1.1 201 Fine\r\nContent-Length: 2\r\n\r\n{}")

    assert asked(send) == Reply(201, b"{}")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /predict HTTP/1.1"
    assert {b"X-A: b", b"Content-Type: application/json", b"Connection: close"} < {
        *lines
    }
    assert body == b"{}"


@pytest.mark.parametrize(
    "body",
    [
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        b"\r\n{}",
        b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}more",
    ],
    ids=["in chunks", "until the end", "more than announced"],
)
def test_each_way_to_send_a_body_is_understood(body: bytes) -> None:
    assert asked(says(b"HTTP/1.1 200 OK\r\n", body)) == Reply(200, b"{}")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = answer(302, b"", "Location: http://127.0.0.1:1/")

    assert asked(moved).status == 302


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (says(), "no answer"),
        (says(b"\x00\x01\x02\r\n\r\n"), "no answer"),
        (says(b"HTTP/1.1 9999 X\r\n\r\n"), "no answer"),
        (says(b"HTTP/1.1 \xff\r\n\r\n"), "no answer"),
        (says(HEAD, b"Content-Length: 5\r\n\r\n{}"), "3 bytes are missing"),
        (says(HEAD, b"Content-Length: 10000000000000\r\n\r\n{}"), "are missing"),
        (says(HEAD, b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{}"), "no ans"),
        (says(HEAD, b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}"), "no answer"),
        (says(HEAD, b"Content-Encoding: gzip\r\n\r\n{}"), "encoded"),
        (says(HEAD, b"X: y\r\n" * 200, b"\r\n{}"), "no answer"),
        (for_ever(HEAD + b"\r\n", b"x" * 1000), "too large"),
        (for_ever(HEAD, b"X: " + b"y" * 1000 + b"\r\n"), "too large"),
        (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), "too large"),
        (
            for_ever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 99),
            "la",
        ),
        (answer(200, b"x" * SIZE), "too large"),
    ],
    ids=range(15),
)
def test_what_is_no_whole_answer_is_a_fault(act: Act, said: str) -> None:
    with pytest.raises(Fault, match=said) as raised:
        asked(act)

    assert str(raised.value).isprintable()


def never(head: bytes) -> Act:
    def send(script: Script) -> None:
        assert script.request
        script.send(head)
        script.wait()

    return send


def drips(script: Script) -> None:
    """A byte every 20 ms: never long without one, and never at an end."""
    assert script.request
    script.send(HEAD + b"\r\n")
    while not script.wait(0.02):
        script.send(b"x")


@pytest.mark.parametrize(
    "act",
    [never(b""), never(HEAD), never(HEAD + b"Content-Length: 9\r\n\r\n{"), drips],
    ids=["nothing", "half a head", "half a body", "a byte at a time"],
)
def test_an_answer_must_be_whole_in_time(act: Act) -> None:
    with pytest.raises(Fault, match=re.escape("within 0.2 s")):
        asked(act, seconds=0.2)


def test_where_nobody_listens_there_is_no_answer() -> None:
    with scripted(says()) as server:
        port = int(server.url.rpartition(":")[2])

    with pytest.raises(Fault, match=r"no answer: .*refused"):
        ask(port, POST, Bounds(1.0, SIZE))


@settings(max_examples=50)
@given(st.sampled_from([HEAD, b""]), st.binary(max_size=200))
def test_whatever_comes_there_is_a_reply_or_a_fault(head: bytes, data: bytes) -> None:
    with suppress(Fault):
        assert asked(says(head, data), seconds=2).status >= 100
