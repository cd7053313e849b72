"""Unit tests of `sluicegate.cli.github.grouped`, and of the log it writes to."""

import io
from itertools import count

import pytest
from run_events import at, begin, end, planned, started

from sluicegate.cli.github.grouped import GroupedObserver
from sluicegate.cli.github.step_log import StepLog
from sluicegate.model.decision import Outcome
from sluicegate.model.event import RunFinished, RunInterrupted, StageSkipped
from sluicegate.model.finding import Finding, Severity


class World:
    """A log of a step, read as its runner reads it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        numbers = count(1)
        self.log = StepLog(self.stream, lambda: f"token{next(numbers)}")
        self.log.begin()
        self.observer = GroupedObserver(self.log)

    def read(self) -> list[str]:
        """What the runner does: groups, text; a word for commands that are obeyed."""
        self.log.end()
        shown, stopped = [], ""
        for line in self.stream.getvalue().splitlines():
            if stopped:
                if line == f"::{stopped}::":
                    stopped = ""
                else:
                    shown.append(f"| {line}")
            elif line.startswith("::stop-commands::"):
                stopped = line.removeprefix("::stop-commands::")
            else:
                shown.append(f"{line} OBEYED")
        assert not stopped
        return shown


@pytest.fixture
def world() -> World:
    return World()


def finished(outcome: Outcome = Outcome.OPEN) -> RunFinished:
    return RunFinished(outcome, "all 2 gates are open", at(0), at(1), 1000)


def test_each_stage_is_a_group_and_its_verdict_stands_beside_it(world: World) -> None:
    see = world.observer
    for event in (started(planned("lint"), planned("test")), begin("lint")):
        see.event(event)
    see.line("lint", "looking")
    see.event(end("lint"))
    see.event(begin("test"))
    see.event(end("test", Outcome.CLOSED, reason="1 failed"))
    see.event(finished(Outcome.CLOSED))

    assert world.read()[1:] == [
        "::group::lint OBEYED",
        "| lint: started",
        "| looking",
        "::endgroup:: OBEYED",
        "| lint: open in 1.2 s: it is so",
        "::group::test OBEYED",
        "| test: started",
        "::endgroup:: OBEYED",
        "| test: closed in 1.2 s: 1 failed",
        "| closed: all 2 gates are open",
    ]


def test_stages_at_the_same_time_are_shown_one_after_the_other(world: World) -> None:
    see = world.observer
    see.event(begin("a"))
    see.event(begin("b"))
    see.event(begin("c"))
    for number in range(2):
        for stage in ("a", "b", "c"):
            see.line(stage, f"{stage}{number}")
    see.event(end("b"))
    see.event(end("a"))
    see.line("c", "c2")
    see.event(StageSkipped("d", "c is not open"))
    see.event(end("c"))

    text = [line.removeprefix("| ") for line in world.read()]
    assert [line for line in text if len(line) == 2] == [
        *("a0", "a1", "b0", "b1", "c0", "c1", "c2")
    ]
    assert [line for line in text if "open" in line or "group" in line] == [
        "::group::a OBEYED",
        "::endgroup:: OBEYED",
        "a: open in 1.2 s: it is so",
        "::group::b OBEYED",
        "::endgroup:: OBEYED",
        "b: open in 1.2 s: it is so",
        "::group::c OBEYED",
        "::endgroup:: OBEYED",
        "d: not run, c is not open",
        "c: open in 1.2 s: it is so",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "::add-mask::main",
        "  ::error file=a.py,line=1::you are broken",
        "##[add-path]/tmp/evil",
        "::token1::",
        "::stop-commands::mine",
        "::endgroup::",
        "a\n::set-output name=verdict::open",
        "a\r::set-env name=PATH::/tmp",
    ],
)
def test_what_a_program_prints_is_never_a_command(world: World, said: str) -> None:
    world.observer.event(begin("test"))
    world.observer.line("test", said)
    world.observer.event(end("test", reason=said))
    world.observer.findings("test", [Finding(said, Severity.ERROR, said, said, 1)])
    world.observer.event(RunInterrupted(None))

    obeyed = [line for line in world.read() if line.endswith("OBEYED")]
    assert obeyed == ["::group::test OBEYED", "::endgroup:: OBEYED"]


def test_a_stage_of_any_name_opens_a_group_and_does_nothing_else(world: World) -> None:
    world.observer.event(begin("x\n::add-mask::y"))
    world.observer.close()

    assert world.read()[0].startswith("::group::x")
    assert len([line for line in world.read() if "OBEYED" in line]) == 2


def test_the_findings_of_the_last_attempt_are_kept(world: World) -> None:
    first = Finding("E1", Severity.ERROR, "bad", "a.py", 1)
    second = Finding("E2", Severity.ERROR, "worse", "a.py", 2)
    world.observer.event(begin("lint"))
    world.observer.findings("lint", [first])
    world.observer.event(begin("lint", attempt=2))
    world.observer.findings("lint", [second])
    world.observer.findings("lint", [second])

    assert world.observer.found == {"lint": (second, second)}


def test_of_a_stage_that_waits_long_the_end_is_shown(world: World) -> None:
    world.observer.event(begin("a"))
    world.observer.event(begin("b"))
    for number in range(6000):
        world.observer.line("b", f"b{number}")
    world.observer.close()

    text = world.read()
    assert "| (1001 lines before these are not shown)" in text  # its start is one
    assert text[-2:] == ["| b5999", "::endgroup:: OBEYED"]
