"""What `sluice run` and `sluice resume` share: the run, shown and reported."""

import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from sluicegate.audit.recorder import OnEntry
from sluicegate.cli.detected import describe_detected, describe_gaps, open_project
from sluicegate.cli.events import event_stream
from sluicegate.cli.exit_codes import ExitCode, for_outcome
from sluicegate.cli.last_words import hear_of_threads
from sluicegate.cli.lines import Progress
from sluicegate.cli.masks import tell_runner_of_secrets
from sluicegate.cli.output import (
    use_what_the_terminal_has,
    warn,
    write_line,
    write_result,
)
from sluicegate.cli.progress import build_observer
from sluicegate.engine.steering import Pace
from sluicegate.engine.toolbox import Observer
from sluicegate.engine.unrecorded import NOT_RECORDED
from sluicegate.errors import Interrupted, UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.run import Run
from sluicegate.report.document import LogHead, run_document
from sluicegate.report.entering import how_to_answer, overridden
from sluicegate.report.escape import escape
from sluicegate.report.open_rollouts import under_way
from sluicegate.report.plain import describe_reuse
from sluicegate.report.statements import Taken, describe_refused, statements_text
from sluicegate.report.undecided import lacks_examples
from sluicegate.wiring.breaking_glass import Override
from sluicegate.wiring.execution import Execution
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.predecessors import find_others
from sluicegate.wiring.project import Project


@dataclass(frozen=True, slots=True)
class Entry:
    """What to do at an entry gate that does not open: override it, or wait.

    ``key`` signs the reason in ``override``. With ``detaches``, rollouts that an open
    one lets in are begun and not waited for.
    """

    override: str | None = None
    key: Path | None = None
    waits: bool = False
    detaches: bool = False


_ENTRY = Entry()
_RESUMABLE = (Outcome.BROKEN, Outcome.PENDING)
_UNRECORDED = (
    f"{NOT_RECORDED}: this run is in no audit log and releases nothing; `sluice run`"
    " records one"
)


def execute(
    file: Path | None,
    carry_out: Callable[[Execution, Observer], Run],
    *,
    as_json: bool,
    events: str | None = None,
    entry: Entry = _ENTRY,
    open_execution: Callable[[Project, OnEntry, Override | None], Execution] = (
        Execution
    ),
    records: bool = True,
    textfile: Path | None = None,
) -> ExitCode:
    """Carry a run out, show it, and say how it ended.

    Without *file* it is the one of this folder, else what is found here is run.
    Progress goes to standard output, or to standard error beside a JSON document.
    Every entry of the run goes to the file *events*, if there is one. Unless it
    *records*, the run is judged and gets into no log. Its metrics are kept in
    *textfile*, if there is one.
    """
    if as_json and events == "-":
        raise UsageError("--json and --events - would both write to standard output")
    _check_entry(entry, records=records)
    use_what_the_terminal_has()
    gc.freeze()  # what was loaded stays
    gc.enable()
    machine = Machine()
    machine.check_runs_stages()
    hear_of_threads()
    tell_runner_of_secrets(machine)
    with event_stream(events) as on_entry:
        project = open_project(machine, file)
        stream = sys.stderr if as_json or events == "-" else sys.stdout
        observer = build_observer(stream, project.pipeline)
        override = None
        if entry.override is not None:
            # Whoever signs may have to type: the terminal is theirs for that.
            override = Override(entry.override, entry.key, observer.close)
        execution = open_execution(project, on_entry, override)
        execution = replace(
            execution, others=find_others, records=records, textfile=textfile
        )
        if entry.detaches:
            execution = replace(execution, pace=Pace.TICK)
        for line in describe_detected(project):
            write_line(line, stream)
        try:
            with (
                closing(observer),
                machine.stop.install(observer.tell_that_it_stops),
            ):
                run = carry_out(execution, observer)
                if entry.waits:
                    run = _wait(execution, run, observer)
        except Interrupted:
            if records:
                write_line("`sluice resume` goes on from here", sys.stderr)
            else:
                write_line(f"{NOT_RECORDED}: nothing can be resumed", sys.stderr)
            return ExitCode.INTERRUPTED
        finally:
            warn(execution.finish_telling())
            warn(describe_refused(execution.taken_in))
    return _conclude(execution, run, stream, as_json=as_json, to_stdout=events != "-")


