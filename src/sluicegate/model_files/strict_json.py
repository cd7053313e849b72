"""JSON as RFC 8259 has it and every reader understands alike.

Strict UTF-8, no duplicate names, no NaN and no infinities, no lone surrogates, bounded.
"""

import json
import math
from typing import Any, NoReturn

from sluicegate.model_files.refused import Refused, malformed
from sluicegate.model_files.source import Source

MAX_BYTES = 64 << 20  # larger than the vocabularies in use; it is read whole
_LAMBDA = frozenset({"Lambda", "__lambda__", "TFOpLambda"})


def check_json(source: Source) -> None:
    """See that all of *source* is one JSON object or array, and holds no code.

    Raises:
        Refused: it is not.
    """
    if source.size > MAX_BYTES:
        raise Refused("too-large", f"JSON of more than {MAX_BYTES} bytes")
    value = parse_strictly(source.read(0, source.size))
    if not isinstance(value, dict | list):
        raise malformed("JSON", "neither an object nor an array")
    _check_values(value)


def parse_strictly(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read *data*.

    Raises:
        Refused: it is not JSON that every reader understands alike.
    """
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_pairs,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise malformed("JSON", "not UTF-8") from error
    except RecursionError as error:
        raise malformed("JSON", "nested too deeply") from error
    except ValueError as error:
        raise malformed("JSON", str(error)[:100]) from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("JSON", "a name stands twice in one object")
    return found


def _no_constant(text: str) -> NoReturn:
    raise malformed("JSON", f"{text} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise malformed("JSON", "a number beyond all bounds")
    return value


def _check_values(root: Any) -> None:  # noqa: ANN401 - any JSON value
    """Look at every text, without recursion."""
    left = [root]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if value.get("class_name") in _LAMBDA:
                raise Refused("code", "a Keras Lambda layer, which carries code")
            template = value.get("chat_template")
            if isinstance(template, str):
                check_template(template)
            left += value.keys()
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str):
            _check_text(value)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise malformed("JSON", "half of a surrogate pair") from error


def check_template(text: str) -> None:
    """Refuse a Jinja template that reaches for what no template needs.

    Source:
        CVE-2024-34359: templates in models were rendered without a sandbox.
    """
    if "__" in text or "|attr" in text.replace(" ", ""):
        raise Refused("code", "a chat template that reaches for Python's internals")
