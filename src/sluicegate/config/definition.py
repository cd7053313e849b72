"""The digest of a pipeline's definition: what was written of stages, not how."""

import json
import math

from sluicegate.config.graph import default_needs
from sluicegate.config.tree import Entry, Items, Leaf, Node, Scalar, Table
from sluicegate.model.digest import Digest

_MAX_PLAIN = 21  # ECMAScript writes up to this many digits before the point ...
_MIN_PLAIN = -6  # ... and down to this exponent without using one


ELSEWHERE = frozenset(
    (
        *("environments", "people", "services", "groups", "extends", "budgets"),
        *("audit", "notify", "costs"),
    )
)
"""Keys that are not of the definition: what the protected branch alone says, where the
log is, whom to tell, and what it costs."""


def definition_digest(root: Table) -> Digest:
    """SHA-256 of what the file *root* says of stages, as canonical JSON.

    Order of keys, comments, quotes and layout make no difference; a default that is
    written out does. Only ``needs`` is filled in where it is left out: it is the one
    default that the order of the file decides.

    Source: RFC 8785 (JSON Canonicalization Scheme).
    """
    return whole_digest(definition_of(root))


def whole_digest(node: Node) -> Digest:
    """SHA-256 of all of *node* as canonical JSON."""
    return Digest.of(canonical_json(node).encode())


def definition_of(root: Table) -> Table:
    """The part of a pipeline file that its version stands for."""
    kept = {key: root.entries[key] for key in root.entries if key not in ELSEWHERE}
    stages = kept.get("stages")
    if stages is not None and isinstance(stages.node, Table):
        kept["stages"] = Entry(stages.line, _with_needs(stages.node))
    return Table(root.line, kept)


def _with_needs(stages: Table) -> Table:
    entries = dict(stages.entries)
    for name, needs in default_needs(stages.entries).items():
        entry = stages.entries[name]
        if isinstance(entry.node, Table) and "needs" not in entry.node.entries:
            items = Items(entry.line, tuple(Leaf(entry.line, each) for each in needs))
            settings = {**entry.node.entries, "needs": Entry(entry.line, items)}
            entries[name] = Entry(entry.line, Table(entry.node.line, settings))
    return Table(stages.line, entries)


def canonical_json(node: Node) -> str:
    """*node* as RFC 8785 has it: one text for one tree."""
    match node:
        case Leaf():
            return _scalar(node.value)
        case Items():
            return f"[{','.join(canonical_json(item) for item in node.items)}]"
        case Table():
            members = (
                f"{_scalar(key)}:{canonical_json(node.entries[key].node)}"
                for key in sorted(node.entries, key=_utf16)
            )
            return f"{{{','.join(members)}}}"


def _utf16(key: str) -> bytes:
    """RFC 8785 section 3.2.3 sorts keys by their UTF-16 code units."""
    return key.encode("utf-16-be")


def _scalar(value: Scalar) -> str:
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """Write a finite double as ECMAScript does.

    Source: ECMA-262, Number::toString; Python's repr has the same shortest digits.
    """
    if value == 0:
        return "0"
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    """Write 0.*digits* times ten to the power of *point*."""
    if len(digits) <= point <= _MAX_PLAIN:
        return digits.ljust(point, "0")
    if 0 < point <= _MAX_PLAIN:
        return f"{digits[:point]}.{digits[point:]}"
    if _MIN_PLAIN < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"
