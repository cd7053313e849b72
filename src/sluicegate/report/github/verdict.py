"""How a run ended, in one line: the first thing that anybody sees of it. Pure."""

from sluicegate.model.decision import Outcome
from sluicegate.model.run import Phase, Run, StageState
from sluicegate.report.entering import overridden
from sluicegate.report.github.shown import Shown

ICON = {
    Outcome.OPEN: "✅",
    Outcome.CLOSED: "❌",
    Outcome.PENDING: "⏳",
    Outcome.BROKEN: "⚠️",
}
"""Of a verdict, for the eye; the word is always beside it."""

NOT_RUN = "\N{HEAVY MINUS SIGN}"
"""Of a stage that has no verdict."""

_WORDS = {
    "open": Outcome.OPEN,
    "closed": Outcome.CLOSED,
    "pending": Outcome.PENDING,
}


def outcome_of(run: Run) -> Outcome:
    """How *run* ended; one that has no end is pending, as nobody has said no."""
    return run.finished.outcome if run.finished else Outcome.PENDING


def icon_of(word: str) -> str:
    """The mark of a verdict of the Action (``open``, ``tampered``, ...)."""
    return ICON[_WORDS.get(word, Outcome.BROKEN)]


def headline(shown: Shown) -> str:
    """``Closed at test: 2 tests failed``, not escaped, of any length.

    That an entry gate was overridden is never left to what comes later.
    """
    run = shown.run
    broken = overridden(run)
    also = f", {broken}" if broken else ""
    if run.finished is None:
        return f"Interrupted{also}: the run has no verdict yet"
    outcome = run.finished.outcome
    word = f"{outcome.value.capitalize()}{also}"
    at = [stage for stage in run.stages if stage.outcome is outcome]
    unanswered = [each.view for each in shown.asked if each.view.missing]
    if outcome is Outcome.PENDING and unanswered:
        places = ", ".join(each.request.environment for each in unanswered)
        return f"{word}: waits for approval, to go to {places}"
    if outcome is Outcome.OPEN or len(at) != 1 or at[0].finished is None:
        return f"{word}: {run.finished.reason}"
    return f"{word} at {at[0].name}: {at[0].finished.reason}"


def word_of(stage: StageState) -> str:
    """The verdict of a stage, or how far it has come."""
    if stage.outcome is not None:
        return stage.outcome.value
    return "cut off" if stage.phase is Phase.RUNNING else "not run"


def reason_of(stage: StageState) -> str:
    """Why a stage is where it is; empty where there is nothing to say; not escaped."""
    if stage.finished is not None:
        return stage.finished.reason
    return stage.skipped or ""


def was_left_out(run: Run, stage: StageState) -> bool:
    """Whether a stage was not run because its own condition says so.

    Not so if something before it did not open, or if the run was cut off: that it is
    missing then must not look fine.
    """
    if stage.phase is not Phase.SKIPPED:
        return False
    needed = [run.stage(name) for name in stage.planned.needs]
    return all(
        each.outcome is Outcome.OPEN or was_left_out(run, each) for each in needed
    )
