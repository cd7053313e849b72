"""Unit tests of `sluicegate.cli.progress`."""

import io

from run_events import EARLIER, begin, end, planned, started

from sluicegate.cli.lines import PlainObserver
from sluicegate.cli.progress import build_observer
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    RunFinished,
    RunInterrupted,
    RunResumed,
    StageSkipped,
)
from sluicegate.model.finding import Finding, Severity


class Lines:
    """What is written where there is no terminal."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.observer = PlainObserver(self._stream)

    def all(self) -> list[str]:
        return self._stream.getvalue().splitlines()


def test_lines_hold_everything_and_no_escape() -> None:
    lines, lint = Lines(), begin("lint")
    observer = lines.observer

    observer.event(started(planned("lint"), planned("test", "lint")))
    observer.event(lint)
    observer.line("lint", "checking [bold]everything[/]\x1b[2J")
    observer.findings("lint", [Finding("E1", Severity.ERROR, "no", "a.py", 3)])
    observer.event(end("lint", Outcome.CLOSED, reason="it [is] so"))
    observer.event(StageSkipped("test", "lint is closed"))
    observer.event(
        RunFinished(Outcome.CLOSED, "stopped at lint", lint.start_ts, lint.start_ts, 1)
    )

    assert lines.all() == [
        "p_r_v1.0 · commit aaaaaaaaaaaa (main)",
        "lint: started",
        r"  lint | checking [bold]everything[/]\x1b[2J",
        "  lint: a.py:3: E1 no",
        "lint: closed in 1.2 s: it [is] so",
        "test: not run, lint is closed",
        "closed: stopped at lint",
    ]


def test_a_result_that_was_there_is_not_said_to_have_been_found_now() -> None:
    lines = Lines()

    lines.observer.event(end("lint", cached=f"{EARLIER}/lint/1"))

    assert lines.all() == ["lint: open (cached): it is so"]


def test_a_retry_is_announced_and_counted() -> None:
    lines = Lines()

    lines.observer.event(started(planned("test", retries=2)))
    for attempt, seconds in ((1, 0), (2, 10), (3, 30)):
        lines.observer.event(begin("test", attempt, seconds))
        lines.observer.event(
            end("test", Outcome.BROKEN, attempt=attempt, seconds=seconds)
        )

    assert lines.all()[1:] == [
        "test: started",
        "test: broken in 1.2 s: it is so; attempt 2 of 3 follows",
        "test: started, attempt 2 of 3, after 10 s",
        "test: broken in 1.2 s: it is so; attempt 3 of 3 follows",
        "test: started, attempt 3 of 3, after 20 s",
        "test: broken in 1.2 s: it is so",
    ]


def test_a_resumed_run_counts_its_retries_anew() -> None:
    lines = Lines()

    lines.observer.event(started(planned("test", retries=1)))
    lines.observer.event(RunResumed())
    lines.observer.event(begin("test", 3))
    lines.observer.event(end("test", Outcome.BROKEN, attempt=3))

    assert lines.all()[1:] == [
        "resumed",
        "test: started, attempt 3 of 4",
        "test: broken in 1.2 s: it is so; attempt 4 of 4 follows",
    ]


def test_an_interruption_names_every_stage_that_was_cut_off() -> None:
    lines = Lines()

    for name in ("lint", "test", "build"):
        lines.observer.event(begin(name))
    lines.observer.event(end("lint"))
    lines.observer.event(RunInterrupted(None))

    assert lines.all()[-1] == "interrupted in test, build"


def test_a_file_gets_plain_lines() -> None:
    assert isinstance(build_observer(io.StringIO()), PlainObserver)
