import io
from pathlib import Path

from rich.console import Console

from sluicegate.demo.load import Tally
from sluicegate.demo.project import CHANGES
from sluicegate.demo.result import (
    LogReport,
    Released,
    RunReport,
    Shown,
    StageReport,
    Verified,
)
from sluicegate.demo.show import build_summary
from sluicegate.model.traffic import RequestCounts

RESULTS = ("deployed", "promoted", "rolled_back")


def shown(*notes: str, lost: int = 0) -> Shown:
    releases = []
    for change, result in zip(CHANGES, RESULTS, strict=True):
        canary = "closed" if result == "rolled_back" else "open"
        run = RunReport(
            run_id="R",
            verdict=canary,
            stages=(
                StageReport(name="lint", verdict="open", reason="", evidence={}),
                StageReport(
                    name="canary",
                    verdict=canary,
                    reason="",
                    evidence={"result": result},
                ),
            ),
            log=LogReport(origin="o", size=77, root="cm9vdA=="),
        )
        releases.append(Released(change, f"model-{change.name}", 0.97, run, 10.0))
    tally = Tally(
        {
            "model-v1": RequestCounts(2345, 0),
            "model-v2": RequestCounts(1000, 0),
            "model-v3": RequestCounts(210, 6),
        },
        lost,
        {"no answer": lost} if lost else {},
    )
    verified = Verified("tile/entries/000", 4711, "entry 70 is not what was signed")
    return Shown(tuple(releases), tally, verified, 125.0, notes)


def render(given: Shown, *, kept: bool = False) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(build_summary(given, Path("/tmp/demo"), kept=kept))  # noqa: S108
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_summary_tells_the_story() -> None:
    text = render(shown())
    for part in (
        "Three releases in 2 min 05 s",
        *(change.name for change in CHANGES),
        "deployed",
        "promoted",
        "rolled back",
        "2 345",
        "6 of 210",
        "77 entries, verified",
        "cm9vdA==",
        "entry 70 is not what was signed",
        "cd /tmp/demo",
        "sluice metrics",
    ):
        assert part in text, part


def test_what_was_not_looked_for_is_said_in_the_summary() -> None:
    assert "NOT LOOKED FOR" in render(shown("VULNERABILITIES WERE NOT LOOKED FOR"))


def test_a_service_that_was_kept_is_mentioned() -> None:
    assert "docker ps" in render(shown(), kept=True)
    assert "docker ps" not in render(shown())
