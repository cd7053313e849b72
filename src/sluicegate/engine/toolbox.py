"""What a run needs from the outside: the ports of the engine, in one place."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sluicegate.engine.authority import Authority
from sluicegate.model.digest import Digest
from sluicegate.model.event import Event
from sluicegate.model.finding import Finding
from sluicegate.model.release_request import ReleaseRequest
from sluicegate.ports.clock import Clock
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.referrers import Referrers
from sluicegate.ports.registry import Registry
from sluicegate.ports.repository import Repository
from sluicegate.ports.results import EarlierResults
from sluicegate.ports.stable import StableReleases
from sluicegate.ports.target import Target
from sluicegate.ports.tools import ToolFinder
from sluicegate.ports.workspace import Workspace


class Observer(Protocol):
    """Watches a run for people. It can change nothing."""

    def event(self, event: Event) -> None:
        """An event was recorded."""
        ...

    def line(self, stage: str, text: str) -> None:
        """A program of *stage* wrote a line, or the stage says what it is doing."""
        ...

    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        """*stage* found these."""
        ...


class Record(Protocol):
    """The run's audit log."""

    def note(self, event: Event) -> Event:
        """Keep *event* durably; it is committed to the log with the next one.

        Returns:
            The event as it is kept, which may say less: without credentials.
        """
        ...

    def record(self, event: Event) -> Event:
        """Commit *event*, and all that was noted before it, to the log.

        Returns:
            The event as it is in the log.
        """
        ...


BreakGlass = Callable[[Digest, ReleaseRequest], None]
"""Has somebody sign an override of the request with that id, and records it."""


def _nothing() -> None:
    """End nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world of a run, used by several threads at once.

    ``target`` opens an environment for one rollout. ``cancel`` ends whatever runs, as
    if the process had been asked to stop. ``referrers`` is None where images say
    nothing of their evidence. ``authority`` knows the rules of environments, and
    ``break_glass`` overrides them; None unless somebody asked for that.
    """

    clock: Clock
    process: ProcessRunner
    repository: Repository
    tools: ToolFinder
    workspace: Workspace
    evidence: EvidenceStore
    target: Callable[[str], AbstractContextManager[Target]]
    registry: Registry
    results: EarlierResults
    stable: StableReleases
    authority: Authority
    cancel: Callable[[], None] = _nothing
    break_glass: BreakGlass | None = None
    referrers: Referrers | None = None
    ca_bundle: str | None = None
