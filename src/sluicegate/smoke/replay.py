"""Wait until the service is ready, then ask it everything, one after the other."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sluicegate.smoke.client import Bounds, Fault, Reply, Request, ask
from sluicegate.stages.serving.answers import MAX_BODY
from sluicegate.stages.serving.exchanges import Exchange

_LOOK_SECONDS = 0.05
_HEALTH_SECONDS = 5.0
_HEALTH_BYTES = 64 << 10
_MAX_TOTAL = 40 << 20  # characters of all answers as they are written
_MAX_SILENCE = 5  # requests in a row without an answer: nobody is there any more
_SUCCESS = range(200, 300)


class Service(Protocol):
    """What runs, as far as a replay needs to know."""

    def host_port(self) -> int | None:
        """Where it is reached; None if it has ended already."""

    def end(self) -> str:
        """How it has ended by itself; empty if it runs."""

    def output(self) -> str:
        """Its last words."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How *image* is asked; times in seconds."""

    image: str
    health: str
    ready_seconds: float
    answer_seconds: float
    headers: Mapping[str, str]


@dataclass(slots=True)
class Record:
    """What came of it, as `sluicegate.stages.serving.answers` reads it."""

    image: str
    ready_ms: int | None = None
    why: str = ""
    ended: str = ""
    output: str = ""
    answers: list[dict[str, object]] = field(default_factory=list)

    def written(self) -> bytes:
        """As JSON, in ASCII."""
        names = ("image", "ready_ms", "why", "ended", "output", "answers")
        content = {name: getattr(self, name) for name in names}
        return json.dumps(content, indent=1).encode()


def replay(service: Service, exchanges: Iterable[Exchange], manner: Manner) -> Record:
    """Ask *service* everything.

    Raises:
        Broken: the engine itself failed.
    """
    record = Record(manner.image)
    port = _await_ready(service, manner, record)
    if port is not None:
        _ask_all(service, port, exchanges, manner, record)
        record.ended = service.end()
    record.output = service.output()
    return record


def _await_ready(service: Service, manner: Manner, record: Record) -> int | None:
    """Where the service is ready; None if it did not become so."""
    started = time.monotonic()
    request = Request("GET", manner.health, manner.headers)
    last = "nobody listens"
    while True:
        left = started + manner.ready_seconds - time.monotonic()
        ended = service.end()
        if ended:
            record.why = f"the container {ended}"
            return None
        if left <= 0:
            seconds = f"{manner.ready_seconds:g} s"
            record.why = (
                f"{manner.health} was not answered with 2xx in {seconds}: {last}"
            )
            return None
        port = service.host_port()
        if port is not None:
            bounds = Bounds(min(left, _HEALTH_SECONDS), _HEALTH_BYTES)
            try:
                status = ask(port, request, bounds).status
            except Fault as fault:
                last = str(fault)
            else:
                if status in _SUCCESS:
                    record.ready_ms = round((time.monotonic() - started) * 1000)
                    return port
                last = f"status {status}"
        time.sleep(_LOOK_SECONDS)


def _ask_all(
    service: Service,
    port: int,
    exchanges: Iterable[Exchange],
    manner: Manner,
    record: Record,
) -> None:
    bounds = Bounds(manner.answer_seconds, MAX_BODY)
    silence, written, over = 0, 0, ""
    for exchange in exchanges:
        answer: dict[str, object] = {
            "key": exchange.key,
            "request": exchange.digest,
            "status": None,
            "body": "",
            "fault": over,
        }
        record.answers.append(answer)
        if over:
            continue
        request = Request(exchange.method, exchange.path, manner.headers, exchange.body)
        try:
            reply = ask(port, request, bounds)
        except Fault as fault:
            answer["fault"] = str(fault)
            silence += 1
            if silence >= _MAX_SILENCE or service.end():
                over = "not asked: before it there was no answer any more"
            continue
        silence = 0
        text = _read(reply)
        if text is None:
            answer["fault"] = "no answer: it is not in UTF-8"
            continue
        written += len(json.dumps(text))
        if written > _MAX_TOTAL:
            over = "not kept: all answers together are too large"
            answer["fault"] = over
            continue
        answer["status"], answer["body"] = reply.status, text


def _read(reply: Reply) -> str | None:
    try:
        return reply.body.decode()
    except UnicodeDecodeError:
        return None
