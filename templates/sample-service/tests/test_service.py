import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent.parent
GENTOO = {
    "island": "Biscoe",
    "bill_length_mm": 50.0,
    "bill_depth_mm": 16.3,
    "flipper_length_mm": 230,
    "body_mass_g": 5700,
    "sex": "male",
    "year": 2007,
}

Process = subprocess.Popen[str]


@contextlib.contextmanager
def started() -> Iterator[Process]:
    environment = os.environ | {"HOST": "127.0.0.1", "PORT": "0"}
    with subprocess.Popen(  # noqa: S603 - our own service
        [sys.executable, str(HERE / "service.py")],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def port_of(process: Process) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline().rsplit(maxsplit=1)[1])


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with started() as process:
        yield port_of(process)


@pytest.fixture
def client(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client.request(method, path, body=None if body is None else data)
    reply = client.getresponse()
    return reply.status, json.loads(reply.read())


def test_it_knows_a_gentoo(client: http.client.HTTPConnection) -> None:
    status, reply = ask(client, "POST", "/predict", GENTOO)
    assert (status, reply["species"]) == (200, "Gentoo")


def test_one_connection_serves_many_requests(
    client: http.client.HTTPConnection,
) -> None:
    assert ask(client, "POST", "/predict", GENTOO)[0] == 200
    used = client.sock
    assert ask(client, "POST", "/predict", GENTOO)[0] == 200
    assert client.sock is used


def test_it_says_when_it_is_ready(client: http.client.HTTPConnection) -> None:
    status, reply = ask(client, "GET", "/healthz")
    assert (status, reply["status"]) == (200, "ok")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the body is not JSON"),
        ([], "the body is not a JSON object"),
        ({}, "bill_length_mm is missing"),
        (GENTOO | {"body_mass_g": "heavy"}, "body_mass_g must be a number"),
    ],
)
def test_bad_input_is_the_callers_fault(
    client: http.client.HTTPConnection, body: object, message: str
) -> None:
    assert ask(client, "POST", "/predict", body) == (400, {"error": message})


def test_a_batch_is_answered_as_each_of_it_alone(
    client: http.client.HTTPConnection,
) -> None:
    small = GENTOO | {"flipper_length_mm": 190, "body_mass_g": 3500, "sex": None}
    alone = [ask(client, "POST", "/predict", bird)[1] for bird in (GENTOO, small)]
    batch = {"instances": [GENTOO, small]}
    assert ask(client, "POST", "/predict/batch", batch) == (200, {"predictions": alone})
    assert alone[0] != alone[1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "instances must be a list"),
        ({"instances": [GENTOO, 1]}, "instances[1] is not a JSON object"),
        ({"instances": [GENTOO, {}]}, "instances[1]: bill_length_mm is missing"),
    ],
)
def test_a_batch_with_one_bad_bird_is_refused_whole(
    client: http.client.HTTPConnection, body: object, message: str
) -> None:
    assert ask(client, "POST", "/predict/batch", body) == (400, {"error": message})


def test_unknown_paths_and_methods_are_refused(
    client: http.client.HTTPConnection,
) -> None:
    assert ask(client, "GET", "/admin")[0] == 404
    assert ask(client, "GET", "/predict")[0] == 405


def test_an_endless_body_is_refused(client: http.client.HTTPConnection) -> None:
    client.putrequest("POST", "/predict")
    client.putheader("Content-Length", str(10**9))
    client.endheaders()
    assert client.getresponse().status == 400


def test_a_stopping_service_finishes_what_it_began() -> None:
    data = json.dumps(GENTOO).encode()
    with started() as process:
        client = http.client.HTTPConnection("127.0.0.1", port_of(process), timeout=10)
        client.putrequest("POST", "/predict")
        client.putheader("Content-Length", str(len(data)))
        client.putheader("Expect", "100-continue")
        client.endheaders()
        assert b"100 Continue" in client.sock.recv(1024)  # so the request is open
        process.send_signal(signal.SIGTERM)
        wait_until_refused(client.port)
        client.send(data)
        reply = client.getresponse()
        assert (reply.status, reply.getheader("Connection")) == (200, "close")
        client.close()
        assert process.wait(timeout=10) == 0


def wait_until_refused(port: int) -> None:
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
