"""Telling people of a run: who, how and with which words, from the pipeline file.

A notification is no part of the audit log: what happened is there already, and whether
somebody was told of it decides nothing.
"""

import shlex
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.notify_command import NotifyCommand
from sluicegate.adapters.outbox import Outbox
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.engine.toolbox import Observer
from sluicegate.model.address import Address
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.notification import Notification, Occasion
from sluicegate.model.source import Source
from sluicegate.ports.messenger import Messenger
from sluicegate.ports.process import ProcessRunner
from sluicegate.report.notify import render, text
from sluicegate.report.occasions import Subject, Watcher
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.notify import (
    CommandNotify,
    Notify,
    WebhookNotify,
    secret_variables,
)
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.kubernetes.variables import cluster_variables
from sluicegate.wiring.logplace import DEFAULT_LOG, LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.stores import log_variables

_DEFAULT_FILE = "sluicegate.yaml"


class Notifier:
    """Tells whom *pipeline* names of the runs of the project in *folder*."""

    def __init__(self, machine: Machine, pipeline: Pipeline, folder: Path) -> None:
        self._outbox = Outbox(machine.stop)
        self._over = StopRequest()
        self._messengers: list[tuple[str, Notify, Messenger]] = []
        self._warnings: list[str] = []
        environ = machine.environ_without(
            secret_variables(pipeline.notify)
            | log_variables(machine, Address.parse(pipeline.audit.store))
            | cluster_variables(pipeline)
        )
        runner = SubprocessRunner(self._over, environ, grace_seconds=0.5)
        for index, entry in enumerate(pipeline.notify):
            name = f"notify.{index} ({entry.destination})"
            messenger = _messenger(entry, machine, folder, runner)
            absence = messenger.explain_absence()
            if absence is None:
                self._messengers.append((name, entry, messenger))
            else:
                self._warnings.append(f"{name} is told nothing: {absence}")

    def watch(self, subject: Subject, observer: Observer) -> Observer:
        """An observer that shows a run to *observer*, and tells of it."""
        if not self._messengers:
            return observer
        return _Teller(self, Watcher(subject), observer)

    def tell(self, notification: Notification, *, aborted: bool) -> None:
        """Tell whoever wants to hear of it, without waiting.

        *aborted* says that the run's rollback was told: that its gate closed is then no
        news for those who heard of it.
        """
        occasion = notification.occasion
        for name, entry, messenger in self._messengers:
            stale = aborted and Occasion.ABORT in entry.on
            if occasion not in {Occasion.OVERRIDE, *entry.on} or (
                occasion is Occasion.CLOSED and stale
            ):
                continue
            template = entry.template if isinstance(entry, WebhookNotify) else "generic"
            body = render(notification, template)
            send = partial(messenger.send, body, text(notification))
            self._outbox.post(name, send)

    def finish(self) -> Sequence[str]:
        """Wait a few seconds for messages on their way; a line for all that went wrong.

        Nothing is lost but the message: the run, its verdict and the log are as if
        nobody had been to be told.
        """
        warnings = [*self._warnings, *self._outbox.wait()]
        self._warnings.clear()
        self._over.set()
        return warnings

    def fail(self, error: Exception) -> None:
        """Remember that nobody could be told, for *error*, which is not shown whole."""
        self._warnings.append(f"nobody was told: {type(error).__name__}")


class _Teller(Observer):
    """Passes everything on, then tells. Called from any thread."""

    def __init__(
        self, notifier: Notifier, watcher: Watcher, observer: Observer
    ) -> None:
        self._notifier = notifier
        self._watcher = watcher
        self._observer = observer
        self._lock = threading.Lock()
        self._aborted = False

    @override
    def event(self, event: Event) -> None:
        self._observer.event(event)
        try:
            with self._lock:
                for notification in self._watcher.see(event):
                    self._notifier.tell(notification, aborted=self._aborted)
                    self._aborted |= notification.occasion is Occasion.ABORT
        except Exception as error:  # noqa: BLE001 - telling must not change a run
            self._notifier.fail(error)

    @override
    def line(self, stage: str, text: str) -> None:
        self._observer.line(stage, text)

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self._observer.findings(stage, findings)


def subject_of(
    pipeline: Pipeline, source: Source, run_id: str, file: Path, log: LogPlace
) -> Subject:
    """The run as messages name it; its commands are for the repository's root."""
    root = Path(source.root).resolve()
    name = _seen_from(root, file)
    place = _seen_from(root, log.folder) if log.folder else str(log.address)
    which = "" if name == _DEFAULT_FILE else f" --file {shlex.quote(name)}"
    where = "" if place == str(DEFAULT_LOG) else f" --log {shlex.quote(place)}"
    return Subject(
        pipeline=pipeline.name,
        run_id=run_id,
        release=source.release,
        commit=source.commit,
        environments={
            named.name: named.stage.environment
            for named in pipeline.stages
            if isinstance(named.stage, CanaryStage)
        },
        resume=f"sluice resume {run_id}{which}",
        look=f"sluice audit log --run {run_id}{where}",
        show=f"sluice releases show {shlex.quote(source.release)}{which}",
        where=which,
    )


def _seen_from(root: Path, path: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def without_programs(pipeline: Pipeline) -> Pipeline:
    """*pipeline*, telling nobody by a program of the project."""
    left = (each for each in pipeline.notify if not isinstance(each, CommandNotify))
    return replace(pipeline, notify=tuple(left))


def _messenger(
    entry: Notify, machine: Machine, folder: Path, runner: ProcessRunner
) -> Messenger:
    match entry:
        case WebhookNotify():
            from sluicegate.adapters.webhook import Webhook  # noqa: PLC0415 - slow

            return Webhook(machine.environ, entry.url.env, machine.ca_bundle)
        case CommandNotify():
            return NotifyCommand(entry.argv, str(folder), runner)
