"""What the demo saw, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from sluicegate.demo.load import Tally
from sluicegate.demo.project import Change
from sluicegate.errors import PermanentError
from sluicegate.model.traffic import RequestCounts


class StageReport(BaseModel):
    """A stage in the document of ``sluice run --json``."""

    name: str
    verdict: str
    reason: str
    evidence: Mapping[str, object]


class LogReport(BaseModel):
    """The log in that document."""

    origin: str
    size: int
    root: str


class RunReport(BaseModel):
    """The document of ``sluice run --json``, as far as the demo needs it."""

    run_id: str
    verdict: str
    stages: tuple[StageReport, ...]
    log: LogReport

    @property
    def canary(self) -> StageReport | None:
        """The last stage, if it was reached."""
        last = self.stages[-1]
        return last if "result" in last.evidence else None

    @property
    def result(self) -> str:
        """How the rollout ended: ``deployed``, ``promoted``, ``rolled_back`` ..."""
        return str(self.canary.evidence["result"]) if self.canary else "not rolled out"


def parse_run(document: bytes) -> RunReport:
    """Read what ``sluice run --json`` wrote.

    Raises:
        PermanentError: it is something else.
    """
    try:
        return RunReport.model_validate_json(document)
    except ValidationError as error:
        raise PermanentError(f"not a report of a run: {error}") from error


@dataclass(frozen=True, slots=True)
class Released:
    """One release of the demo: what was tried, and what came of it."""

    change: Change
    model: str
    accuracy: float
    run: RunReport
    seconds: float


@dataclass(frozen=True, slots=True)
class Verified:
    """The log verified; a copy of it with one byte changed did not.

    ``altered`` is the object of which a byte was changed, ``offset`` where in it, and
    ``problem`` what `sluice audit verify` said about that.
    """

    altered: str
    offset: int
    problem: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The whole demo."""

    releases: tuple[Released, ...]
    tally: Tally
    verified: Verified
    seconds: float
    notes: tuple[str, ...]

    def served(self, released: Released) -> RequestCounts:
        """What *released* answered under load."""
        return self.tally.of(released.model)


def parse_problems(document: bytes) -> tuple[bool, tuple[str, ...]]:
    """Read what ``sluice audit verify --json`` wrote: whether all is well, or what not.

    Raises:
        PermanentError: it is something else.
    """
    try:
        report = json.loads(document)
        return bool(report["ok"]), tuple(str(problem) for problem in report["problems"])
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(f"not a report of a verification: {error!r}") from error
