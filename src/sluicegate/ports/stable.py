"""What the stages found for the releases that environments run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Value
from sluicegate.model.state_item import StableRelease


@dataclass(frozen=True, slots=True)
class StableEvidence:
    """A stable release, and the fields that were found for it, by stage.

    There are none where the log does not hold its run (any more). ``ends`` is how the
    stages ended of which they are, by stage, in the run ``run_id`` of ``pipeline``.
    """

    release: StableRelease
    fields: Mapping[str, Mapping[str, Value]]
    ends: Mapping[str, StageFinished] = field(default_factory=dict)
    run_id: str | None = None
    pipeline: str | None = None


class StableReleases(Protocol):
    """The stable releases, as the audit log has them."""

    def of(self, environment: str) -> StableEvidence | None:
        """What is released in *environment* now, None if nothing is.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        ...
