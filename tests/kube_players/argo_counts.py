"""How many pods Argo Rollouts gives the canary and stable: ported from its source.

Source: argoproj/argo-rollouts, utils/replicaset/canary.go (commit 9f8d111d):
CalculateReplicaCountsForBasicCanary, CalculateReplicaCountsForTrafficRoutedCanary,
approximateWeightedCanaryStableReplicaCounts, GetCanaryReplicasOrWeight.
"""

import math
from dataclasses import dataclass

from kube_players.documents import Document

ALL = 100


@dataclass
class Sets:
    """The ReplicaSets of a Rollout: the newest, the stable one, and the others."""

    new: Document
    stable: Document | None
    others: list[Document]


def spec_replicas(found: Document | None) -> int:
    return 0 if found is None else found["spec"].get("replicas", 1)


def available(found: Document | None) -> int:
    return (
        0 if found is None else (found.get("status") or {}).get("availableReplicas", 0)
    )


def created(found: Document | None) -> int:
    return 0 if found is None else (found.get("status") or {}).get("replicas", 0)


def steps_of(rollout: Document) -> list[Document]:
    steps: list[Document] = rollout["spec"]["strategy"]["canary"].get("steps") or []
    return steps


def current_step(rollout: Document) -> Document | None:
    steps, index = steps_of(rollout), status_of(rollout).get("currentStepIndex", 0)
    return steps[index] if index < len(steps) else None


def status_of(rollout: Document) -> Document:
    status: Document = rollout.get("status") or {}
    return status


def set_weight_of(rollout: Document) -> int:
    """GetCurrentSetWeight."""
    status = status_of(rollout)
    if status.get("abort"):
        return 0
    steps, index = steps_of(rollout), status.get("currentStepIndex", 0)
    if index >= len(steps):
        return ALL
    for step in reversed(steps[: index + 1]):
        if "setWeight" in step:
            return int(step["setWeight"])
    return 0


def wanted_counts(rollout: Document, sets: Sets) -> tuple[int, int]:
    """How many pods the canary and stable are to have next."""
    if "trafficRouting" in rollout["spec"]["strategy"]["canary"]:
        weights = (status_of(rollout).get("canary") or {}).get("weights")
        return routed_counts(rollout, sets, weights)
    return basic_counts(rollout, sets)


def routed_counts(
    rollout: Document, sets: Sets, weights: Document | None
) -> tuple[int, int]:
    replicas, canary = (
        rollout["spec"]["replicas"],
        rollout["spec"]["strategy"]["canary"],
    )
    fixed, weight = _fixed_or_weight(rollout, sets)
    count = fixed if fixed is not None else _pods(replicas, weight)
    if not canary.get("dynamicStableScale"):
        return count, replicas
    stable = _pods(replicas, ALL - weight)
    if weights is not None:
        stable = max(stable, _pods(replicas, weights["stable"]["weight"]))
        if status_of(rollout).get("abort"):
            count = max(count, _pods(replicas, weights["canary"]["weight"]))
    return count, stable


def basic_counts(rollout: Document, sets: Sets) -> tuple[int, int]:
    """CalculateReplicaCountsForBasicCanary, with its bounds of surge and absence."""
    replicas = rollout["spec"]["replicas"]
    _, weight = _fixed_or_weight(rollout, sets)
    surge, missing = surge_of(rollout), unavailable_of(rollout)
    new_wanted, stable_wanted = approximate(replicas, weight, surge)
    has_stable = sets.stable is not None and not _same(sets.new, sets.stable)
    stable = sets.stable if has_stable else None
    new_count, stable_count = spec_replicas(sets.new), spec_replicas(stable)
    if not has_stable:
        new_wanted, stable_wanted = replicas, 0
    total = new_count + stable_count + sum(map(spec_replicas, sets.others))
    room = replicas + surge - total
    if stable is not None and stable_count < stable_wanted and room > 0:
        more = min(room, stable_wanted - stable_count)
        stable_count, room = stable_count + more, room - more
    if new_count < new_wanted and room > 0:
        new_count += min(room, new_wanted - new_count)
    if sum(map(spec_replicas, sets.others)) > 0:
        return new_count, stable_count
    least = replicas - missing
    rising = new_wanted >= spec_replicas(sets.new)
    removable = _removable(sets.new, ignore=not rising) + _removable(
        stable, ignore=rising
    )
    if removable <= least:
        return new_count, stable_count
    surplus = removable - least
    if not rising and spec_replicas(sets.new) > new_wanted:
        new_count = max(new_wanted, spec_replicas(sets.new) - surplus)
    elif rising and stable is not None and spec_replicas(stable) > stable_wanted:
        stable_count = max(stable_wanted, spec_replicas(stable) - surplus)
    return new_count, stable_count


