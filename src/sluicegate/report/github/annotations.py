"""Annotations as commands to the runner: the worst that there is to see. Pure.

A step may make ten errors, ten warnings and ten notices, so only the worst are; all are
in the summary.

Traps:
    A runner obeys every line of a step's output that begins with ``::``. A message must
    therefore stay on its line, and a property must end where it ends.

Source:
    https://github.com/actions/toolkit, packages/core/src/command.ts (what is escaped);
    GitHub, "Workflow commands for GitHub Actions".
"""

from collections.abc import Iterator, Sequence

from sluicegate.model.decision import Outcome
from sluicegate.model.finding import Severity
from sluicegate.report.github.findings import Located, worst_first
from sluicegate.report.github.limits import COMMANDS
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.text import shorten
from sluicegate.report.github.verdict import headline, outcome_of

_KINDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}
_OF_RUN = {
    Outcome.CLOSED: "error",
    Outcome.BROKEN: "error",
    Outcome.PENDING: "notice",
}
_MOST = 500  # characters of a message
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def command(kind: str, message: str, **properties: str | int) -> str:
    """A command to the runner on one line: ``::error file=a.py,line=3::message``.

    Nothing in *message* or in *properties* can end it or begin another one.
    """
    named = ",".join(
        f"{name}={_write(shorten(str(value)), _PROPERTY)}"
        for name, value in properties.items()
    )
    head = f"{kind} {named}" if named else kind
    return f"::{head}::{_write(shorten(message, _MOST), _DATA)}"


def _write(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(char, char) for char in text)


def annotations(shown: Shown, notices: Sequence[str] = ()) -> list[str]:
    """The commands: the verdict, the worst findings of each kind, and *notices*.

    *notices* are what could not be shown elsewhere.
    """
    left = {"error": COMMANDS, "warning": COMMANDS, "notice": COMMANDS}
    lines = []
    for kind, line in _all(shown, notices):
        if left[kind]:
            left[kind] -= 1
            lines.append(line)
    return lines


def worst(shown: Shown) -> list[Located]:
    """The findings that are among the annotations."""
    left = dict.fromkeys(_KINDS, COMMANDS)
    of_run = _OF_RUN.get(outcome_of(shown.run))
    for severity, kind in _KINDS.items():
        left[severity] -= kind == of_run
    found = []
    for each in worst_first(shown):
        if left[each.finding.severity] > 0:
            left[each.finding.severity] -= 1
            found.append(each)
    return found


def _all(shown: Shown, notices: Sequence[str]) -> Iterator[tuple[str, str]]:
    kind = _OF_RUN.get(outcome_of(shown.run))
    if kind is not None:
        title = f"Sluicegate {shown.pipeline}"
        yield kind, command(kind, headline(shown), title=title)
    for notice in notices:
        yield "notice", command("notice", notice, title="Not shown")
    for each in worst(shown):
        kind = _KINDS[each.finding.severity]
        yield kind, _located(kind, each)


def _located(kind: str, each: Located) -> str:
    finding = each.finding
    title = f"{each.stage}: {finding.rule}"
    if each.path is None:
        return command(kind, f"{finding.path}: {finding.message}", title=title)
    if finding.line < 1:
        return command(kind, finding.message, file=each.path, title=title)
    return command(
        kind, finding.message, file=each.path, line=finding.line, title=title
    )
