"""Unit tests of `sluicegate.wiring.hiding_observer`."""

from fakes import FakeObserver

from sluicegate.adapters.masking import Masks
from sluicegate.model.finding import Finding, Severity
from sluicegate.wiring.hiding_observer import HidingObserver

WORD = "p7Xq-ZkL0wT9_vBn3RmJ"


def test_nothing_that_is_said_of_a_run_shows_a_secret() -> None:
    masks, heard = Masks({}, None), FakeObserver()
    observer = HidingObserver(heard, masks)
    observer.line("test", f"{WORD} is not known yet")
    masks.hide([WORD])

    observer.line("test", f"it is {WORD}")
    found = Finding("x", Severity.NOTE, f"a {WORD}", f"{WORD}.py", 1)
    observer.findings("test", [found])

    assert heard.lines[-1] == ("test", "it is ***")
    assert heard.found == [Finding("x", Severity.NOTE, "a ***", "***.py", 1)]
