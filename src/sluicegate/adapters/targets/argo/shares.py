"""The share that whole pods can give a canary, without a traffic router. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.adapters.targets.argo.steps import Refusal

_ALL = 100  # percent
_NEAR = 5  # points


@dataclass(frozen=True, slots=True)
class Share:
    """What share a basic canary gets: so many of its pods of so many."""

    wanted: int
    canary: int
    total: int

    @property
    def percent(self) -> float:
        """The share of the pods."""
        return _ALL * self.canary / self.total if self.total else 0.0

    @property
    def is_near(self) -> bool:
        """Whether it is at most half as much again, and at most 5 points more."""
        return abs(self.percent - self.wanted) <= min(_NEAR, self.wanted / 2)


def nearest_share(replicas: int, percent: int, max_surge: int) -> Share:
    """The nearest that Argo comes to *percent* with whole pods and no traffic router.

    Source: ``utils/replicaset/canary.go`` approximateWeightedCanaryStableReplicaCounts.
    """
    if replicas == 0:
        return Share(percent, 0, 0)
    exact = replicas * percent
    up, down = -(-exact // _ALL), exact // _ALL
    may_be_zero = percent in {0, _ALL} or (replicas == 1 and max_surge == 0)
    options: list[tuple[int, int]] = []
    if up < replicas or may_be_zero:
        options.append((up, replicas))
    if 2 * (exact % _ALL) != _ALL and (down or may_be_zero):
        options.append((down, replicas))
    if max_surge > 0:
        options.append((up, replicas + 1))
        tied = 2 * (((replicas + 1) * percent) % _ALL) == _ALL
        if not tied and (down or may_be_zero):
            options.append((down, replicas + 1))
    shares = [Share(percent, canary, total) for canary, total in options]
    return min(
        shares,
        key=lambda each: abs(each.percent - percent),
        default=Share(percent, 0, replicas),
    )


def refuse_shares(shares: Sequence[Share]) -> Refusal | None:
    """Why whole pods cannot give these shares."""
    far = [each for each in shares if not each.is_near]
    if not far:
        return None
    told = ", ".join(
        f"{each.wanted} % would be {each.canary} of {each.total} pods,"
        f" {each.percent:.0f} %"
        for each in far
    )
    return Refusal(
        f"without a traffic router the pods are the weight, and are too few: {told}",
        "give the Rollout a trafficRouting, more replicas, or steps that whole pods"
        " can make",
    )
