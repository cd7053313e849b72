"""Unit tests of `sluicegate.cli.live`."""

import io

import pytest
from rich.console import Console
from run_events import EARLIER, NOW, begin, end, planned, started

from sluicegate.cli.live import TerminalObserver
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    RunFinished,
    RunInterrupted,
    StageSkipped,
)
from sluicegate.model.finding import Finding, Severity


class Terminal:
    """A terminal on which time passes only when a test says so.

    What it shows live is asked for with `live`; what stays is in `lines`.
    """

    def __init__(self, width: int = 60, height: int = 24) -> None:
        self.seconds = 0.0
        self._stream = io.StringIO()
        self.console = Console(
            file=self._stream,
            width=width,
            height=height,
            highlight=False,
            no_color=True,
            get_time=lambda: self.seconds,
        )
        self.observer = TerminalObserver(self.console)

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._stream.getvalue().splitlines()]

    def live(self) -> list[str]:
        """The live lines, without the spinner."""
        found = self.console.render_lines(self.observer._shown, pad=False)
        texts = ("".join(segment.text for segment in line) for line in found)
        return [text[2:].rstrip() if text.strip() else "" for text in texts]

    def end(self, outcome: Outcome) -> None:
        self.observer.event(RunFinished(outcome, "the end", NOW, NOW, 1))


def findings(number: int) -> list[Finding]:
    return [Finding("E1", Severity.ERROR, "no", "a.py", n) for n in range(number)]


def test_an_open_stage_leaves_one_row() -> None:
    terminal = Terminal()

    terminal.observer.event(started(planned("lint")))
    terminal.observer.event(begin("lint"))
    terminal.observer.line("lint", "checking everything")
    terminal.observer.event(end("lint", reason="it [is] \x1b[2Jso"))
    terminal.end(Outcome.OPEN)

    assert terminal.lines() == [
        "p_r_v1.0 · commit aaaaaaaaaaaa (main)",
        r"✓ lint      1.2 s  it [is] \x1b[2Jso",
        "open: the end",
    ]


def test_every_running_stage_has_a_line_with_its_own_time_and_last_words() -> None:
    terminal = Terminal()

    terminal.observer.event(started(planned("lint"), planned("train")))
    terminal.observer.event(begin("train"))
    terminal.seconds = 60
    terminal.observer.event(begin("lint"))
    terminal.observer.line("train", "epoch 1")
    terminal.observer.line("train", "epoch 2")
    terminal.seconds = 65

    assert terminal.live() == ["train 1 min 05 s  epoch 2", "lint       5.0 s"]
    terminal.observer.close()


def test_details_are_those_of_the_stage_that_ended() -> None:
    terminal = Terminal()

    for name in ("lint", "test", "scan"):
        terminal.observer.event(begin(name))
        terminal.observer.line(name, f"{name} says")
    terminal.observer.findings("scan", findings(1))
    terminal.observer.event(end("test", Outcome.CLOSED))
    terminal.observer.event(end("scan", Outcome.CLOSED))
    terminal.observer.event(end("lint"))

    assert terminal.lines() == [
        "✗ test       1.2 s  it is so",
        "    test says",
        "✗ scan       1.2 s  it is so",
        "    a.py: E1 no",
        "✓ lint       1.2 s  it is so",
    ]


def test_a_closed_stage_shows_its_findings_but_not_all_of_a_thousand() -> None:
    terminal = Terminal()

    terminal.observer.event(begin("lint"))
    terminal.observer.findings("lint", findings(1000))
    terminal.observer.event(end("lint", Outcome.CLOSED))

    lines = terminal.lines()
    assert sum("E1 no" in line for line in lines) == 20
    assert any("... and 980 more" in line for line in lines)


def test_a_result_that_was_there_is_marked_cached_and_has_no_time() -> None:
    terminal = Terminal()

    terminal.observer.event(begin("lint"))
    terminal.observer.event(end("lint", cached=f"{EARLIER}/lint/1"))

    assert terminal.lines() == ["✓ lint      cached  it is so"]


def test_between_two_attempts_the_wait_is_shown() -> None:
    terminal = Terminal()

    terminal.observer.event(started(planned("test", retries=1)))
    terminal.observer.event(begin("test"))
    terminal.observer.line("test", "lost the connection")
    terminal.observer.event(end("test", Outcome.BROKEN, reason="it broke"))
    terminal.seconds = 3

    assert terminal.live() == ["test      3.0 s  attempt 2 of 2 follows"]
    assert terminal.lines()[-1] == (
        "! test      1.2 s  it broke; attempt 2 of 2 follows"
    )
    terminal.observer.event(begin("test", 2, seconds=3))
    assert terminal.live() == ["test      0.0 s  attempt 2 of 2, after 3.0 s"]
    terminal.observer.event(end("test", attempt=2))


def test_stages_that_were_cut_off_or_left_out_have_a_row_of_their_own() -> None:
    terminal = Terminal()

    terminal.observer.event(begin("lint"))
    terminal.observer.event(begin("test"))
    terminal.observer.event(StageSkipped("scan", "when: it is no release"))
    terminal.seconds = 2
    terminal.observer.event(RunInterrupted(None))

    assert terminal.lines() == [
        "- scan     skipped  when: it is no release",
        "! lint       2.0 s  cut off",
        "! test       2.0 s  cut off",
        "interrupted",
    ]
    assert not terminal.observer._shown.stages


def test_a_request_to_stop_is_shown_below_the_stages() -> None:
    terminal = Terminal(width=80)

    terminal.observer.event(begin("lint"))
    terminal.observer.tell_that_it_stops()

    assert "once more to stop at once" in terminal.live()[-1]
    terminal.observer.close()


def test_more_stages_than_lines_are_counted() -> None:
    terminal = Terminal(height=10)

    for number in range(20):
        terminal.observer.event(begin(f"s{number}"))

    live = terminal.live()
    assert len(live) == 8
    assert live[-1] == "... and 13 more"
    terminal.observer.close()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    terminal = Terminal(width=width)
    name = "a_stage_with_quite_a_long_name_of_its_own"

    terminal.observer.event(started(planned(name)))
    terminal.observer.event(begin(name))
    terminal.observer.line(name, "漢字 " * 100)
    live = terminal.console.render_lines(terminal.observer._shown, pad=False)
    terminal.observer.event(end(name, Outcome.CLOSED, reason="so many words " * 9))
    terminal.end(Outcome.CLOSED)

    assert [sum(segment.cell_length for segment in line) for line in live] <= [width]
    assert all(len(line) <= width for line in terminal.lines())
    assert "".join(terminal.lines()).count("words") == 9


def test_what_is_said_before_any_stage_runs_is_shown_and_then_gone() -> None:
    terminal = Terminal()

    terminal.observer.event(begin("test"))
    terminal.observer.line("setup", "installing the project's needs")
    assert terminal.live()[1].split()[0] == "setup"
    terminal.observer.event(end("test"))

    assert terminal.lines() == ["✓ test       1.2 s  it is so"]
    assert not terminal.observer._shown.stages
