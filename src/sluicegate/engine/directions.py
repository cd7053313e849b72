"""What people decide about a rollout under way, as far as the machine asks for it."""

from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from sluicegate.model.event import CountedApproval, RolloutStarted
from sluicegate.model.rollout import Direction


@dataclass(frozen=True, slots=True)
class Directed:
    """A decision about one rollout that its log does not hold yet.

    Attributes:
        direction: what is to be done.
        reason: why, in the words of whoever decided.
        by: those who said so, as the environment's rule counts them; empty where it
            asks nobody.
        size: how many entries of the log were looked at for it; 0 if none.
    """

    direction: Direction
    reason: str
    by: tuple[CountedApproval, ...] = ()
    size: int = 0


class Directions(Protocol):
    """Knows what has been decided, and whether the environment's rule lets it count."""

    def pending(self, started: RolloutStarted, stage: str) -> Directed | None:
        """The oldest decision about this rollout that is not recorded in it yet.

        It is asked often, at every look and every wait. A decision is used up once
        `RolloutDirected` holds it, also one that then changes nothing: a rollout that
        is not paused cannot be resumed later by it. One to promote may come before the
        canary is ready, which is awaited all the same; until then it can be taken back.

        Args:
            started: the rollout.
            stage: the stage that conducts it.

        Raises:
            ExternalError: it cannot be told now; the rollout goes on without.
            IntegrityError: what is recorded of it was changed.
        """
        ...


class NoDirections(Directions):
    """Nobody ever decides anything."""

    @override
    def pending(self, started: RolloutStarted, stage: str) -> Directed | None:
        """Nothing."""
        del started, stage
        return None
