"""Unit tests of `sluicegate.cli.live`."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console
from rollout_events import STARTED, at, block, weight
from run_events import EARLIER, NOW, RUN_ID, begin, end, planned, started

from sluicegate.canary.bounds import Bounds
from sluicegate.cli.live import TerminalObserver
from sluicegate.engine.machine import fold
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    Event,
    RolloutDirected,
    RolloutEvent,
    RunFinished,
    RunInterrupted,
    StageSkipped,
    WeightRequested,
)
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.rollout import CanaryVerdict, Direction
from sluicegate.model.secret import EndedLogin, GivenSecret
from sluicegate.report.rollout_bars import RolloutTerms


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


def test_what_a_stage_was_given_and_a_login_that_is_left_have_rows() -> None:
    terminal = Terminal(width=80)
    terminal.observer.event(begin("build"))
    given = GivenSecret("TOKEN", "bao", "openbao", "ml/\x1b[2Jtoken", None, "3")
    terminal.observer.event(SecretsGiven("build", (given,), NOW))
    terminal.observer.event(SecretsRevoked("build", (EndedLogin("aws"),), NOW))
    left = EndedLogin("bao", "no answer")
    terminal.observer.event(SecretsRevoked("build", (left,), NOW))
    terminal.observer.event(end("build"))

    shown = "\n".join(terminal.lines())
    assert "given TOKEN from bao (openbao): ml/" in shown
    assert "version 3" in shown
    assert "aws" not in shown
    assert "! build" in shown
    assert "the login to bao is not revoked: no answer" in shown
    assert "\x1b[2J" not in shown


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


def rolling_out(*events: RolloutEvent, width: int = 80, height: int = 24) -> Terminal:
    """A terminal on which a canary is under way; a minute after its last event."""
    terminal = Terminal(width, height)
    terms = RolloutTerms(
        {"errors": Bounds(4_000_000, 3_000_000)}, timedelta(seconds=90)
    )
    terminal.observer = TerminalObserver(terminal.console, {"canary": terms})
    terminal.observer.event(started(planned("canary")))
    terminal.observer.event(begin("canary"))
    for event in (STARTED, CanaryReady("canary"), weight(5, 0), *events):
        terminal.observer.event(event)
    terminal.seconds = 120
    return terminal


def test_a_rollout_has_its_evidence_below_the_line_of_its_stage() -> None:
    terminal = rolling_out(block(0, 60, 1_000_000, 1_500_000))

    live = terminal.live()

    assert (
        live[0]
        == "canary 2 min 00 s  5 % · canary failed 2.0 % of 50 · stable 1.1 % of 950"
    )
    assert [line.strip() for line in live[1:]] == [
        "v2 has 5 % of production, beside v1",
        "canary fails     2 % of  50  95 % Wilson interval 0.35 % to 10 %",
        "stable fails   1.1 % of 950  95 % Wilson interval 0.57 % to 1.9 %",
        "evidence  abort                       promote",
        "errors    █████···············  25 %  ██████████··········  50 %",
        "next look in 30 s",
    ]
    terminal.observer.close()


def test_the_lines_of_a_rollout_go_with_its_stage_and_leave_the_verdict() -> None:
    terminal = rolling_out(
        block(0, 60),
        RolloutDirected("canary", Direction.PAUSE, "wait", (), at(60)),
        CanaryJudged("canary", CanaryVerdict.ABORT, "evidence", "aborted after 50"),
    )
    terminal.observer.event(end("canary", Outcome.CLOSED, reason="aborted after 50"))

    said = [" ".join(line.split()) for line in terminal.lines()]
    assert "canary paused by its operator: wait" in said
    assert [line for line in said if "aborted after 50" in line] == [
        "✗ canary 1.2 s aborted after 50"
    ]
    assert not terminal.observer._shown.stages


def test_a_rollout_leaves_the_other_stages_their_lines() -> None:
    terminal = rolling_out(block(0, 60), height=8)
    terminal.observer.event(begin("lint"))

    live = terminal.live()

    assert len(live) == 2
    assert live[1].startswith("lint")
    terminal.observer.close()


def test_a_resumed_rollout_knows_what_was_counted_before() -> None:
    events: list[Event] = [
        started(planned("canary")),
        begin("canary"),
        STARTED,
        CanaryReady("canary"),
        WeightRequested("canary", 5),
        weight(5, 0),
        block(0, 60),
        RunInterrupted("canary"),
    ]
    terminal = Terminal(80)

    terminal.observer.resumed(fold(RUN_ID, events))
    terminal.observer.event(begin("canary", 2, seconds=60))
    terminal.observer.event(block(60, 120))

    assert "canary fails     2 % of   100" in terminal.live()[2]
    terminal.observer.close()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_of_a_rollout_is_wider_than_the_terminal(width: int) -> None:
    terminal = rolling_out(block(0, 60), width=width)

    lines = terminal.console.render_lines(terminal.observer._shown, pad=False)

    widths = [sum(segment.cell_length for segment in line) for line in lines]
    assert max(widths) <= width
    assert len(lines) == 7
    terminal.observer.close()


def test_names_in_a_rollout_cannot_move_the_cursor() -> None:
    terminal = Terminal(80)
    release = replace(STARTED.canary, name="v2\x1b[2J")
    terminal.observer.event(begin("canary"))
    terminal.observer.event(replace(STARTED, canary=release))

    assert terminal.live()[1].strip() == r"v2\x1b[2J starts in production, beside v1"
    terminal.observer.close()
