"""Why a gate said what it said, out of the log."""

from dataclasses import dataclass
from difflib import get_close_matches

from sluicegate.audit.history import read_run
from sluicegate.engine.explaining import explain_stage
from sluicegate.engine.machine import fold
from sluicegate.errors import UsageError
from sluicegate.model.run import Run
from sluicegate.report.gates import Explanation
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.runs import Runs


@dataclass(frozen=True)
class Explaining:
    """The runs of a log. ``pipeline`` is the pipeline file now, None without one.

    It is asked for units, and for what was not judged; verdicts are the log's.
    """

    runs: Runs
    pipeline: Pipeline | None

    def explain(self, stage: str, run_id: str | None) -> Explanation:
        """The gates of *stage* in the run that *run_id* names, by default the newest.

        Raises:
            UsageError: there is no such run, or it has no such stage.
            IntegrityError: the log is not what was written.
        """
        found = self.runs.find(run_id)
        events = read_run(self.runs.log, self.runs.place.journal(found), found).events
        run = fold(found, events)
        if stage not in {each.name for each in run.stages}:
            raise self._unknown(stage, run)
        return Explanation(run, stage, explain_stage(run, events, stage, self.pipeline))

    def _unknown(self, stage: str, run: Run) -> UsageError:
        names = [each.name for each in run.stages]
        close = get_close_matches(stage, names, n=1)
        here = self.pipeline.stages if self.pipeline else ()
        to = [
            each.name
            for each in here
            if isinstance(each.stage, CanaryStage) and each.stage.environment == stage
        ]
        if close:
            hint = f"did you mean {close[0]!r}?"
        elif to:
            hint = f"{stage} is an environment: the stage that goes there is {to[0]!r}"
        elif stage in {each.name for each in here}:
            hint = "the pipeline file has it now, and that run did not: start a new run"
        else:
            hint = f"it has {', '.join(names)}"
        return UsageError(f"run {run.run_id} has no stage {stage!r}", hint=hint)
