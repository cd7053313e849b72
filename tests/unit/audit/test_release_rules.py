"""Unit tests of `sluicegate.audit.release_rules`, through entries as a log has them."""

from dataclasses import replace

import pytest
from entry_samples import AT, ENVELOPE, LATER, LOG_ENVELOPE, RUN
from fakes import FakeEvidence
from release_requests import POLICY, REQUEST

from sluicegate.audit.record import Entry, decode_entry, encode, encode_log
from sluicegate.audit.release_rules import ReleaseRules
from sluicegate.audit.request_form import format_request
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CountedApproval,
    EnvironmentEntered,
    Event,
    ReleaseRequested,
)
from sluicegate.model.log_event import LogEvent, RequestAnswered
from sluicegate.model.release_request import Answer

ANN, BOB = "SHA256:ann", "SHA256:bob"
ID = Digest.of(format_request(REQUEST))
ASKED = ReleaseRequested("canary", "production", ID, POLICY, AT, LATER)
YES = CountedApproval(Digest.of(b"yes"), "ann", ANN)
ENTERED = EnvironmentEntered(
    *("canary", "production", POLICY, "refs/heads/main", "b" * 40, (), (YES,)),
    override=False,
    size=2,
    request=ID,
)


def of_run(event: Event, run_id: str = RUN) -> Entry:
    envelope = replace(ENVELOPE, run_id=run_id)
    return decode_entry(encode(envelope, event, f"{run_id}/canary/1"))


def answer(
    key: str = ANN,
    statement: Digest = YES.statement,
    said: Answer = Answer.APPROVE,
    request: Digest = ID,
) -> Entry:
    event: LogEvent = RequestAnswered(request, "production", said, "because")
    actor = replace(LOG_ENVELOPE.actor, kind="user", id=key)
    envelope = replace(LOG_ENVELOPE, actor=actor, statement=statement)
    return decode_entry(encode_log(envelope, event))


def problems(*entries: Entry, skipped: bool = False) -> list[str]:
    evidence = FakeEvidence()
    evidence.keep(format_request(REQUEST))
    rules = ReleaseRules(evidence)
    if skipped:
        rules.skip()
    return [
        found
        for index, entry in enumerate(entries)
        for found in rules.check(index, entry)
    ]


def test_a_request_that_is_not_there_is_missed_and_one_that_is_counts() -> None:
    empty, full = FakeEvidence(), FakeEvidence()
    full.keep(format_request(REQUEST))
    without, whole = ReleaseRules(empty), ReleaseRules(full)

    for rules in (without, whole):
        assert list(rules.check(0, of_run(ASKED))) == []

    (missing,) = without.take_missing()
    assert missing.startswith("its release request: ")
    assert without.take_missing() == []
    assert without.sound == set()
    assert whole.take_missing() == []
    assert whole.sound == {ID}


def test_an_entry_by_a_signed_answer_to_its_own_request_is_in_order() -> None:
    assert problems(of_run(ASKED), answer(), of_run(ENTERED)) == []


OTHER = Digest.of(b"another request")


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ((answer(), of_run(ENTERED)), "was never made"),
        ((of_run(ASKED), of_run(ENTERED)), "nobody has signed"),
        ((of_run(ASKED), answer(BOB), of_run(ENTERED)), "signed by another key"),
        ((of_run(ASKED), answer(request=OTHER), of_run(ENTERED)), "another request"),
        ((of_run(ASKED), answer(said=Answer.REJECT), of_run(ENTERED)), "is reject"),
        ((of_run(ASKED), answer(said=Answer.OVERRIDE), of_run(ENTERED)), "is override"),
        (
            (of_run(ASKED), answer(), of_run(replace(ENTERED, size=1))),
            "came only after it was judged",
        ),
        (
            (of_run(ASKED), answer(), of_run(replace(ENTERED, size=9))),
            "judged by 9 entries, of 2",
        ),
        (
            (of_run(ASKED), answer(), of_run(ENTERED), of_run(ENTERED)),
            "was used before, by entry 2",
        ),
        (
            (of_run(ASKED), answer(), of_run(replace(ENTERED, environment="staging"))),
            "made for something else",
        ),
        (
            (of_run(ASKED), answer(), of_run(ENTERED, RUN[:-1] + "B")),
            "made for something else",
        ),
        (
            (of_run(replace(ENTERED, request=None, size=0)),),
            "counts answers, and names no request",
        ),
        ((of_run(ASKED), of_run(ASKED)), "made a second time"),
        ((of_run(replace(ASKED, environment="staging")),), "says otherwise"),
        ((of_run(ASKED, RUN[:-1] + "B"),), "says otherwise"),
        (
            (
                of_run(ASKED),
                answer(),
                answer(ANN, Digest.of(b"no"), Answer.REJECT),
                of_run(replace(ENTERED, size=3)),
            ),
            "entry 2 had rejected its request",
        ),
    ],
)
def test_an_entry_that_nobody_allowed_is_found(
    entries: tuple[Entry, ...], problem: str
) -> None:
    assert any(problem in found for found in problems(*entries))


def test_what_was_pruned_is_not_missed() -> None:
    assert problems(of_run(replace(ENTERED, size=0)), skipped=True) == []


def test_an_override_counts_what_was_signed_as_one() -> None:
    broken = of_run(replace(ENTERED, override=True))
    assert problems(of_run(ASKED), answer(said=Answer.OVERRIDE), broken) == []
