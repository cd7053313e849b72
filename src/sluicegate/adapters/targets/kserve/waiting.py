"""Waiting for the controller of KServe, and for pods."""

from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.objects import INFERENCE_SERVICE, Obj
from sluicegate.adapters.targets.arm_pods import ArmPods
from sluicegate.adapters.targets.kserve.service import Seen, Services
from sluicegate.adapters.targets.kubernetes.pod_trouble import Trouble
from sluicegate.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits for what *services* is to become; looks beside it every *look_seconds*."""

    services: Services
    clock: Clock
    look_seconds: float = 2.0

    def until(
        self,
        judge: Callable[[Seen], str | None],
        timeout_seconds: float,
        pods: Callable[[Seen], ArmPods | None],
        stands: Callable[[Seen], str],
    ) -> str | None:
        """Wait until *judge* says something: nothing ("") for success, else why not.

        Args:
            judge: asked of every state that is seen.
            timeout_seconds: how long.
            pods: whose state explains why it takes so long, if there are some.
            stands: where it stands, for a person.

        Returns:
            None once it is so; otherwise why it is not in time, or never will be.
        """
        end = self.clock.monotonic_ms() + round(1000 * timeout_seconds)
        while True:
            left = max((end - self.clock.monotonic_ms()) / 1000, 0)
            said = self._look(judge, min(left, self.look_seconds))
            if said is not None:
                return said or None
            seen = self.services.look()
            said = judge(seen)  # what it depends on may have changed beside it
            if said is not None:
                return said or None
            found = pods(seen)
            why = None if found is None else found.why()
            if isinstance(why, Trouble) and why.is_hopeless:
                return why.reason
            if self.clock.monotonic_ms() >= end:
                reason = why.reason if isinstance(why, Trouble) else why
                within = f"not ready within {timeout_seconds:g} s"
                return f"{within}: {reason or stands(seen)}"

    def _look(self, judge: Callable[[Seen], str | None], seconds: float) -> str | None:
        name = self.services.name

        def see(found: Obj | None) -> str | None:
            if found is None:
                return f"InferenceService {name} was deleted"
            return judge(self.services.see(found))

        api = self.services.api
        return api.await_until(INFERENCE_SERVICE, name, see, timeout_seconds=seconds)
