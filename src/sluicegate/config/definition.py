"""The digest of a pipeline's definition: what was written, not how."""

import json
import math

from sluicegate.config.tree import Items, Leaf, Node, Scalar, Table
from sluicegate.model.digest import Digest

_MAX_PLAIN = 21  # ECMAScript writes up to this many digits before the point ...
_MIN_PLAIN = -6  # ... and down to this exponent without using one


def definition_digest(node: Node) -> Digest:
    """SHA-256 of the tree as canonical JSON.

    Order of keys, comments, quotes and layout make no difference; a default that is
    written out does.

    Source: RFC 8785 (JSON Canonicalization Scheme).
    """
    return Digest.of(canonical_json(node).encode())


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
