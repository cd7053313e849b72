"""Unit tests of `sluicegate.adapters.telemetry.lane`: nobody waits, losses are said."""

import math
import threading
import time
from collections.abc import Sequence

from sluicegate.adapters.telemetry.delivery import Delivery
from sluicegate.adapters.telemetry.lane import MAX_WAITING, Account, Lane

SOON, LONG = 0.01, 60.0
REFUSED = Delivery("nobody listens there", again_seconds=0.0)
NEVER = Delivery("answered with HTTP 400")


class Server:
    """Takes documents, and answers as it is told; the last answer for ever."""

    def __init__(self, *answers: Delivery) -> None:
        self.answers = list(answers) or [Delivery()]
        self.bodies: list[bytes] = []
        self.seconds: list[float] = []
        self.asked = threading.Event()

    def post(self, body: bytes, seconds: float) -> Delivery:
        self.bodies.append(body)
        self.seconds.append(seconds)
        self.asked.set()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def encode(records: Sequence[str]) -> bytes:
    return ",".join(records).encode()


def lane_to(server: Server, delay_seconds: float = LONG) -> Lane:
    return Lane("test", encode, server.post, delay_seconds=delay_seconds)


def finish(lane: Lane, seconds: float = LONG) -> Account:
    lane.close(time.monotonic() + seconds)
    lane.wait()
    return lane.account()


def test_what_waits_is_sent_at_the_end_in_one_document() -> None:
    server = Server()
    lane = lane_to(server)
    lane.put(["a", "b"])
    lane.put(["c"])

    assert finish(lane) == Account(delivered=3)
    assert server.bodies == [b"a,b,c"]


def test_a_lane_that_nobody_uses_starts_no_thread() -> None:
    before = threading.active_count()
    lane = lane_to(Server())

    assert threading.active_count() == before
    assert finish(lane) == Account()


def test_while_a_run_goes_on_what_waits_is_sent_after_a_while() -> None:
    server = Server()
    lane = lane_to(server, SOON)

    lane.put(["a"])

    assert server.asked.wait(LONG)
    assert finish(lane) == Account(delivered=1)


def test_what_sending_takes_is_loaded_before_anybody_waits() -> None:
    prepared = threading.Event()
    server = Server()
    lane = Lane("test", encode, server.post, delay_seconds=LONG, prepare=prepared.set)

    lane.put(["a"])

    assert prepared.wait(LONG)
    assert server.bodies == []
    finish(lane)


def test_what_cannot_be_prepared_is_said_by_whoever_sends() -> None:
    def fail() -> None:
        raise OSError("no such file")

    lane = Lane("test", encode, Server(NEVER).post, prepare=fail)
    lane.put(["a"])

    assert finish(lane) == Account(lost=1, fault="answered with HTTP 400")


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    server = Server(NEVER)
    lane = lane_to(server)
    lane.put(["a"])

    assert finish(lane) == Account(lost=1, fault="answered with HTTP 400")
    assert len(server.bodies) == 1


def test_what_may_be_tried_again_is_tried_again() -> None:
    server = Server(REFUSED, Delivery())
    lane = lane_to(server)
    lane.put(["a"])

    assert finish(lane) == Account(delivered=1)
    assert server.bodies == [b"a", b"a"]


def test_at_the_end_it_gives_up_soon_where_nobody_listens() -> None:
    server = Server(REFUSED)
    lane = lane_to(server)
    lane.put([str(n) for n in range(2000)])

    account = finish(lane)

    assert account == Account(lost=2000, fault="nobody listens there")
    assert len(server.bodies) == 2  # of four batches


def test_a_server_that_is_away_for_a_while_loses_nothing_in_a_long_run() -> None:
    server = Server(REFUSED, REFUSED, Delivery())
    lane = lane_to(server, SOON)
    lane.put(["a"])
    while len(server.bodies) < 3:
        assert server.asked.wait(LONG)
        server.asked.clear()

    assert finish(lane) == Account(delivered=1)


def test_nobody_waits_longer_than_is_left_for_a_server_that_says_later() -> None:
    server = Server(Delivery("answered with HTTP 429", again_seconds=3600.0))
    lane = lane_to(server)
    lane.put(["a"])

    assert finish(lane) == Account(lost=1, fault="answered with HTTP 429")
    assert len(server.bodies) == 1


def test_what_a_server_rejects_is_lost_and_the_rest_is_not() -> None:
    lane = lane_to(Server(Delivery("refused: too old", rejected=2)))
    lane.put(["a", "b", "c"])

    assert finish(lane) == Account(1, 2, "refused: too old")


def test_no_server_can_reject_more_than_it_was_sent() -> None:
    lane = lane_to(Server(Delivery("refused: all", rejected=10**9)))
    lane.put(["a"])

    assert finish(lane) == Account(0, 1, "refused: all")


def test_more_than_can_wait_is_lost_and_said() -> None:
    never = threading.Event()

    def hang(body: bytes, seconds: float) -> Delivery:
        del body, seconds
        never.wait(LONG)
        return Delivery()

    lane = Lane("test", encode, hang, delay_seconds=LONG)
    try:
        lane.put(["x"] * (2 * MAX_WAITING))
        account = finish(lane, seconds=0.05)
    finally:
        never.set()

    assert account.lost == 2 * MAX_WAITING
    assert account.fault == "more than can wait"


def test_who_hangs_holds_nobody_up_and_what_is_under_way_counts_as_lost() -> None:
    never, posted = threading.Event(), threading.Event()

    def hang(body: bytes, seconds: float) -> Delivery:
        del body, seconds
        posted.set()
        never.wait(LONG)
        return Delivery()

    lane = Lane("test", encode, hang, delay_seconds=SOON)
    try:
        lane.put(["a", "b"])
        assert posted.wait(LONG)
        lane.put(["c"])
        account = finish(lane, seconds=0.05)
    finally:
        never.set()

    assert account == Account(lost=3, fault="no answer in time")


def test_at_the_end_no_try_is_longer_than_what_is_left() -> None:
    server = Server()
    lane = lane_to(server)
    lane.put(["a"])

    finish(lane, seconds=30)

    assert 0 < server.seconds[0] <= 30


def test_a_bug_of_ours_is_a_loss_and_no_more() -> None:
    def fail(records: Sequence[str]) -> bytes:
        raise KeyError(records[0])

    lane = Lane("test", fail, Server().post, delay_seconds=LONG)
    lane.put(["s3cret"])

    assert finish(lane) == Account(lost=1, fault="it failed (KeyError)")


def test_only_what_may_never_be_tried_again_waits_for_ever() -> None:
    assert math.inf == NEVER.again_seconds


def test_one_that_cannot_send_at_all_is_a_loss_and_no_more() -> None:
    def fail(_body: bytes, _seconds: float) -> Delivery:
        raise ImportError("no ssl here")

    lane = Lane("test", encode, fail, delay_seconds=LONG)
    lane.put(["a"])

    assert finish(lane) == Account(lost=1, fault="it failed (ImportError)")