def _check_entry(entry: Entry, *, records: bool) -> None:
    if entry.key is not None and entry.override is None:
        raise UsageError("--sign-with signs an --override, and there is none")
    if entry.detaches and entry.waits:
        raise UsageError("--detach and --wait exclude each other")
    if not records and entry != _ENTRY:
        raise UsageError(
            "a run that is not recorded enters no environment: leave out --override,"
            " --wait and --detach"
        )


def _wait(execution: Execution, run: Run, observer: Progress) -> Run:
    """Go on with *run* whenever its entry gates may have opened, until it has ended.

    Asked to stop while nothing runs, it is left as it is: pending.
    """
    while _is_pending(run):
        try:
            if not execution.wait(run, observer.line):
                return run
        except Interrupted:
            observer.close()
            return run
        observer.close()
        run = execution.resume(run.run_id, observer)
    return run


def _is_pending(run: Run) -> bool:
    return run.finished is not None and run.finished.outcome is Outcome.PENDING


def _conclude(
    execution: Execution, run: Run, stream: TextIO, *, as_json: bool, to_stdout: bool
) -> ExitCode:
    """Say how the run ended, and where its log stands."""
    if as_json:
        given = {str(each.folder): each.digest for each in execution.given}
        telemetry = execution.telemetry.document()
        text = run_document(run, _head(execution), given=given, telemetry=telemetry)
    else:
        text = _describe_end(execution, run, stream)
    if to_stdout:
        write_result(text)
    else:
        write_line(text, stream)
    for line in describe_gaps(execution.project):
        write_line(line, stream)
    if pending := execution.anchor():
        warn([pending])
    assert run.finished is not None
    return for_outcome(run.finished.outcome.value)


def _head(execution: Execution) -> LogHead | None:
    """Where the log stands; None where there is none."""
    if not execution.records:
        return None
    head = execution.log.log.head()
    return LogHead(head.origin, head.size, head.root_text)


def _describe_end(execution: Execution, run: Run, stream: TextIO) -> str:
    """What to do next, and where the log stands, for a person."""
    head = _head(execution)
    if head is None:
        given = [f"handed over: {each}" for each in execution.given]
        return "\n".join((_make_loud(_UNRECORDED, stream), *map(escape, given)))
    lines = (
        [
            _make_loud(escape(broken), stream) + "; `sluice overrides` lists what is"
            " open of it"
        ]
        if (broken := overridden(run))
        else []
    )
    lines += [reused] if (reused := describe_reuse(run)) else []
    lines += [hint] if (hint := _describe_next(run)) else []
    lines += [_describe_taken(execution.taken_in)] if execution.taken_in else []
    lines.append(f"log: {head.size} entries, root {head.root}")
    lines.append("     check it with `sluice audit verify`")
    return "\n".join(line for line in lines if line)


def _describe_next(run: Run) -> str:
    """The commands with which a run that has not ended well goes on."""
    if asked := how_to_answer(run, "`sluice resume`"):
        return asked
    if _is_pending(run) and (places := under_way(run)):
        where = escape(places[0])
        return (
            f"the rollout is under way: `sluice rollout tick {where}` does what is due,"
            " as often as you like;\n"
            f"`sluice rollout status {where}` shows it, `sluice resume` stays with it"
            " to its end"
        )
    if _is_pending(run) and lacks_examples(run):
        return "`sluice run` with more examples; `sluice resume` looks at these again"
    if run.finished and run.finished.outcome in _RESUMABLE:
        return (
            "`sluice resume` goes on from there; once a commit has mended it,"
            " `sluice run`"
        )
    return ""


def _make_loud(text: str, stream: TextIO) -> str:
    return click.style(text, fg="red", bold=True) if stream.isatty() else text


def _describe_taken(taken: Sequence[Taken]) -> str:
    """What others have signed and is in the log now, a line each."""
    recorded = [one for one in taken if one.what]
    return statements_text(recorded) if recorded else ""
