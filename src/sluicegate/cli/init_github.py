"""What ``sluice init --github`` does: write, say what was written and what is next."""

import os
import textwrap
from pathlib import Path

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.detect.github.files import Mode
from sluicegate.detect.github.next_steps import next_steps
from sluicegate.wiring.github.first_files import Beginning, Standing, plan_beginning
from sluicegate.wiring.machine import Machine

_WIDTH = 88
_SAID = {
    Standing.NEW: "wrote {}",
    Standing.SAME: "{} is as it should be already",
    Standing.DIFFERENT: "left {} as it is; --print shows what would be written",
}


def write_workflows(folder: Path, mode: str, *, only_print: bool) -> ExitCode:
    """Write the workflows of the repository around *folder*, or print them.

    Raises:
        UsageError: *mode* does not fit what is there.
        PermanentError: something cannot be written.
    """
    use_what_the_terminal_has()
    place = Path(os.path.abspath(folder))  # noqa: PTH100 - without following links
    beginning = plan_beginning(Machine(), place, Mode(mode))
    if only_print:
        _print(beginning)
        return ExitCode.OPEN
    written = [_shown(pipeline.path) for pipeline in beginning.pipelines]
    standings = [(file, beginning.standing(file)) for file in beginning.files]
    beginning.write()
    lines = [f"wrote {name}" for name in written]
    for file, standing in standings:
        name = _shown(beginning.root / file.path)
        lines.append(_SAID[standing].format(name))
        if standing is Standing.NEW:
            written.append(name)
    lines += ["", "next:"]
    steps = next_steps(beginning.plan, beginning.repository, written)
    for number, step in enumerate(steps, start=1):
        lead = f"{number:2}. "
        lines += textwrap.wrap(
            step.text, _WIDTH, initial_indent=lead, subsequent_indent="    "
        )
        lines += (f"      {line}" for line in step.lines)
    write_result("\n".join(lines))
    return ExitCode.OPEN


def _print(beginning: Beginning) -> None:
    parts = [
        *((_shown(each.path), each.text) for each in beginning.pipelines),
        *((_shown(beginning.root / each.path), each.text) for each in beginning.files),
    ]
    shown = "\n".join(f"# --- {path}\n{text}" for path, text in parts)
    write_result(shown.removesuffix("\n"))


def _shown(path: Path) -> str:
    """*path* as its user would type it."""
    return os.path.relpath(path)
