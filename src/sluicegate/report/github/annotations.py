"""Annotations as commands to the runner: the worst that there is to see. Pure.

A step may make ten errors, ten warnings and ten notices, so only the worst are; all are
in the summary.

Source:
    GitHub, "Workflow commands for GitHub Actions"; `workflow_commands` for how they are
    written so that nothing in them is another command.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.model.decision import Outcome
from sluicegate.model.finding import Severity
from sluicegate.report.github.findings import Located, worst_first
from sluicegate.report.github.limits import COMMANDS
from sluicegate.report.github.shown import Said, Shown
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
_WORRYING = frozenset(("closed", "broken", "usage", "tampered", "interrupted"))
_MOST = 500  # characters of a message


@dataclass(frozen=True, slots=True)
class Command:
    """A command to the runner, as `workflow_commands.format_command` writes it."""

    name: str
    value: str
    properties: Mapping[str, str | int] = field(default_factory=dict)


def _annotate(kind: str, message: str, **properties: str | int) -> Command:
    """An annotation, of which everything is of one line and of bounded length."""
    shown = {
        name: value if isinstance(value, int) else shorten(value)
        for name, value in properties.items()
    }
    return Command(kind, shorten(message, _MOST), shown)


def annotations(shown: Shown, notices: Sequence[str] = ()) -> list[Command]:
    """The commands: the verdict, the worst findings of each kind, and *notices*.

    *notices* are what could not be shown elsewhere.
    """
    left = {"error": COMMANDS, "warning": COMMANDS, "notice": COMMANDS}
    chosen = []
    for each in _all(shown, notices):
        if left[each.name]:
            left[each.name] -= 1
            chosen.append(each)
    return chosen


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


def _all(shown: Shown, notices: Sequence[str]) -> Iterator[Command]:
    kind = _OF_RUN.get(outcome_of(shown.run))
    if kind is not None:
        title = f"Sluicegate {shown.pipeline}"
        yield _annotate(kind, headline(shown), title=title)
    for notice in notices:
        yield _annotate("notice", notice, title="Sluicegate")
    for each in worst(shown):
        yield _located(_KINDS[each.finding.severity], each)


def _located(kind: str, each: Located) -> Command:
    finding = each.finding
    title = f"{each.stage}: {finding.rule}"
    if each.path is None:
        return _annotate(kind, f"{finding.path}: {finding.message}", title=title)
    if finding.line < 1:
        return _annotate(kind, finding.message, file=each.path, title=title)
    return _annotate(
        kind, finding.message, file=each.path, line=finding.line, title=title
    )


def annotate_said(said: Said) -> list[Command]:
    """What went wrong in a step that is not about a run; none if nothing did."""
    if said.word not in _WORRYING:
        return []
    hint = f" ({said.hint})" if said.hint else ""
    title = f"Sluicegate: {said.word}"
    return [_annotate("error", f"{said.title}{hint}", title=title)]
