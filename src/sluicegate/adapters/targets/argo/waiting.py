"""Waiting for the controller of Argo Rollouts, and for pods."""

from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.objects import ROLLOUT, Obj
from sluicegate.adapters.targets.argo.rollout import Rollouts, Seen
from sluicegate.adapters.targets.arm_pods import ArmPods
from sluicegate.adapters.targets.kubernetes.pod_trouble import Trouble
from sluicegate.ports.clock import Clock

HASH = "rollouts-pod-template-hash"
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits for what *rollouts* is to become."""

    rollouts: Rollouts
    clock: Clock

    def until(
        self,
        judge: Callable[[Seen], str | None],
        timeout_seconds: float,
        template: Callable[[Seen], str],
    ) -> str | None:
        """Wait until *judge* says something: nothing ("") for success, else why not.

        Returns:
            None once it is so; otherwise why it is not in time, or never will be: what
            keeps the pods of *template* from being ready, or where the Rollout stands.
        """
        end = self.clock.monotonic_ms() + round(1000 * timeout_seconds)
        while True:
            left = max((end - self.clock.monotonic_ms()) / 1000, 0)
            said = self._look(judge, min(left, _LOOK_SECONDS))
            if said is not None:
                return said or None
            seen = self.rollouts.look()
            why = ArmPods(self.rollouts.api, {HASH: template(seen)}).why()
            if isinstance(why, Trouble) and why.is_hopeless:
                return why.reason
            if self.clock.monotonic_ms() >= end:
                reason = why.reason if isinstance(why, Trouble) else why
                within = f"not ready within {timeout_seconds:g} s"
                return f"{within}: {reason or seen.standing.describe()}"

    def _look(self, judge: Callable[[Seen], str | None], seconds: float) -> str | None:
        name = self.rollouts.name

        def see(found: Obj | None) -> str | None:
            if found is None:
                return f"Rollout {name} was deleted"
            return judge(self.rollouts.see(found))

        api = self.rollouts.api
        return api.await_until(ROLLOUT, name, see, timeout_seconds=seconds)
