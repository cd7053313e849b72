"""The steps of a Rollout, and where it may wait for our verdict. Pure.

Source: ``pkg/apis/rollouts/v1alpha1/types.go`` CanaryStep;
``utils/replicaset/canary.go`` GetCurrentSetWeight, UseSetCanaryScale.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import Node

CANARY = ("spec", "strategy", "canary")
_ALL = 100  # percent


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a Rollout cannot be conducted, and what to do about it."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Hold:
    """An indefinite pause: step *pause*, at the weight that step *begin* set."""

    pause: int
    begin: int
    percent: int


@dataclass(frozen=True, slots=True)
class Steps:
    """What a Rollout does on its way to a new release.

    ``weights`` are those of its setWeight steps, in their order, and ``holds`` where it
    waits for somebody. ``is_seen`` says that the canary has pods at the first hold.
    """

    count: int
    weights: tuple[int, ...]
    holds: tuple[Hold, ...]
    is_seen: bool

    def hold(self, percent: int) -> Hold | None:
        """Where it waits at that weight for the first time."""
        return next((each for each in self.holds if each.percent == percent), None)

    def hold_at(self, step: int) -> Hold | None:
        """The hold at that step, None if it does not wait there."""
        return next((each for each in self.holds if each.pause == step), None)


def read_steps(rollout: Obj) -> Steps:
    """The steps of *rollout*, a canary.

    Raises:
        PermanentError: they make no sense.
    """
    steps = rollout.items(*CANARY, "steps")
    weight, begin, scaled = 0, 0, False
    weights: list[int] = []
    holds: list[Hold] = []
    seen = False
    for index, step in enumerate(steps):
        set_to = step.integer("setWeight")
        if set_to is not None:
            weight, begin = set_to, index
            weights.append(set_to)
        scaled = _scales(step, scaled)
        if step.has("pause") and not step.has("pause", "duration"):
            holds.append(Hold(index, begin, weight))
            seen = seen or (len(holds) == 1 and scaled)
    return Steps(len(steps), tuple(weights), tuple(holds), seen)


def find_refusal(
    steps: Steps, wanted: Sequence[int], *, is_routed: bool
) -> Refusal | None:
    """Why the Rollout cannot be conducted in the steps *wanted*.

    Args:
        steps: those of the Rollout.
        wanted: the percentages of our steps, rising.
        is_routed: whether a traffic router splits the traffic, and not the pods.
    """
    missing = [each for each in wanted if steps.hold(each) is None]
    if missing:
        held = sorted({each.percent for each in steps.holds if each.percent})
        return Refusal(
            f"it does not wait for us at {_list(missing)}: the pipeline's steps"
            f" are {_list(wanted)}, and it waits at {_list(held)}",
            f"have `setWeight: {missing[0]}` and then `pause: {{}}` among its steps, or"
            " name in the pipeline's `steps` only weights at which it waits",
        )
    return _refuse_beginning(steps, is_routed=is_routed) or _refuse_falling(
        steps, max(wanted, default=0)
    )


def _refuse_beginning(steps: Steps, *, is_routed: bool) -> Refusal | None:
    if not is_routed or (steps.holds and steps.holds[0].percent == 0 and steps.is_seen):
        return None
    what = (
        "its canary has no pods where it waits at weight 0"
        if steps.holds and steps.holds[0].percent == 0
        else "it gives a canary traffic as soon as its pods are ready, before we know"
        " that they stay so"
    )
    return Refusal(
        f"it does not begin at weight 0 with pods to look at: {what}",
        "begin its steps with `setCanaryScale: {replicas: 1}`, `pause: {}` and"
        " `setCanaryScale: {matchTrafficWeight: true}`",
    )


def _refuse_falling(steps: Steps, last: int) -> Refusal | None:
    """Between two holds no weight may be above that of the second."""
    end = steps.hold(last)
    weights = list(_until(steps, None if end is None else end.percent))
    if weights == sorted(weights):
        return None
    return Refusal(
        f"the weights of its steps do not rise: {_list(weights)}",
        "sort its setWeight steps",
    )


def _until(steps: Steps, last: int | None) -> Iterator[int]:
    for weight in steps.weights:
        yield weight
        if weight == last:
            return


def _scales(step: Node, scaled: bool) -> bool:  # noqa: FBT001 - a fold
    """Whether the canary has pods after *step*, though it has no weight."""
    scale = step.node("setCanaryScale")
    if not scale.has():
        return scaled
    if scale.flag("matchTrafficWeight"):
        return False
    return bool(scale.integer("replicas") or scale.integer("weight"))


def _list(percents: Sequence[int]) -> str:
    return ", ".join(f"{each} %" for each in percents) or "no weight"
