"""Unit tests of `sluicegate.smoke.replay`, against real services without containers."""

import json
from typing import Any

import pytest
import smoke_service
from scripted_server import Act, Script, answer, scripted
from smoke_asked import (
    BATCH,
    BIRDS,
    GOLDEN,
    IMAGE,
    VARIANTS,
    Local,
    ask_all,
    asking,
    lines,
    manner,
    requests,
    row,
)

from sluicegate.smoke import replay

OK = answer(200, b"{}")


def silent(script: Script) -> None:
    """Hear everything, and go away."""
    assert script.request


def hanging(script: Script) -> None:
    """Hear everything, and never say a word."""
    assert script.request
    script.wait()


def asked(*acts: Act, golden: bytes = GOLDEN, answer: float = 5.0) -> dict[str, Any]:
    with scripted(*acts) as server:
        port = int(server.url.rpartition(":")[2])
        written = ask_all(Local(port), golden, how=manner(answer=answer))
    found: dict[str, Any] = json.loads(written)
    return found


def test_everything_is_asked_once_in_order_and_written_down() -> None:
    with smoke_service.served() as server:
        written = ask_all(Local(server.server_port), asked=asking(BATCH, VARIANTS))
        sent = requests(server)
    record = json.loads(written)

    keys = [each["key"] for each in record["answers"]]
    assert record["image"] == IMAGE
    assert record["ready_ms"] >= 0
    assert (record["why"], record["ended"]) == ("", "")
    assert record["output"] == "its last words"
    assert keys == [
        *(f"golden/{number}" for number in range(7)),
        *("forward/0", "forward/4", "backward/0", "backward/4"),
        *("unknown", "null/mass", "missing/mass", "nan/mass"),
        *("null/length", "missing/length", "nan/length", "null/sex", "missing/sex"),
    ]
    assert sent[:7] == [*BIRDS, {}]
    assert sent[7] == {"instances": BIRDS[:4]}
    assert sent[9] == {"instances": BIRDS[:1:-1]}
    assert len(sent) == len(keys)


def test_a_service_is_waited_for_until_it_is_ready() -> None:
    starting = answer(503, b"{}")
    record = asked(starting, starting, OK)

    assert record["ready_ms"] > 0
    assert len(record["answers"]) == 7


def test_a_service_that_does_not_become_ready_says_what_it_answered_last() -> None:
    with smoke_service.served("ill") as server:
        written = ask_all(Local(server.server_port), how=manner(ready=0.1))
    record = json.loads(written)

    assert record["why"] == "/healthz was not answered with 2xx in 0.1 s: status 503"
    assert (record["ready_ms"], record["answers"]) == (None, [])


def test_a_container_that_has_ended_is_not_waited_for() -> None:
    record = json.loads(ask_all(Local(None, ["", "ended with exit code 1"])))

    assert record["why"] == "the container ended with exit code 1"
    assert record["output"] == "its last words"


def test_when_it_has_ended_nothing_more_is_asked() -> None:
    with scripted(OK, OK, silent) as server:
        port = int(server.url.rpartition(":")[2])
        record = json.loads(ask_all(Local(port, ["", "ended with exit code 3"])))

    faults = [each["fault"] for each in record["answers"]]
    assert record["ended"] == "ended with exit code 3"
    assert faults[0] == ""
    assert faults[1].startswith("no answer: ")
    assert faults[2:] == ["not asked: before it there was no answer any more"] * 5


def test_after_five_requests_in_a_row_without_an_answer_nothing_more_is_asked() -> None:
    golden = lines(*(row(number) for number in range(6)))
    record = asked(OK, hanging, golden=golden, answer=0.05)

    faults = [each["fault"] for each in record["answers"]]
    assert faults[:5] == ["no whole answer within 0.05 s"] * 5
    assert faults[5].startswith("not asked")


def test_one_answer_between_faults_is_reason_enough_to_go_on() -> None:
    lost = [silent] * 4
    golden = lines(*(row(0, id=number) for number in range(10)))
    record = asked(OK, *lost, OK, *lost, OK, golden=golden)

    faults = [bool(each["fault"]) for each in record["answers"]]
    assert faults == [True] * 4 + [False] + [True] * 4 + [False]


def test_what_is_not_text_is_no_answer_and_nothing_of_it_is_kept() -> None:
    record = asked(OK, answer(200, b"\xff\xfe{}"), OK)

    assert record["answers"][0] == {
        "key": "golden/0",
        "request": record["answers"][0]["request"],
        "status": None,
        "body": "",
        "fault": "no answer: it is not in UTF-8",
    }


def test_all_answers_together_are_bounded_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "_MAX_TOTAL", 1000)
    big = answer(200, b"\x01" * 100)  # six letters each where it is kept
    record = asked(OK, big)

    assert [each["status"] for each in record["answers"]] == [200] + [None] * 6
    assert {each["fault"] for each in record["answers"][1:]} == {
        "not kept: all answers together are too large"
    }
    assert len(json.dumps(record)) < 4000
