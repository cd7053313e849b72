"""What a validator found, in plain words."""

import difflib
import json
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic_core import ErrorDetails

from sluicegate.config.tree import Found, Items, Leaf, Path, Table, child
from sluicegate.model.credential import is_secret_name, is_secret_value
from sluicegate.stages.canary_sources import TARGET
from sluicegate.stages.notify import SECRET
from sluicegate.stages.release_rules import ReleaseRules
from sluicegate.stages.variants import NO_VARIANT

LATER = frozenset(
    {
        "lock",
        "platforms",
    }
)
"""Keys to come. Refused like any other: a rule that is skipped is a rule broken."""

_UNTIL_THEN: Mapping[str, str] = {
    "platforms": ": an image is built for the engine's own platform",
}

MUST_BE: Mapping[str, str] = {
    "bool_type": "must be true or false",
    "date_type": "must be a date",
    "dict_type": "must hold keys and values",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "list_type": "must be a list, like [a, b]",
    "model_attributes_type": "must hold keys and values",
    "model_type": "must hold keys and values",
    "string_type": "must be text",
    "tuple_type": "must be a list, like [a, b]",
}
"""What to say when a value is of the wrong kind, by pydantic's name for it."""

_BOUNDS: Mapping[str, str] = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
}
_TABLES = (dict, Mapping)
_FORMS: Mapping[Path, str] = {
    ("name",): "<project>_<purpose>_v<major>.<minor>, like churn-model_release_v1.0",
}


