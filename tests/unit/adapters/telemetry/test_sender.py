"""Unit tests of `sluicegate.adapters.telemetry.sender`, on real connections."""

import json
import math
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from otlp_receiver import (
    Received,
    dribble,
    hang_up,
    receive,
    say_nothing,
    speak_garbage,
    treat,
    unused_port,
)
from webhook_server import make_certificate

from sluicegate.adapters.telemetry.delivery import Delivery
from sluicegate.adapters.telemetry.sender import MAX_ANSWER, Sender
from sluicegate.adapters.telemetry.settings import Endpoint

BODY = b'{"resourceSpans":[]}'
LONG = 30.0


def send(url: str, seconds: float = LONG, **more: object) -> Delivery:
    endpoint = Endpoint(f"{url}/v1/traces", **more)  # type: ignore[arg-type]
    return Sender(endpoint, None, "test/1").post(BODY, seconds)


def test_a_document_is_posted_as_json_with_the_headers() -> None:
    with receive() as received:
        done = send(received.address, headers={"authorization": "Bearer x"})

    assert done == Delivery()
    assert received.bodies == {"/v1/traces": [BODY]}
    (headers,) = received.headers
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer x"
    assert headers["user-agent"] == "test/1"


def test_a_document_is_compressed_if_asked_for() -> None:
    with receive() as received:
        assert send(received.address, gzip=True) == Delivery()

    assert received.bodies == {"/v1/traces": [BODY]}
    assert received.headers[0]["content-encoding"] == "gzip"


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_server_that_is_busy_may_be_asked_again(code: int) -> None:
    with receive() as received:
        received.answer = code, {"Retry-After": "7"}, b""
        done = send(received.address)

    assert done == Delivery(f"answered with HTTP {code}", again_seconds=7.0)


def test_a_date_to_come_again_is_held_against_the_servers_own_clock() -> None:
    date = {"Retry-After": "Wed, 21 Oct 2015 07:29:00 GMT"}
    with receive() as received:
        received.answer = 503, date, b""
        done = send(received.address)
    assert done.again_seconds == 0.0  # long over by the server's clock


@pytest.mark.parametrize("code", [201, 302, 400, 401, 404, 413, 500, 501])
def test_any_other_answer_is_final(code: int) -> None:
    with receive() as received:
        received.answer = code, {"Location": "http://elsewhere.example/"}, b""
        done = send(received.address)

    assert str(code) in done.fault
    assert done.again_seconds == math.inf
    assert len(received.headers) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", Delivery()),
        (b"{}", Delivery()),
        (b'{"partialSuccess":{}}', Delivery()),
        (b'{"partialSuccess":{"errorMessage":"deprecated"}}', Delivery()),
        (
            b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}}',
            Delivery("refused: old", 2),
        ),
        (
            b'{"partialSuccess":{"rejectedLogRecords":3}}',
            Delivery("refused: no reason given", 3),
        ),
        (b'{"partialSuccess":{"rejectedSpans":-1}}', Delivery()),
        (b'{"partialSuccess":7}', Delivery()),
        (b"<html>Sign in</html>", Delivery("answered with something that is not OTLP")),
        (b"[]", Delivery("answered with something that is not OTLP")),
        (b"[" * 50_000, Delivery("answered with something that is not OTLP")),
        (
            b" " * (MAX_ANSWER + 1),
            Delivery("answered with more than anybody would read"),
        ),
    ],
)
def test_what_a_server_says_that_answers_with_200(
    body: bytes, expected: Delivery
) -> None:
    with receive() as received:
        received.answer = 200, {}, body
        assert send(received.address) == expected


def test_an_answer_in_protobuf_is_from_somebody_who_knows_otlp() -> None:
    with receive() as received:
        received.answer = 200, {"Content-Type": "application/x-protobuf"}, b"\x0a\x00"
        assert send(received.address) == Delivery()


@pytest.mark.parametrize(
    ("behave", "fault"),
    [
        (say_nothing, "no answer in time"),
        (dribble, "no answer in time"),
        (speak_garbage, "answered with something that is not HTTP"),
        (hang_up, "it hung up"),
    ],
)
def test_what_goes_wrong_is_said_in_our_own_words(
    behave: Callable[..., None], fault: str
) -> None:
    place: AbstractContextManager[str] = treat(behave)
    with place as url:
        assert send(url, 0.5).fault == fault


def test_where_nobody_listens_may_be_asked_again() -> None:
    done = send(f"http://127.0.0.1:{unused_port()}")

    assert done == Delivery("nobody listens there", again_seconds=0.0)


def test_a_name_that_nobody_knows_is_no_error() -> None:
    assert send("http://collector.invalid:4318").fault == "it cannot be reached"


def trusted(received: Received, path: Path) -> Delivery:
    return send(received.address, certificate=str(path))


def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    path, context = make_certificate(tmp_path)
    with receive(context) as received:
        assert send(received.address).fault == "its certificate is not trusted"
        assert trusted(received, path) == Delivery()


def test_a_client_shows_its_certificate(tmp_path: Path) -> None:
    path, context = make_certificate(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(path)
    client = str(path), str(tmp_path / "key.pem")
    with receive(context) as received:
        assert trusted(received, path).fault
        done = send(received.address, certificate=str(path), client=client)

    assert done == Delivery()


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    done = send("https://127.0.0.1:1", certificate=str(tmp_path / "none.pem"))

    assert done.fault == "a certificate or key for it cannot be read"


def test_no_login_is_in_what_is_said() -> None:
    headers = {"authorization": "Bearer s3cret\n"}

    done = send("http://127.0.0.1:1", headers=headers)

    assert done.fault
    assert "s3cret" not in json.dumps(done.fault)
