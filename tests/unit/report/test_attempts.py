"""Unit tests of `sluicegate.report.attempts`."""

from run_events import begin, end, planned, started

from sluicegate.model.decision import Outcome
from sluicegate.model.event import RunResumed
from sluicegate.report.attempts import Attempts


def after(*events: object) -> Attempts:
    attempts = Attempts()
    for event in events:
        attempts.see(event)  # type: ignore[arg-type]
    return attempts


def test_a_first_attempt_is_nothing_to_speak_of() -> None:
    first = begin("test")

    assert after(started(planned("test", retries=2)), first).describe_start(first) == ""


def test_only_what_is_broken_is_tried_again() -> None:
    attempts = after(started(planned("test", retries=2)), begin("test"))

    assert attempts.announce_next(end("test", Outcome.CLOSED)) == ""
    assert attempts.announce_next(end("test")) == ""
    broken = end("test", Outcome.BROKEN)
    assert attempts.announce_next(broken) == "attempt 2 of 3 follows"


def test_attempts_under_way_are_known_by_stage() -> None:
    attempts = after(begin("lint"), begin("test"), end("lint"))

    assert list(attempts.running) == ["test"]


def test_after_a_resumption_the_count_goes_on_and_the_retries_begin_anew() -> None:
    second = begin("test", 2, seconds=100)
    attempts = after(
        started(planned("test", retries=1)),
        begin("test"),
        end("test", Outcome.BROKEN),
        RunResumed(),
        second,
    )

    assert attempts.describe_start(second) == "attempt 2 of 3"
