"""People who decide about rollouts, in memory."""

from dataclasses import dataclass, field

from fakes import FakeClock
from fakes_target import FakeRollouts
from typing_extensions import override

from sluicegate.engine.directions import Directed, Directions
from sluicegate.errors import TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.event import CountedApproval, RolloutDirected, RolloutStarted
from sluicegate.model.rollout import Direction


@dataclass
class FakeDirections(Directions):
    """Says what was said at its time: pairs of a millisecond and a decision.

    What the *log* holds is used up. It cannot be told while it is ``dark_ms``.
    """

    clock: FakeClock
    log: FakeRollouts
    said: list[tuple[int, Directed]] = field(default_factory=list)
    dark_ms: range = range(0)

    @override
    def pending(self, started: RolloutStarted, stage: str) -> Directed | None:
        if self.clock.elapsed_ms in self.dark_ms:
            raise TransientError("the log does not answer")
        used = {
            (event.direction, event.reason, event.by)
            for event in self.log.events
            if isinstance(event, RolloutDirected)
        }
        for at_ms, said in self.said:
            new = (said.direction, said.reason, said.by) not in used
            if new and at_ms <= self.clock.elapsed_ms:
                return said
        return None

    def say(self, direction: Direction, *, at_ms: int = 0, reason: str = "so") -> None:
        """Let ann say it at *at_ms*."""
        number = str(len(self.said)).encode()
        counted = CountedApproval(Digest.of(number), "ann", "SHA256:ann")
        self.said.append((at_ms, Directed(direction, reason, (counted,))))
