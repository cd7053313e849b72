"""Whether the Gateways of an HTTPRoute have taken its newest generation. Pure.

Every Gateway that knows the route writes whether it accepts it, and whether the route's
references lead anywhere, and for which generation. Two kinds of silence are told
apart: nobody has ever written a status (a controller that writes none, or none is
there), which says nothing, and somebody has, of an older generation, who is late.

Source:
    https://gateway-api.sigs.k8s.io/reference/spec/ RouteParentStatus, conditions
    Accepted, ResolvedRefs, PartiallyInvalid.
"""

from dataclasses import dataclass

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import Node, by
from sluicegate.adapters.kubernetes.words import show

_ACCEPTED, _RESOLVED, _PARTIAL = "Accepted", "ResolvedRefs", "PartiallyInvalid"


@dataclass(frozen=True, slots=True)
class Taking:
    """``refusal`` or ``waiting`` in words; neither if the route is in force."""

    refusal: str | None = None
    waiting: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether somebody is yet to say something."""
        return self.refusal is None and self.waiting is not None


def is_quiet(route: Obj) -> bool:
    """Whether nobody says anything of the route."""
    return not _parents(route)


def judge_status(route: Obj, generation: int) -> Taking:
    """What the Gateways say of the route, as it was at *generation* or later."""
    if is_quiet(route):
        return Taking(waiting="no Gateway says anything of it")
    waiting = None
    for parent in _parents(route):
        taking = _judge(parent, generation)
        if taking.refusal is not None:
            return taking
        waiting = waiting or taking.waiting
    return Taking(waiting=waiting)


def _parents(route: Obj) -> tuple[Node, ...]:
    """What is said for the parents that the route has now."""
    wanted = [_key(ref, route) for ref in route.items("spec", "parentRefs")]
    return tuple(
        each
        for each in route.items("status", "parents")
        if _key(each.node("parentRef"), route) in wanted
    )


def _key(ref: Node, route: Obj) -> tuple[object, ...]:
    return (
        ref.text("group") or "gateway.networking.k8s.io",
        ref.text("kind") or "Gateway",
        ref.text("namespace") or route.namespace,
        ref.text("name"),
        ref.text("sectionName"),
        ref.integer("port"),
    )


def _judge(parent: Node, generation: int) -> Taking:
    ref = parent.node("parentRef")
    who = f"{ref.text('kind') or 'Gateway'} {show(ref.text('name') or '?')}"
    for kind, wanted, does in (
        (_ACCEPTED, "True", "does not accept it"),
        (_RESOLVED, "True", "cannot follow its references"),
        (_PARTIAL, "False", "takes only a part of it"),
    ):
        condition = parent.node("conditions", by(type=kind))
        if not condition.has():
            if kind == _ACCEPTED:
                return Taking(waiting=f"{who} has not said whether it accepts it")
            continue
        seen = condition.integer("observedGeneration")
        if seen is not None and seen < generation:
            return Taking(waiting=f"{who} has not taken the change")
        status = condition.text("status")
        if status == "Unknown":
            return Taking(waiting=f"{who} has not said whether it accepts it")
        if status != wanted:
            reason = show(condition.text("reason") or "no reason", 80)
            said = show(condition.text("message") or "")
            return Taking(f"{who} {does} ({reason}): {said}".rstrip(": "))
    return Taking()
