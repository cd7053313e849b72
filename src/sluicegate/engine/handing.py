"""Results that come from another job, and those that go to one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sluicegate.model.command import ResourceUsage, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.event import HandedOver
from sluicegate.model.event_secrets import SecretEvent
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.hand_over import HandedFile, HandedStage
from sluicegate.model.tool import Tool


@dataclass(frozen=True, slots=True)
class Taken:
    """What another job has handed over of one stage.

    ``project`` is the path of the project's folder there, ``read`` reads a file that
    was checked before, ``archive`` is the absolute path of the image's archive, None
    where there is none.
    """

    result: HandedStage
    handed_over: HandedOver
    project: str
    read: Callable[[HandedFile], bytes]
    archive: str | None = None


@dataclass(frozen=True, slots=True)
class RawResult:
    """How an attempt at a stage ended, before anybody judged it.

    ``tools`` are by the names under which the stage asked for them, ``images`` those
    that stages before had built. ``broken`` says why nothing was found out, None if
    something was; ``outputs`` lists its declared outputs, which are kept as evidence,
    and ``built`` is the image that the stage built, if it built one. ``secrets`` is
    what happened to its secrets, in order.
    """

    stage: str
    uses: str
    start_ts: datetime
    end_ts: datetime
    usage: ResourceUsage
    tools: Mapping[str, Tool]
    images: tuple[Digest, ...]
    steps: Sequence[StepResult]
    broken: str | None
    outputs: EvidenceFile | None
    built: Digest | None
    secrets: tuple[SecretEvent, ...] = ()


class Giver(Protocol):
    """Takes results to where another job will find them."""

    def give(self, raw: RawResult) -> None:
        """Keep what is known of the newest attempt at a stage.

        Raises:
            ExternalError: it cannot be kept.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handing:
    """What is taken over from other jobs, by stage, and what is given on.

    With ``takes_only``, no program of the project is run: a stage that was not handed
    over is not carried out.
    """

    taken: Mapping[str, Taken] = field(default_factory=dict)
    giver: Giver | None = None
    takes_only: bool = False
