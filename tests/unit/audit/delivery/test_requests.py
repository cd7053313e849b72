"""Unit tests of `sluicegate.audit.delivery.requests`."""

from delivery_log import Script, moment

from sluicegate.model.decision import Outcome
from sluicegate.model.delivery import ReleaseAsked


def asked(script: Script) -> ReleaseAsked:
    (found,) = script.facts().asked
    return found


def test_waiting_lasts_from_the_request_to_the_entrance() -> None:
    script = Script()
    script.run("R1", 0)
    script.ask("R1", 5, 65)

    found = asked(script)

    assert (found.asked_at, found.entered_at) == (moment(5), moment(65))


def test_asking_anew_goes_on_waiting() -> None:
    script = Script()
    script.run("R1", 0)
    script.ask("R1", 5, expires=100)
    script.ask("R1", 120, 150, expires=220)

    found = asked(script)

    assert (found.asked_at, found.entered_at) == (moment(5), moment(150))
    assert found.expires_at == moment(220)


def test_a_request_that_was_refused_ends_without_an_entrance() -> None:
    script = Script()
    script.run("R1", 0)
    script.ask("R1", 5)
    script.stage("R1", 20, 1, "canary", Outcome.CLOSED)

    found = asked(script)

    assert (found.entered_at, found.ended_at) == (None, moment(21))


def test_a_run_that_pauses_goes_on_waiting_and_one_that_ends_does_not() -> None:
    script = Script()
    script.run("R1", 0)
    script.ask("R1", 5)
    script.stage("R1", 6, 1, "canary", Outcome.PENDING)
    script.end("R1", 8, Outcome.PENDING)
    assert asked(script).ended_at is None

    script.end("R1", 9, Outcome.CLOSED)

    assert asked(script).ended_at == moment(9)


def test_the_end_of_a_run_after_it_entered_changes_nothing() -> None:
    script = Script()
    script.run("R1", 0)
    script.ask("R1", 5, 10)
    script.end("R1", 30)

    assert asked(script).ended_at is None
