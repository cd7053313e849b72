"""What a person does next, on GitHub. Pure."""

from sluicegate.model.decision import Outcome
from sluicegate.model.run import Run
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.verdict import outcome_of
from sluicegate.report.open_rollouts import under_way
from sluicegate.report.undecided import lacks_examples


def next_step(shown: Shown) -> str:
    """One line, not escaped; empty where there is nothing to do."""
    run = shown.run
    kept = shown.unrecorded is None  # else nobody remembers what was open
    if run.finished is None:
        goes_on = "it goes on where it was cut off" if kept else "it begins anew"
        return f"run this job again: {goes_on}"
    match outcome_of(run):
        case Outcome.OPEN:
            return ""
        case Outcome.CLOSED if run.started.rollback is not None:
            return "that answer stands; sluice rollback goes back anew, also further"
        case Outcome.CLOSED:
            return "that answer stands for this commit: mend it, commit and push"
        case Outcome.BROKEN:
            again = "; what is open is not run again" if kept else ""
            return (
                "nothing was judged there: mend what broke and run this job"
                f" again{again}"
            )
        case Outcome.PENDING if places := under_way(run):
            return (
                f"the rollout to {places[0]} is under way: ticks of the rollout"
                " workflow go on with it"
            )
        case Outcome.PENDING if shown.asked:
            return "somebody has to answer the request; nothing is running until then"
        case Outcome.PENDING:
            return _wait(run)


def _wait(run: Run) -> str:
    if lacks_examples(run):
        return "run this job with more examples: of the same ones it says the same"
    return "run this job again later: nothing is running until then"
