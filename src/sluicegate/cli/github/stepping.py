"""What ``sluice github step`` does, whatever comes of it.

A step always ends with outputs, a summary and, where something is wrong, an annotation:
whoever looks at the job has to see what to do.
"""

import gc
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import partial

from sluicegate.cli.exit_codes import ExitCode, for_error
from sluicegate.cli.github.approving import approve
from sluicegate.cli.github.auditing import audit
from sluicegate.cli.github.ended import Ended, failed
from sluicegate.cli.github.rolling import roll_out
from sluicegate.cli.github.running import run_pipeline
from sluicegate.cli.github.step_context import Step
from sluicegate.cli.github.step_log import StepLog
from sluicegate.cli.last_words import hear_of_threads, without_secrets
from sluicegate.cli.output import tell_that_it_stops, use_what_the_terminal_has
from sluicegate.errors import Interrupted, SluicegateError, UsageError
from sluicegate.ports.code_host import CodeHost
from sluicegate.report.escape import escape
from sluicegate.report.github.annotations import Command
from sluicegate.report.github.shown import Said, Shown
from sluicegate.report.github.workflow_commands import mask_lines
from sluicegate.wiring.github.command_files import CommandFiles
from sluicegate.wiring.github.default_branch import name_default_branch
from sluicegate.wiring.github.host import open_host
from sluicegate.wiring.github.inputs import Inputs, Task, read_inputs
from sluicegate.wiring.github.occasion import Occasion, read_occasion
from sluicegate.wiring.github.showing import Published, show, show_said
from sluicegate.wiring.github.step_machine import open_machine
from sluicegate.wiring.machine import Machine

_TASKS: Mapping[Task, Callable[[Step], Ended]] = {
    Task.RUN: run_pipeline,
    Task.STAGES: run_pipeline,
    Task.RECORD: run_pipeline,
    Task.APPROVE: approve,
    Task.ROLLOUT: roll_out,
    Task.AUDIT: audit,
}
_NOT_THERE = UsageError(
    "this is what the GitHub Action calls in a job of GitHub Actions",
    hint="elsewhere use the commands of sluice: `sluice --help`",
)


def step() -> ExitCode:
    """Do what the step was asked to, and tell everybody.

    Raises:
        UsageError: this is no step of GitHub Actions.
    """
    use_what_the_terminal_has()
    gc.freeze()  # what was loaded stays
    gc.enable()
    machine = open_machine()
    occasion = read_occasion(machine.environ)
    if occasion is None:
        raise _NOT_THERE
    files = CommandFiles.of(machine.environ)
    hear_of_threads()
    with _step_log() as log, machine.stop.install(tell_that_it_stops):
        machine.learned.tell(partial(_mask, log))
        begun = _Begun(machine, occasion, log)
        ended = begun.carry_out()
        begun.tell(ended, files)
    return ended.exit_code


@contextmanager
def _step_log() -> Iterator[StepLog]:
    """The log of the step: all that is written, in the order it is written in."""
    log = StepLog(sys.stdout, lambda: secrets.token_hex(16))
    log.begin()
    try:
        with redirect_stderr(sys.stdout):
            yield log
    finally:
        log.end()


def _mask(log: StepLog, secret: str) -> None:
    """Have the runner hide *secret* in what this and later steps write."""
    for line in mask_lines(secret):
        log.command("add-mask", line)


_SHOWING_SECONDS = 60.0  # nothing rests on it, and a runner is paid by the minute


class _Begun:
    """A step that has begun: whatever goes wrong from here on is told."""

    def __init__(self, machine: Machine, occasion: Occasion, log: StepLog) -> None:
        self._machine, self._occasion, self._log = machine, occasion, log
        self._inputs = Inputs()
        self._shares = 1
        self._page: CodeHost | None = None

    def carry_out(self) -> Ended:
        try:
            self._inputs = read_inputs(self._machine.environ)
            name_default_branch(self._machine, self._occasion)
            self._page = open_host(self._machine, patience_seconds=_SHOWING_SECONDS)
            host = open_host(self._machine)
            step = Step(*(self._machine, self._inputs, self._occasion, self._log, host))
            return _TASKS[self._inputs.task](step)
        except SluicegateError as error:
            return failed(error, for_error(error))
        except KeyboardInterrupt:
            return failed(Interrupted("asked to stop"), ExitCode.INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - a defect of ours is no verdict
            return failed(error, ExitCode.BROKEN)

    def tell(self, ended: Ended, files: CommandFiles) -> None:
        """Show how it ended, and hand the outputs to the jobs that follow.

        The outputs come first: no page that cannot be written may keep them back.
        """
        for name in files.restore():
            self._warn(
                f"something wrote to the file in {name} while stages ran, and what it"
                " wrote was taken out again"
            )
        try:
            files.write_outputs(ended.all_outputs)
        except OSError as error:
            self._warn(f"the outputs could not be written: {error.strerror}")
        self._shares = len(ended.shown)
        for shown in ended.shown:
            self._show(shown, files, ended.located)
        self._log.line(f"verdict: {ended.verdict} ({ended.reason.value})")

    def _show(
        self, shown: Shown | Said, files: CommandFiles, located: Sequence[Command]
    ) -> None:
        published = self._publish(shown)
        if self._inputs.summary:
            try:
                files.write_summary(f"{published.summary}\n")
            except OSError as error:
                self._warn(f"the summary could not be written: {error.strerror}")
        if isinstance(shown, Said):
            for line in (shown.title, *shown.lines, shown.hint):
                self._log.line(escape(line))
        for warning in published.warnings:
            self._warn(warning)
        for command in located or published.commands:
            self._log.command(command.name, command.value, command.properties)

    def _publish(self, shown: Shown | Said) -> Published:
        """Show it on GitHub; asked to stop, only on this runner."""
        try:
            return self._publish_on(self._page, shown)
        except Interrupted:
            return self._publish_on(None, shown, stopped=True)

    def _publish_on(
        self, host: CodeHost | None, shown: Shown | Said, *, stopped: bool = False
    ) -> Published:
        if isinstance(shown, Said):
            return show_said(host, shown, self._occasion)
        comment = self._inputs.comment
        return show(
            *(host, shown, self._occasion),
            comment=comment,
            of=self._shares,
            stopped=stopped,
        )

    def _warn(self, text: str) -> None:
        self._log.line(f"warning: {escape(without_secrets(text))}")
