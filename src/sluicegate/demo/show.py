"""What the demo looks like."""

import sys
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sluicegate.demo.result import Released, Shown
from sluicegate.detect.words import count
from sluicegate.model.traffic import RequestCounts

_MARKS = {"open": "[green]✓[/]", "closed": "[red]✗[/]", "broken": "[magenta]![/]"}
_RESULTS = {
    "deployed": "[green]deployed[/]",
    "promoted": "[green]promoted[/]",
    "rolled_back": "[red]rolled back[/]",
}


class Screen:
    """Says what happens, on *console*."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._console.print()
        self._console.print(Rule(f"[bold]{escape(text)}[/]", align="left"))

    def say(self, text: str) -> None:
        """Say what is done now."""
        self._console.print(text, style="dim", markup=False, highlight=False)

    def note(self, text: str) -> None:
        """Say what is another way here than the documentation says."""
        self._console.print(text, style="yellow", markup=False, highlight=False)

    def warn(self, text: str) -> None:
        """Say what nobody must miss."""
        self._console.print(Panel(Text(text), border_style="yellow", style="yellow"))

    def summary(self, shown: Shown, project: Path, *, kept: bool) -> None:
        """End with what was seen."""
        self._console.print()
        self._console.print(build_summary(shown, project, kept=kept))


def build_summary(shown: Shown, project: Path, *, kept: bool) -> RenderableType:
    """Draw the summary.

    Args:
        shown: what was seen.
        project: where the repository of the demo is.
        kept: whether the service still runs.
    """
    minutes, seconds = divmod(round(shown.seconds), 60)
    parts: list[RenderableType] = [
        _releases(shown),
        Text(),
        _traffic(shown),
        Text(),
        _log(shown),
    ]
    for note in shown.notes:
        parts += [Text(), Text(note, style="bold yellow")]
    parts += [Text(), _look(project, kept=kept)]
    return Panel(
        Group(*parts),
        title=f"[bold]Three releases in {minutes} min {seconds:02} s[/]",
        border_style="cyan",
        padding=(1, 2),
    )


def _releases(shown: Shown) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("release")
    table.add_column("what changed", ratio=1)
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("gates", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for released in shown.releases:
        table.add_row(
            f"[bold]{released.change.name}[/]",
            escape(released.change.subject),
            f"{released.accuracy:.1%}",
            " ".join(_MARKS.get(stage.verdict, "-") for stage in released.run.stages),
            _RESULTS.get(released.run.result, released.run.result),
        )
    return table


def _traffic(shown: Shown) -> Group:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("served by")
    table.add_column("requests", justify="right")
    table.add_column("failed", justify="right")
    for released in shown.releases:
        counts = shown.served(released)
        table.add_row(f"[bold]{released.change.name}[/]", *_numbers(counts))
    table.add_row("lost on the way", "", _bad(shown.tally.lost))
    bad = shown.releases[-1]
    return Group(table, Text(), _moral(bad, shown.served(bad)))


def _moral(bad: Released, counts: RequestCounts) -> Text:
    """Why the third release failed, and what stopped it."""
    passed = count(sum(each.verdict == "open" for each in bad.run.stages), "gate")
    return Text.assemble(
        (f"{bad.change.name} had the best accuracy and passed {passed}", "bold"),
        ", but fails where users say that a bird's sex is unknown, as no data and no"
        f" golden request does. Its canary met them: {counts.failed} of"
        f" {_thousands(counts.total)} requests failed, its gate closed, and everybody"
        " was back on the release before.",
    )


def _log(shown: Shown) -> Table:
    log = shown.releases[-1].run.log
    verified = shown.verified
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("log", f"{log.size} entries, verified")
    table.add_row("root", escape(log.root))
    table.add_row(
        "one byte changed",
        f"in a copy, {escape(verified.altered)} byte {verified.offset}:"
        f" [green]found[/] ({escape(verified.problem)})",
    )
    return table


def _look(project: Path, *, kept: bool) -> Group:
    sluice = Path(sys.executable).with_name("sluice")
    lines = [
        Text("Have a look:", style="bold"),
        Text(f"  cd {project}", style="cyan"),
        Text("  git log --patch", style="cyan"),
        Text(f"  {sluice} audit log", style="cyan"),
        Text(f"  {sluice} metrics    # how its releases went", style="cyan"),
    ]
    if kept:
        lines.append(Text("  docker ps    # v2 still serves", style="cyan"))
    return Group(*lines)


def _numbers(counts: RequestCounts) -> tuple[str, str]:
    return _thousands(counts.total), _bad(counts.failed)


def _bad(number: int) -> str:
    return f"[red]{_thousands(number)}[/]" if number else "[green]0[/]"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", " ")
