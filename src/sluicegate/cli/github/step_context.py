"""What a step of the Action has to work with."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from sluicegate.cli.detected import describe_detected, describe_gaps
from sluicegate.cli.exit_codes import for_outcome
from sluicegate.cli.github.ended import Ended, outputs_of_run
from sluicegate.cli.github.grouped import GroupedObserver
from sluicegate.cli.github.step_log import StepLog
from sluicegate.engine.steering import Pace
from sluicegate.engine.toolbox import Observer
from sluicegate.model.run import Run
from sluicegate.ports.code_host import CodeHost
from sluicegate.report.document import LogHead, run_document
from sluicegate.report.github.reason_codes import reason_of_run
from sluicegate.report.github.shown import Shown, Unrecorded
from sluicegate.report.statements import describe_refused
from sluicegate.wiring.execution import Execution
from sluicegate.wiring.github.gathering import gather
from sluicegate.wiring.github.inputs import Inputs
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.github.report_file import write_report
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.predecessors import find_others


@dataclass(frozen=True)
class Step:
    """A step: what it was asked, on what occasion, and where it writes.

    ``host`` is None without a token.
    """

    machine: Machine
    inputs: Inputs
    occasion: Occasion
    log: StepLog
    host: CodeHost | None = None

    def warn(self, text: str) -> None:
        """Say what a person should know and nothing depends on."""
        self.log.line(f"warning: {text}")

    def carry_out(
        self,
        execution: Execution,
        act: Callable[[Execution, Observer], Run],
        unrecorded: Unrecorded | None = None,
    ) -> Ended:
        """Carry a run out and show it; rollouts are begun and not waited for.

        Raises:
            Interrupted: asked to stop.
            SluicegateError: it cannot be carried out.
        """
        execution = replace(execution, others=find_others, pace=Pace.TICK)
        observer = GroupedObserver(self.log)
        for line in describe_detected(execution.project):
            self.log.line(line)
        try:
            with (
                closing(observer),
                self.machine.stop.install(observer.tell_that_it_stops),
            ):
                run = act(execution, observer)
        finally:
            for line in (
                *execution.finish_telling(),
                *describe_refused(execution.taken_in),
            ):
                self.warn(line)
        for line in describe_gaps(execution.project):
            self.log.line(line)
        if pending := execution.anchor():
            self.warn(pending)
        shown = gather(execution, run, self.occasion, unrecorded, observer.found)
        return self._conclude(shown, execution)

    def _conclude(self, shown: Shown, execution: Execution) -> Ended:
        assert shown.run.finished is not None
        given, telemetry = execution.given, execution.telemetry.document()
        code = for_outcome(shown.run.finished.outcome.value)
        outputs = outputs_of_run(shown)
        if given:
            outputs["hand-over"] = str(given[-1].digest)
        head = shown.head
        log = None if head is None else LogHead(head.origin, head.size, head.root_text)
        try:
            document = run_document(shown.run, log, telemetry=telemetry)
            report = write_report(self.machine, shown.run.run_id, document)
        except OSError as error:
            self.warn(f"the report could not be written: {error.strerror}")
        else:
            outputs["report"] = str(report)
        return Ended(
            code, reason_of_run(shown.run, shown.unrecorded), (shown,), outputs
        )
