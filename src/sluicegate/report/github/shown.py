"""All that GitHub can show of a run, in one value. Pure.

Whoever has carried the run out gathers it once; every surface (summary, comment,
checks, annotations, SARIF, deployments, status) is made of it and of nothing else.

Texts in it come from repositories, tools and people: whoever renders them makes them
harmless (`sluicegate.report.github.text`).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.canary.plot.trace import Trace
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run
from sluicegate.report.request import RequestView
from sluicegate.tlog.checkpoint import Checkpoint


@enum.unique
class Unrecorded(enum.Enum):
    """Why a run was judged and not recorded."""

    NO_KEY = "no-key"  # nobody gave the Action a log key
    PULL_REQUEST = "pull-request"  # never recorded, whoever has a key
    ASKED = "asked"  # `--no-record`


@dataclass(frozen=True, slots=True)
class Links:
    """Where things are on the host; every URL is without a slash at its end.

    Attributes:
        server: of the host, like ``https://github.com``.
        repository: its name there, ``owner/name``.
        run: the page of the workflow's run.
        approve: the file in ``.github/workflows`` with which people answer requests,
            like ``approve.yml``; None where there is none.
        report: where the full report is, None where it was not kept.
    """

    server: str
    repository: str
    run: str
    approve: str | None = None
    report: str | None = None

    def page_of(self, workflow: str) -> str:
        """Where a workflow is started by hand; it takes no inputs from the URL."""
        return f"{self.server}/{self.repository}/actions/workflows/{workflow}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A release request that *stage* waits for.

    ``by`` are the words of the policy for how an answer may come: ``signature``,
    ``dispatch``, ``comment``. ``needs_reason`` says that a yes without a reason does
    not count.
    """

    stage: str
    view: RequestView
    by: tuple[str, ...] = ("signature",)
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A run as it is shown.

    Attributes:
        run: as far as it has come; one without an end counts as interrupted.
        links: where things are.
        folder: of the pipeline file, from the repository's root; empty for the root.
            Paths of findings are relative to it.
        head: the log after the run; None if the run was not recorded.
        unrecorded: why it was not; None if it was.
        asked: the requests it waits for, in the order of its stages.
        findings: what the stages found, by stage, in the order in which they said it.
        traces: the rollouts it has had, by stage, as far as they compared anything.
        sites: where an environment can be seen by people, by the environment's name.
        retried: the attempt of the workflow's run; above 1 it was run again.
    """

    run: Run
    links: Links
    folder: str = ""
    head: Checkpoint | None = None
    unrecorded: Unrecorded | None = None
    asked: tuple[Asked, ...] = ()
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    retried: int = 1

    def __post_init__(self) -> None:
        if (self.head is None) == (self.unrecorded is None):
            raise ValueError("a run is recorded, or there is a reason why it is not")

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""
        return self.run.started.pipeline


@dataclass(frozen=True, slots=True)
class Said:
    """What a step says that is not about a run: it failed, it approved, it audited.

    Attributes:
        word: the verdict, as the Action's output has it: ``open``, ``broken``, ...
        title: one line on what came of it.
        lines: more of it, as a program would print it.
        hint: what to do next; empty where there is nothing to do.
        head: the log, where one was read.
    """

    word: str
    title: str
    lines: tuple[str, ...] = ()
    hint: str = ""
    head: Checkpoint | None = None
