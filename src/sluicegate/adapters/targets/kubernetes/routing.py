"""Shares of the traffic, written into the rules of an HTTPRoute and read back. Pure.

A rule of the route is ours if one of its backendRefs is the Service of an arm on our
port, and its name is the one that is wanted, if one is. Of such a rule only those
backendRefs change; its matches, filters and other backends stay, and so does the share
that the other backends have.

Traps:
    A weight is not a percentage (it may be anything from 0 to 1000000, 1 by default),
    and counts beside those of all backendRefs of the rule.
    Clients that are kept with a backend (sessionPersistence) go on to it *even at
    weight 0*: who is to get nothing is not listed at all.

Source:
    https://gateway-api.sigs.k8s.io/reference/spec/ HTTPRouteRule, HTTPBackendRef,
    BackendRef.weight; GEP-1619 "Traffic splitting" of sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sluicegate.adapters.kubernetes.values import Json, Node
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

_ALL = 100  # percent
_MOST = 1_000_000  # a weight, by the schema


@dataclass(frozen=True, slots=True)
class Arms:
    """The Services that share the traffic, all on *port*, in the route's namespace.

    ``rule`` is the name of the only rule that is ours, None for all that fit.
    """

    namespace: str
    port: int
    stable: str
    canary: str
    baseline: str | None = None
    rule: str | None = None

    @property
    def services(self) -> tuple[str, ...]:
        """The Services, in the order in which they are listed."""
        given = (self.stable, self.baseline, self.canary)
        return tuple(each for each in given if each is not None)


@dataclass(frozen=True, slots=True)
class Shares:
    """Who gets how much, in percent; 100 in all.

    Raises:
        ValueError: it is not 100 in all, or one is out of bounds.
    """

    stable: Fraction
    canary: Fraction = Fraction(0)
    baseline: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        given = (self.stable, self.canary, self.baseline)
        if min(given) < 0 or sum(given) != _ALL:
            raise ValueError(f"shares are 100 % in all, got {given}")

    @classmethod
    def of(cls, canary: int, *, with_baseline: bool = False) -> "Shares":
        """The canary's percentage; as much for the baseline; the rest for stable."""
        share = Fraction(canary)
        baseline = share if with_baseline else Fraction(0)
        return cls(_ALL - share - baseline, share, baseline)

    def get(self, arms: Arms, service: str) -> Fraction:
        """The share of a Service."""
        if service == arms.canary:
            return self.canary
        return self.stable if service == arms.stable else self.baseline


@dataclass(frozen=True, slots=True)
class RuleShares:
    """What one rule says. *label* names it for people."""

    label: str
    shares: Shares


def read_shares(rules: Sequence[Node], arms: Arms) -> tuple[RuleShares, ...]:
    """The shares in each of our rules: of what goes to our Services, who gets it.

    Raises:
        PermanentError: no rule is ours, or ours gives nothing to anybody.
    """
    return tuple(_read(rule, arms) for rule in _ours(rules, arms))


def write_shares(rules: Sequence[Node], arms: Arms, shares: Shares) -> list[Json]:
    """The *rules* with these shares; whoever gets nothing is left out.

    Raises:
        PermanentError: no rule is ours, or it cannot be shared out as it is written.
    """
    ours = _ours(rules, arms)
    return [
        _write(rule, arms, shares)
        if any(rule is each for each in ours)
        else rule.plain()
        for rule in rules
    ]


def write_percent(share: Fraction) -> str:
    """*share* for people: ``10 %``, ``33.3 %``."""
    return f"{float(share):.4g} %"


def _ours(rules: Sequence[Node], arms: Arms) -> tuple[Node, ...]:
    named = tuple(r for r in rules if arms.rule in {None, r.text("name")})
    found = tuple(rule for rule in named if any(_refs(rule, arms)))
    if found:
        return found
    wanted = " or ".join(arms.services)
    if not named:
        names = sorted(show(name) for r in rules if (name := r.text("name")))
        raise PermanentError(
            f"the route has no rule called {arms.rule}",
            hint=f"its rules are called {', '.join(names)}"
            if names
            else "its rules have no names: give one `name:`, or leave rule: out",
        )
    where = f"rule {arms.rule}" if arms.rule else "no rule of the route"
    does = "does not lead" if arms.rule else "leads"
    raise PermanentError(
        f"{where} {does} to {wanted} on port {arms.port}: {_destinations(named)}",
        hint=f"add {arms.stable} to its backendRefs, with port: {arms.port}",
    )


