"""What the controller of a Gateway makes of HTTPRoutes, and its proxy of requests.

Source: gateway-api/apis/v1 shared_types.go (RouteConditionType and its reasons),
httproute_types.go (BackendRefs: weights, 500 for what is not there).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from kube_players.documents import Document, Hand, condition, is_said

_CONTROLLER = "example.net/gateway-controller"


@dataclass
class GatewayPlayer:
    """Plays for *namespace*, by *hand*.

    Attributes:
        refuses: reason and message, if it does not accept routes.
        asleep: whether nobody writes statuses.
        misses: Services that it cannot find.
    """

    hand: Hand
    namespace: str
    refuses: tuple[str, str] | None = None
    asleep: bool = False
    misses: set[str] = field(default_factory=set)
    _due: Counter[str] = field(default_factory=Counter)

    def step(self) -> bool:
        """Look at every route once; whether anything was changed."""
        if self.asleep:
            return False
        routes = self.hand.list("HTTPRoute", self.namespace)
        changed = [self._report(route) for route in routes]
        return any(changed)

    def pick(self, weights: Mapping[str, int]) -> str | None:
        """The Service that the next request is sent to, None if there is none.

        Smooth weighted round robin: exact over as many requests as the weights add up
        to.
        """
        for gone in set(self._due) - set(weights):
            del self._due[gone]
        self._due.update(weights)
        if not sum(weights.values()):
            return None
        chosen = max(weights, key=lambda name: self._due[name])
        self._due[chosen] -= sum(weights.values())
        return chosen

    def _report(self, route: Document) -> bool:
        generation = route["metadata"]["generation"]
        refs = [
            ref["name"]
            for rule in route["spec"]["rules"]
            for ref in rule.get("backendRefs", [])
        ]
        missing = sorted(self.misses.intersection(refs))
        accepted = ("True", "Accepted", "")
        if self.refuses is not None:
            accepted = ("False", *self.refuses)
        resolved = ("True", "ResolvedRefs", "")
        if missing:
            resolved = ("False", "BackendNotFound", f"service {missing[0]} not found")
        conditions = [
            {**condition("Accepted", *accepted), "observedGeneration": generation},
            {**condition("ResolvedRefs", *resolved), "observedGeneration": generation},
        ]
        parents = [
            {
                "parentRef": ref,
                "controllerName": _CONTROLLER,
                "conditions": conditions,
            }
            for ref in route["spec"].get("parentRefs", [])
        ]
        if is_said((route.get("status") or {}).get("parents"), parents):
            return False
        name = route["metadata"]["name"]
        self.hand.set_status("HTTPRoute", self.namespace, name, {"parents": parents})
        return True
