"""Golden requests for the tests' service, and a replay of them, without a container."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import smoke_service

from sluicegate.smoke.replay import Manner, Service, replay
from sluicegate.stages.serving.exchanges import plan_exchanges
from sluicegate.stages.serving.golden import read_golden
from sluicegate.stages.serving.orders import Asking, BatchOrders, VariantOrders

IMAGE = "sha256:" + "ab" * 32
BIRDS = [{"mass": n / 4, "length": 50 + 10 * n, "sex": n % 2} for n in range(6)]


def row(number: int, **more: object) -> dict[str, object]:
    bird = BIRDS[number]
    expected = smoke_service.predict(bird)
    return {"id": f"bird {number}", "request": bird, "expected": expected, **more}


ROWS = [
    *(row(number) for number in range(6)),
    {"id": "nothing", "request": {}, "status": 400},
]


def lines(*rows: dict[str, object]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


GOLDEN = lines(*ROWS)


@dataclass
class Local:
    """A service of this process, as a replay sees it."""

    port: int | None
    ends: list[str] = field(default_factory=list)
    said: str = "its last words"

    def host_port(self) -> int | None:
        return self.port

    def end(self) -> str:
        return self.ends.pop(0) if len(self.ends) > 1 else "".join(self.ends)

    def output(self) -> str:
        return self.said


def asking(
    batch: BatchOrders | None = None, variants: VariantOrders | None = None
) -> Asking:
    return Asking(
        method="POST",
        path="/predict",
        batch=batch,
        variants=variants or VariantOrders(),
    )


BATCH = BatchOrders(
    path="/batch", instances="instances", predictions="predictions", size=4
)
VARIANTS = VariantOrders(
    unknown_field="ignored", required=("mass", "length"), optional=("sex",)
)


def manner(*, ready: float = 5.0, answer: float = 5.0) -> Manner:
    return Manner(IMAGE, "/healthz", ready, answer, {"X-Test": "yes"})


def ask_all(
    service: Service,
    golden: bytes = GOLDEN,
    asked: Asking | None = None,
    how: Manner | None = None,
) -> bytes:
    """What the program writes of *service*."""
    exchanges = plan_exchanges(read_golden(golden, "g"), asked or asking())
    return replay(service, exchanges, how or manner()).written()


def requests(server: smoke_service.Server) -> Sequence[object]:
    """What was sent, read."""
    return [json.loads(body) for body in server.seen]