def approximate(replicas: int, weight: int, surge: int) -> tuple[int, int]:
    """approximateWeightedCanaryStableReplicaCounts."""
    if replicas == 0:
        return 0, 0
    up = math.ceil(replicas * weight / ALL)
    down = math.floor(replicas * weight / ALL)

    def tied(total: int) -> bool:
        return math.modf(total * (weight / ALL))[0] == 0.5

    zero_allowed = weight in {ALL, 0} or (replicas == 1 and surge == 0)
    options: list[tuple[int, int]] = []
    if up < replicas or zero_allowed:
        options.append((up, replicas))
    if not tied(replicas) and (down or zero_allowed):
        options.append((down, replicas))
    if surge > 0:
        options.append((up, replicas + 1))
        if not tied(replicas + 1) and (down or zero_allowed):
            options.append((down, replicas + 1))
    if not options:
        return 0, replicas
    best = min(options, key=lambda each: abs(each[0] * ALL / each[1] - weight))
    return best[0], best[1] - best[0]


def surge_of(rollout: Document) -> int:
    value = rollout["spec"]["strategy"]["canary"].get("maxSurge", "25%")
    return _resolve(value, rollout["spec"]["replicas"], math.ceil)


def unavailable_of(rollout: Document) -> int:
    value = rollout["spec"]["strategy"]["canary"].get("maxUnavailable", "25%")
    found = _resolve(value, rollout["spec"]["replicas"], math.floor)
    return 1 if found == 0 and surge_of(rollout) == 0 else found


def at_counts(rollout: Document, sets: Sets, weights: Document | None) -> bool:
    """AtDesiredReplicaCountsForCanary."""
    canary = rollout["spec"]["strategy"]["canary"]
    is_routed = "trafficRouting" in canary
    new, stable = (
        routed_counts(rollout, sets, weights)
        if is_routed
        else basic_counts(rollout, sets)
    )
    if not new == spec_replicas(sets.new) == available(sets.new):
        return False
    checks_stable = not is_routed or not canary.get("dynamicStableScale")
    if checks_stable and not stable == spec_replicas(sets.stable) == created(
        sets.stable
    ):
        return False
    return is_routed or not sum(map(available, sets.others))


def _fixed_or_weight(rollout: Document, sets: Sets) -> tuple[int | None, int]:
    """GetCanaryReplicasOrWeight."""
    status = status_of(rollout)
    stable, current = status.get("stableRS", ""), status.get("currentPodHash", "")
    if status.get("promoteFull") or not stable or stable == current:
        return None, ALL
    scale = _scale_of(rollout)
    if "replicas" in scale:
        return int(scale["replicas"]), 0
    if "weight" in scale:
        return None, int(scale["weight"])
    return None, desired_weight(rollout, sets)


def desired_weight(rollout: Document, sets: Sets) -> int:
    """GetDesiredCanaryWeight: after an abort, stable grows back step by step."""
    canary, status = rollout["spec"]["strategy"]["canary"], status_of(rollout)
    if not status.get("abort") or not canary.get("dynamicStableScale"):
        return set_weight_of(rollout)
    replicas = rollout["spec"]["replicas"]
    missing = replicas - available(sets.stable)
    explicit = "abortScaleDownDelaySeconds" in canary
    pods = missing if explicit else max(missing, available(sets.new))
    for step in reversed(steps_of(rollout)):
        if "setWeight" in step and _pods(replicas, step["setWeight"]) < pods:
            return int(step["setWeight"])
    return 0


def weight_after_abort(rollout: Document, sets: Sets) -> int:
    """calculateDesiredWeightOnAbortOrStableRollback."""
    replicas = int(rollout["spec"]["replicas"])
    if not rollout["spec"]["strategy"]["canary"].get("dynamicStableScale"):
        return 0
    desired = desired_weight(rollout, sets)
    expected = max(0, ALL - ALL * available(sets.stable) // replicas)
    weights = (status_of(rollout).get("canary") or {}).get("weights")
    if weights is None:
        return max(expected, desired)
    now = int(weights["canary"]["weight"])
    if desired <= 0:
        return min(expected, now)
    if ALL * available(sets.stable) // replicas < ALL - desired:
        return now
    return min(desired, now)


def _scale_of(rollout: Document) -> Document:
    """UseSetCanaryScale; empty if it is not in use."""
    canary, status = rollout["spec"]["strategy"]["canary"], status_of(rollout)
    steps, index = steps_of(rollout), status.get("currentStepIndex", 0)
    if "trafficRouting" not in canary or index >= len(steps):
        return {}
    if status.get("abort") and canary.get("abortScaleDownDelaySeconds", 30) != 0:
        return {}
    for step in reversed(steps[: index + 1]):
        scale: Document | None = step.get("setCanaryScale")
        if scale is not None:
            return {} if scale.get("matchTrafficWeight") else scale
    return {}


def _pods(replicas: int, weight: int) -> int:
    return math.ceil(weight * replicas / ALL)


def _resolve(value: object, replicas: int, rounded: object) -> int:
    if isinstance(value, str):
        share = replicas * int(value.removesuffix("%")) / ALL
        return math.ceil(share) if rounded is math.ceil else math.floor(share)
    return int(str(value))


def _removable(found: Document | None, *, ignore: bool) -> int:
    """GetReplicasForScaleDown."""
    if found is None:
        return 0
    wanted = spec_replicas(found)
    return wanted if ignore or wanted < available(found) else available(found)


def _same(one: Document, other: Document) -> bool:
    return bool(one["metadata"]["name"] == other["metadata"]["name"])
