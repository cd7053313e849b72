"""Which Rollouts can be conducted at all. Pure."""

from collections.abc import Sequence

from sluicegate.adapters.targets.argo.rollout import Seen
from sluicegate.adapters.targets.argo.shares import nearest_share, refuse_shares
from sluicegate.adapters.targets.argo.steps import CANARY, Refusal, find_refusal
from sluicegate.errors import PermanentError

_NO_SURGE = {0, "0", "0%"}


def refuse(seen: Seen, steps: Sequence[int], *, sticky: bool) -> None:
    """Refuse a Rollout that cannot be conducted in *steps*.

    Args:
        seen: the Rollout.
        steps: the percentages of the pipeline's steps, rising.
        sticky: whether shares of the requests are not checked.

    Raises:
        PermanentError: it cannot; says why, and what to do.
    """
    refusal = _of_spec(seen) or find_refusal(
        seen.steps, steps, is_routed=seen.is_routed
    )
    if refusal is None and not seen.is_routed:
        refusal = _of_basic(seen, steps, sticky=sticky)
    if refusal is not None:
        message = f"Rollout {seen.obj.name}: {refusal.reason}"
        raise PermanentError(message, hint=refusal.hint)


def _of_spec(seen: Seen) -> Refusal | None:
    if seen.obj.flag("spec", "paused"):
        return Refusal(
            "it is paused as a whole (spec.paused)",
            "set spec.paused to false once it may go on",
        )
    if not seen.replicas:
        return Refusal(
            "it is scaled to 0: nothing could be seen of a release",
            f"kubectl -n {seen.obj.namespace} scale rollout {seen.obj.name}"
            " --replicas=2",
        )
    return None


def _of_basic(seen: Seen, steps: Sequence[int], *, sticky: bool) -> Refusal | None:
    """Why the pods alone cannot be the weight."""
    if not sticky:
        return Refusal(
            "without a traffic router a release gets the share of its pods, and of the"
            " connections that clients keep to them: its share of the requests cannot"
            " be checked",
            "give it a trafficRouting; or write `sticky: true` into the target, so that"
            " shares are not checked",
        )
    surge = seen.obj.plain(*CANARY, "maxSurge")
    may_surge = 0 if surge in _NO_SURGE else 1
    return refuse_shares(
        [nearest_share(seen.replicas, each, may_surge) for each in steps]
    )
