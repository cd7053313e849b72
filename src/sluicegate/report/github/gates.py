"""The gates of a run as tables. Pure."""

from collections.abc import Sequence

from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import ConditionResult, StageFinished
from sluicegate.model.run import StageState
from sluicegate.report.duration import format_duration
from sluicegate.report.entering import describe_entry
from sluicegate.report.github.page import Table
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.text import code, words
from sluicegate.report.github.verdict import ICON, NOT_RUN, reason_of, word_of
from sluicegate.report.plain import describe_publish
from sluicegate.report.releases import key_figures
from sluicegate.report.usage import describe_usage

_FIGURES = 6  # of a stage
_ROWS = 1000
_HEAD = ("Stage", "Gate", "Why", "Took")


def gate_table(shown: Shown) -> Table:
    """A row for every stage, each after those it needs."""
    stages = shown.run.stages
    rows = tuple(_row(stage) for stage in stages[:_ROWS])
    left_out = len(stages) - len(rows)
    return Table(_HEAD, rows, left_out=left_out, full=shown.links.report)


def _row(stage: StageState) -> tuple[str, ...]:
    finished = stage.finished
    icon = ICON[stage.outcome] if stage.outcome else NOT_RUN
    verdict = f"{icon}&nbsp;{word_of(stage).replace(' ', '&nbsp;')}"
    return (code(stage.name, 64), verdict, _why(stage), _took(finished))


def _took(finished: StageFinished | None) -> str:
    if finished is None:
        return ""
    if finished.cached is not None:
        return "cached"
    return format_duration(finished.usage.wall_ms).replace(" ", "&nbsp;")


def _why(stage: StageState) -> str:
    said = [words(reason_of(stage))] if reason_of(stage) else []
    if stage.finished is not None:
        figures = key_figures(stage.finished)[:_FIGURES]
        said += [
            "<sub>"
            + " · ".join(
                f"{code(name, 60)} {words(value, 60)}" for name, value in figures
            )
            + "</sub>"
        ] * bool(figures)
    said += [f"<sub>{words(note)}</sub>" for note in _notes(stage)]
    return "<br>".join(said)


def _notes(stage: StageState) -> list[str]:
    notes = [f"attempt {stage.attempt}"] if stage.attempt > 1 else []
    finished = stage.finished
    if finished is not None and (used := describe_usage(finished.usage)):
        notes.append(used)
    if stage.entered is not None:
        notes.append(describe_entry(stage.entered))
    if stage.publish:
        notes.append(describe_publish(stage.publish[-1]))
    return notes


def condition_table(shown: Shown, stages: Sequence[StageState]) -> Table | None:
    """Every condition of the gates of *stages*, those first that do not hold.

    None if there are none.

    The gate of an environment is named by the environment.
    """
    judged = [
        (where, each)
        for stage in stages
        for where, conditions in _gates(stage)
        for each in conditions
    ]
    judged.sort(key=lambda each: each[1].verdict is Verdict.OPEN)
    rows = tuple(
        (
            f"{ICON[Outcome.of(each.verdict)]}&nbsp;{each.verdict.value}",
            code(where, 64),
            code(each.condition),
            words(each.reason),
        )
        for where, each in judged[:_ROWS]
    )
    if not rows:
        return None
    head, left_out = ("", "Gate", "Condition", "Found"), len(judged) - len(rows)
    return Table(head, rows, left_out=left_out, full=shown.links.report)


def _gates(stage: StageState) -> list[tuple[str, tuple[ConditionResult, ...]]]:
    gates = []
    if stage.finished is not None and stage.finished.gate is not None:
        gates.append((stage.name, stage.finished.gate.conditions))
    if stage.entered is not None:
        gates.append((stage.entered.environment, stage.entered.conditions))
    return gates
