"""Unit tests of `sluicegate.cli.progress`."""

import io
from datetime import UTC, datetime

from rich.console import Console

from sluicegate.cli.progress import PlainObserver, TerminalObserver, build_observer
from sluicegate.engine.toolbox import Observer
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    PlannedStage,
    RunFinished,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.finding import Finding, Severity

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def play(observer: Observer, outcome: Outcome, findings: int = 0) -> None:
    """A run of lint and test in which lint ends as *outcome*."""
    stages = (PlannedStage("lint", "ruff", ()), PlannedStage("test", "x", ("lint",)))
    digest = Digest.of(b"")
    observer.event(
        RunStarted(
            "p_r_v1.0",
            digest,
            "a" * 40,
            "main",
            dirty=False,
            stages=stages,
            start_ts=NOW,
        )
    )
    observer.event(StageStarted("lint", 1, NOW))
    observer.line("lint", "checking [bold]everything[/]\x1b[2J")
    found = [Finding("E1", Severity.ERROR, "no", "a.py", n) for n in range(findings)]
    observer.findings("lint", found)
    observer.event(
        StageFinished(
            stage="lint",
            attempt=1,
            outcome=outcome,
            reason="it [is] so",
            gate=None,
            evidence=Evidence(),
            tools=(),
            subjects=(),
            usage=ResourceUsage(1234),
            start_ts=NOW,
            end_ts=NOW,
        )
    )
    observer.event(StageSkipped("test", "lint is closed"))
    observer.event(RunFinished(outcome, "lint: it [is] so", NOW, NOW, 1))


def on_terminal(outcome: Outcome, findings: int = 0) -> list[str]:
    """What is left on a terminal 60 columns wide."""
    stream = io.StringIO()
    console = Console(file=stream, width=60, highlight=False, no_color=True)
    play(TerminalObserver(console), outcome, findings)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_lines_elsewhere_hold_everything_and_no_escape() -> None:
    stream = io.StringIO()

    play(PlainObserver(stream), Outcome.CLOSED, findings=1)

    assert stream.getvalue().splitlines() == [
        "p_r_v1.0 · commit aaaaaaaaaaaa (main)",
        "lint: started",
        r"  lint | checking [bold]everything[/]\x1b[2J",
        "  lint: a.py: E1 no",
        "lint: closed in 1.2 s: it [is] so",
        "test: not run, lint is closed",
        "closed: lint: it [is] so",
    ]


def test_an_open_stage_is_one_line_on_a_terminal() -> None:
    lines = on_terminal(Outcome.OPEN)

    assert lines[1].split() == ["✓", "lint", "it", "[is]", "so", "1.2", "s"]
    assert not any("checking" in line for line in lines)


def test_a_closed_stage_shows_its_findings_but_not_all_of_a_thousand() -> None:
    lines = on_terminal(Outcome.CLOSED, findings=1000)

    assert sum("E1 no" in line for line in lines) == 20
    assert any("... and 980 more" in line for line in lines)


def test_a_closed_stage_without_findings_shows_what_the_tool_said() -> None:
    lines = on_terminal(Outcome.CLOSED)

    assert any(r"checking [bold]everything[/]\x1b[2J" in line for line in lines)


def test_a_file_gets_plain_lines() -> None:
    assert isinstance(build_observer(io.StringIO()), PlainObserver)
