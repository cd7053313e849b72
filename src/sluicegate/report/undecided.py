"""What a run needs that could not be told from the examples it had. Pure."""

from sluicegate.gates.undecided import INCONCLUSIVE
from sluicegate.model.decision import Outcome
from sluicegate.model.run import Run


def lacks_examples(run: Run) -> bool:
    """Whether a stage is pending because what it was given could not tell.

    To ask again what is the same is of no use then.
    """
    return any(
        stage.finished is not None
        and stage.outcome is Outcome.PENDING
        and INCONCLUSIVE in stage.finished.evidence.fields
        for stage in run.stages
    )