def suggest(word: str, known: Iterable[str]) -> str:
    """A did-you-mean for *word*, or the whole choice where nothing is close."""
    options = sorted(known)
    close = difflib.get_close_matches(word, options, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (one of {', '.join(options)})" if options else ""


def describe(error: ErrorDetails, found: Found, model: type[BaseModel]) -> str:
    """Say what is wrong at the place *found* of the settings *model*."""
    kind = error["type"]
    last = str(error["loc"][-1]) if error["loc"] else ""
    if kind == "extra_forbidden":
        return _unknown_key(last, _keys_at(model, error["loc"][:-1], found.path[:-1]))
    if kind == "missing":
        return f"{last!r} is missing"
    special: Mapping[str, Callable[[ErrorDetails, Found], str]] = {
        "string_pattern_mismatch": _pattern,
        "enum": _choice,
        "literal_error": _choice,
        "union_tag_invalid": _choice,
        "value_error": _own_words,
        "assertion_error": _own_words,
        NO_VARIANT: _variant,
        SECRET: lambda said, _found: said["msg"],  # and nothing of the value
    }
    if kind in special:
        return special[kind](error, found)
    if kind in MUST_BE:
        return MUST_BE[kind] + _but_is(found, kind)
    if kind in ("too_short", "string_too_short") and error["ctx"]["min_length"] == 1:
        return "must not be empty"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format_map(error["ctx"]) + _but_is(found, kind)
    return error["msg"][:1].lower() + error["msg"][1:] + _but_is(found, kind)


def _unknown_key(key: str, known: Iterable[str]) -> str:
    if key in ReleaseRules.model_fields:
        return f"{key!r} is said of an environment: write it there"
    if key == "secrets":
        return "'secrets' stands at the top of the file: it says there who gets which"
    if key in LATER:
        return f"{key!r} is not supported in this version{_UNTIL_THEN.get(key, '')}"
    return f"unknown key {key!r}{suggest(key, known)}"


def _pattern(error: ErrorDetails, found: Found) -> str:
    form = _FORMS.get(found.path) or f"text of the form {error['ctx']['pattern']}"
    if error["loc"][-1] == "[key]":
        return f"the name must be {form}"
    return f"must be {form}{_but_is(found, 'pattern')}"


def _choice(error: ErrorDetails, found: Found) -> str:
    expected = error.get("ctx", {}).get("expected", "")
    if isinstance(found.node, Leaf) and isinstance(found.node.value, str):
        options = expected.replace("'", "").replace(" or ", ", ").split(", ")
        close = difflib.get_close_matches(found.node.value, options, n=1)
        if close and len(options) > 1:
            return (
                f"must be {expected}, not {_show(found)} (did you mean {close[0]!r}?)"
            )
    return f"must be {expected}{_but_is(found, 'choice')}"


def _variant(error: ErrorDetails, found: Found) -> str:
    """Settings that may be of several kinds, and are of none."""
    key, known = error["ctx"]["key"], error["ctx"]["known"].split(", ")
    said = child(found.node, key)
    if said is None:
        return f"{key!r} is missing{suggest('', known)}"
    if not isinstance(said, Leaf) or not isinstance(said.value, str):
        return f"{key!r} must be text{suggest('', known)}"
    note = error["ctx"].get("note")
    if note and said.value == TARGET:
        return f"{key!r} cannot be {TARGET} here: {note}{suggest('', known)}"
    return f"unknown {key} {said.value!r}{suggest(said.value, known)}"


def _own_words(error: ErrorDetails, found: Found) -> str:
    said = str(error.get("ctx", {}).get("error", error["msg"]))
    shown = _show(found)
    return said if not shown or shown.strip('"') in said else f"{said}, not {shown}"


def _but_is(found: Found, kind: str) -> str:
    shown = _show(found)
    if found.path == ("stages",) and kind in {"dict_type", "model_type"}:
        return ": each stage by its name, like lint: {uses: ruff}"
    if not shown:
        return ""
    if kind in {"tuple_type", "list_type"} and isinstance(_value(found), str):
        return f": write [{shown}]"
    if kind == "string_type" and shown != "null":
        return f': put it in quotes, like "{shown}"'
    return f", not {shown}"


def _value(found: Found) -> object:
    return found.node.value if isinstance(found.node, Leaf) else None


def _show(found: Found) -> str:
    """The value, unless it may be a credential: what is said here ends up in logs."""
    if any(is_secret_name(str(part)) for part in found.path):
        return ""
    match found.node:
        case Leaf(value=str() as text) if is_secret_value(text):
            return ""
        case Leaf(value=str() as text) if len(text) > 60:  # noqa: PLR2004 - one line
            return json.dumps(text[:60] + "…", ensure_ascii=False)
        case Leaf():
            return json.dumps(found.node.value, ensure_ascii=False)
        case Items() | Table():
            return ""


def _keys_at(model: type[BaseModel], loc: Path, path: Path) -> list[str]:
    """The keys that the settings at *path* below *model* have.

    *loc* is the same place as the validator names it: with the tag of what was meant
    where a value may be of several kinds.
    """
    current: Any = model
    left = list(path)
    for part in loc:
        tagged = _tagged(current, part)
        if tagged is not None:
            current = tagged
        elif left and part == left[0]:
            current = _inside(_settings_in(current), left.pop(0))
    current = _settings_in(current)
    return list(_fields(current)) if isinstance(current, type) else []


def _inside(settings: Any, part: str | int) -> Any:  # noqa: ANN401 - annotations have no type
    """What stands at *part* of settings, or of their container."""
    if isinstance(settings, type):
        extra = settings.__annotations__.get("__pydantic_extra__")
        others = None if extra is None else get_args(extra)[-1]
        return _fields(settings).get(str(part), others)
    return get_args(settings)[-1 if get_origin(settings) in _TABLES else 0]


def _tagged(annotation: Any, tag: str | int) -> Any:  # noqa: ANN401 - likewise
    """The alternative of *annotation* that is marked with *tag*, None without one."""
    for option in get_args(_bare(annotation)):
        marks = getattr(option, "__metadata__", ())
        if any(isinstance(mark, Tag) and mark.tag == tag for mark in marks):
            return option
    return None


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - likewise
    return (
        get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation
    )


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {
        field.alias or name: field.annotation
        for name, field in model.model_fields.items()
    }


def _settings_in(annotation: Any) -> Any:  # noqa: ANN401 - annotations have no type
    """Look through optional and alternative types for settings or their container."""
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        options = (_settings_in(option) for option in get_args(annotation))
        return next((option for option in options if option is not None), None)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    origin = get_origin(annotation)
    return annotation if origin in (*_TABLES, tuple, list) else None
