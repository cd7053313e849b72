"""The last place where secrets are hidden before people and files are told of a run."""

from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from sluicegate.adapters.masking import Masks
from sluicegate.engine.toolbox import Observer
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run


class HidingObserver(Observer):
    """Passes on to *observer* what is said of a run, without what *masks* hide.

    What programs say is hidden already; what a library says of its errors may not be.
    Events are as they are in the log, which has no secrets.
    """

    def __init__(self, observer: Observer, masks: Masks) -> None:
        self._observer, self._masks = observer, masks

    @override
    def event(self, event: Event) -> None:
        self._observer.event(event)

    @override
    def line(self, stage: str, text: str) -> None:
        self._observer.line(stage, self._masks.text(text))

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        hide = self._masks.text
        hidden = [
            replace(each, message=hide(each.message), path=hide(each.path))
            for each in findings
        ]
        self._observer.findings(stage, hidden)

    @override
    def resumed(self, run: Run) -> None:
        self._observer.resumed(run)
