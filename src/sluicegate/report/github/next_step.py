"""What a person does next, on GitHub. Pure."""

from sluicegate.model.decision import Outcome
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.verdict import outcome_of
from sluicegate.report.open_rollouts import under_way


def next_step(shown: Shown) -> str:
    """One line, not escaped; empty where there is nothing to do."""
    run = shown.run
    if run.finished is None:
        return "run this job again: it goes on where it was cut off"
    match outcome_of(run):
        case Outcome.OPEN:
            return ""
        case Outcome.CLOSED if run.started.rollback is not None:
            return "that answer stands; sluice rollback goes back anew, also further"
        case Outcome.CLOSED:
            return "that answer stands for this commit: mend it, commit and push"
        case Outcome.BROKEN:
            return (
                "nothing was judged there: mend what broke and run this job again;"
                " what is open is not run again"
            )
        case Outcome.PENDING if places := under_way(run):
            return (
                f"the rollout to {places[0]} is under way: ticks of the rollout"
                " workflow go on with it"
            )
        case Outcome.PENDING if shown.asked:
            return "somebody has to answer the request; nothing is running until then"
        case Outcome.PENDING:
            return "run this job again later: nothing is running until then"