def _destinations(rules: Sequence[Node]) -> str:
    refs = [ref for rule in rules for ref in rule.items("backendRefs")]
    led = sorted({f"{ref.text('name')}:{ref.integer('port')}" for ref in refs})
    return "it leads to " + ", ".join(map(show, led)) if led else "it leads nowhere"


def _refs(rule: Node, arms: Arms) -> tuple[Node, ...]:
    """The backendRefs that are ours."""
    return tuple(ref for ref in rule.items("backendRefs") if _is_ours(ref, arms))


def _is_ours(ref: Node, arms: Arms) -> bool:
    return (
        ref.text("name") in arms.services
        and ref.integer("port") == arms.port
        and (ref.text("kind") or "Service") == "Service"
        and (ref.text("group") or "") == ""
        and (ref.text("namespace") or arms.namespace) == arms.namespace
    )


def _weight(ref: Node) -> int:
    weight = ref.integer("weight")
    return 1 if weight is None else weight


def _label(rule: Node) -> str:
    name = rule.text("name")
    return f"rule {show(name)}" if name else rule.where.rpartition("spec.")[2]


def _total(rule: Node, arms: Arms) -> int:
    total = sum(_weight(ref) for ref in _refs(rule, arms))
    if total > 0:
        return total
    raise PermanentError(
        f"{_label(rule)} gives weight 0 to {' and '.join(arms.services)}: there is"
        " nothing to share out",
        hint=f"give {arms.stable} a weight, if it is to have traffic",
    )


def _read(rule: Node, arms: Arms) -> RuleShares:
    total = _total(rule, arms)
    given = dict.fromkeys(arms.services, Fraction(0))
    for ref in _refs(rule, arms):
        given[ref.text("name") or ""] += Fraction(_ALL * _weight(ref), total)
    baseline = given.get(arms.baseline or "", Fraction(0))
    shares = Shares(given[arms.stable], given[arms.canary], baseline)
    return RuleShares(_label(rule), shares)


def _write(rule: Node, arms: Arms, shares: Shares) -> Json:
    refs = _refs(rule, arms)
    unit = _unit(rule, arms)
    first = refs[0].plain()
    for ref in refs:
        if ref.plain("filters") != refs[0].plain("filters"):
            raise PermanentError(
                f"the filters of {refs[0].text('name')} and {ref.text('name')} in"
                f" {_label(rule)} differ, and would be lost: a backend without a share"
                " is taken out of the rule",
                hint="have the same filters on both, or on the rule",
            )
    made = [
        {**_mapping(first), "name": service, "weight": int(unit * share)}
        for service in arms.services
        if (share := shares.get(arms, service))
    ]
    changed: list[Json] = []
    for ref in rule.items("backendRefs"):
        if not _is_ours(ref, arms):
            changed.append(ref.plain())
        else:
            changed.extend(made)
            made = []
    return {**_mapping(rule.plain()), "backendRefs": changed}


def _unit(rule: Node, arms: Arms) -> int:
    """The weight of one percent, so that other backends keep their share."""
    total = _total(rule, arms)
    if total % _ALL == 0 and total <= _MOST:
        return total // _ALL
    others = [ref for ref in rule.items("backendRefs") if not _is_ours(ref, arms)]
    if not any(_weight(ref) for ref in others):
        return 1
    raise PermanentError(
        f"{_label(rule)} leads to other Services, too, and gives ours the weight"
        f" {total} beside them, which cannot be shared out in percent",
        hint="write all its weights a hundred times as large"
        if total <= _MOST // _ALL
        else f"write its weights so that ours have a multiple of {_ALL}, at most"
        f" {_MOST}",
    )


def _mapping(value: Json) -> dict[str, Json]:
    return dict(value) if isinstance(value, Mapping) else {}
