"""Unit tests of `sluicegate.report.attested`: what became of answers, for people."""

import json

from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Answer
from sluicegate.report.attested import (
    Heard,
    HeardReport,
    StandsNow,
    heard_document,
    heard_text,
)

REQUEST = Digest("5" * 64)
URL = "https://github.com/acme/app/actions/runs/31"
TAKEN = Heard("run/31", URL, "bob", Answer.APPROVE, REQUEST, is_new=True)
OPEN = StandsNow(REQUEST, "production", "open", (), f"{URL}9")


def test_what_was_taken_in_is_said_with_its_page() -> None:
    assert heard_text(HeardReport((TAKEN,), (OPEN,))) == (
        "run/31: bob approves request 555555555555; taken in\n"
        f"    {URL}\n"
        "request 555555555555 for production: open, nothing is missing\n"
        f"    started: {URL}9"
    )


def test_what_was_refused_says_why_and_what_is_missing_too() -> None:
    no = Heard("run/32", "", "eve", Answer.REJECT, REQUEST, "it ended with failure")
    waits = StandsNow(REQUEST, "production", "pending", ("1 more (bob may)",))

    assert heard_text(HeardReport((no, Heard("run/33")), (waits,), "no rights")) == (
        "run/32: eve REJECTS request 555555555555; NOT TAKEN IN: it ended with"
        " failure\n"
        "run/33; in the log already\n"
        "request 555555555555 for production: pending\n"
        "    missing: 1 more (bob may)\n"
        "what was approved could not be started: no rights"
    )


def test_nothing_is_said_to_be_nothing() -> None:
    unknown = StandsNow(REQUEST, "production", "", ("no log is here",))

    assert heard_text(HeardReport((), (unknown,))) == (
        "no answer on the code host that is not in the log already\n"
        "request 555555555555 for production: how it stands cannot be told here\n"
        "    missing: no log is here"
    )


def test_words_of_the_host_do_nothing_to_a_terminal() -> None:
    evil = Heard("run/31", "https://x\x1b[2J", "bob\u202e", refused="\x1b]0;x\x07")
    text = heard_text(HeardReport((evil,)))

    assert "\x1b" not in text
    assert "\u202e" not in text


def test_machines_get_every_digit() -> None:
    document = json.loads(heard_document(HeardReport((TAKEN,), (OPEN,))))

    assert document["answers"][0]["request"] == str(REQUEST)
    assert document["requests"][0]["started"] == f"{URL}9"
    assert document["trouble"] is None
