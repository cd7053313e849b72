"""Findings of all stages, the worst first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.model.decision import Outcome
from sluicegate.model.finding import Finding, Severity
from sluicegate.report.github.page import Table
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.text import code, link, quote_path, words

MARK = {
    Severity.ERROR: "🔴 error",
    Severity.WARNING: "🟡 warning",
    Severity.NOTE: "🔵 note",
}
"""How bad a finding is, for the eye."""

_WEIGHT = {Outcome.CLOSED: 0, Outcome.BROKEN: 1, Outcome.PENDING: 2, Outcome.OPEN: 3}


@dataclass(frozen=True, slots=True)
class Located:
    """A finding of *stage*; ``path`` is seen from the repository's root.

    ``path`` is None where the finding is about no file that could be shown.
    """

    stage: str
    finding: Finding
    path: str | None


def worst_first(shown: Shown) -> list[Located]:
    """All findings: errors before warnings, those of stages that are closed before.

    Beyond that in the order in which they were found.
    """
    outcomes = {stage.name: stage.outcome for stage in shown.run.stages}
    located = [
        Located(stage, finding, path_of(shown, finding))
        for stage, found in shown.findings.items()
        for finding in found
    ]

    def weight(each: Located) -> tuple[int, int]:
        outcome = outcomes.get(each.stage)
        return -each.finding.severity, 4 if outcome is None else _WEIGHT[outcome]

    return sorted(located, key=weight)


def path_of(shown: Shown, finding: Finding) -> str | None:
    """Where in the repository the finding is, None if that is nowhere in it."""
    path = f"{shown.folder}/{finding.path}" if shown.folder else finding.path
    if finding.path.endswith(":") or quote_path(path) is None:
        return None  # "image:", "."; or a path that leads out of the repository
    return path


def count_findings(found: Sequence[Located]) -> str:
    """``3 errors, 1 warning``; empty for none."""
    counts = (
        (sum(each.finding.severity is severity for each in found), noun)
        for severity, noun in (
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.NOTE, "note"),
        )
    )
    return ", ".join(
        f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", " ")
        for number, noun in counts
        if number
    )


_HEAD = ("Severity", "Where", "Rule", "What")


def finding_table(
    shown: Shown, found: Sequence[Located], most: int, full: str | None
) -> Table:
    """The first *most* of *found*, a row each; *full* is where the others are."""
    return Table(
        _HEAD,
        tuple(
            (
                MARK[each.finding.severity].replace(" ", "&nbsp;"),
                _where(shown, each),
                code(each.finding.rule, 80),
                words(each.finding.message),
            )
            for each in found[:most]
        ),
        left_out=max(0, len(found) - most),
        full=full,
    )


def _where(shown: Shown, each: Located) -> str:
    """The place of a finding, as a link to that line of that commit."""
    line = each.finding.line
    written = code(f"{each.finding.path}:{line}" if line else each.finding.path, 120)
    quoted = None if each.path is None else quote_path(each.path)
    if quoted is None:
        return written
    commit = shown.run.started.commit
    url = f"{shown.links.server}/{shown.links.repository}/blob/{commit}/{quoted}"
    return link(written, f"{url}#L{line}" if line > 0 else url)
