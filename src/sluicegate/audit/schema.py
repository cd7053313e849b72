"""The JSON Schema of an entry, made of the tables that write it."""

import json
from collections.abc import Iterator, Mapping

from sluicegate.audit import log_shapes, shapes
from sluicegate.audit.codec import Schema
from sluicegate.audit.envelope import LOG_ENVELOPE, RUN_ENVELOPE
from sluicegate.audit.jcs import Json
from sluicegate.audit.meanings import KINDS, explain
from sluicegate.audit.record import SCHEMA, WITHOUT_TASK
from sluicegate.model.event import StageFinished, StageStarted

_DIGEST_SET: Json = {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OF_RUN = ("run_id", "seq", "source")
_ABOUT = (
    "An entry is one object in the canonical form of RFC 8785, at most 32768 bytes"
    " long, with integers only. Readers pass over keys that they do not know, and take"
    " an entry of an unknown type, or with an unknown word where a few are listed, for"
    " one that they cannot interpret; the keys below are always there and never change"
    " their meaning."
)


def entry_schema() -> Schema:
    """The schema for readers: keys and types may be more than those known here."""
    document = LOG_ENVELOPE.schema
    head = _object(_explained("", document["properties"]))
    head["schema"] = {"const": SCHEMA, "description": explain("", ("schema",))}
    head["type"] = {"type": "string", "description": explain("", ("type",))}
    head |= _only_of_runs()
    kinds = (*log_shapes.BY_KIND, *shapes.BY_KIND)
    return {
        "$schema": DIALECT,
        "$id": f"{SCHEMA}/entry.schema.json",
        "title": "An entry of a Sluicegate audit log",
        "description": _ABOUT,
        "type": "object",
        "properties": head,
        "required": ["schema", "type", *_names(document["required"])],
        "dependentRequired": {key: _others(key) for key in _OF_RUN},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}},
                "then": {"$ref": f"#/$defs/{kind}"},
            }
            for kind in kinds
        ],
        "$defs": dict(_kinds()),
    }


def written_schema() -> Schema:
    """The schema of what this version writes: no key more, no other type."""
    document = dict(entry_schema())
    kinds: list[Json] = [*log_shapes.BY_KIND, *shapes.BY_KIND]
    properties = _object(document["properties"])
    properties["type"] = {"enum": kinds}
    document["$defs"] = {
        kind: _close(shape, nested=False)
        for kind, shape in _object(document["$defs"]).items()
    }
    document["properties"] = {key: _close(properties[key]) for key in properties}
    document["unevaluatedProperties"] = False
    return document


def format_schema(schema: Schema) -> str:
    """Write *schema* for a file, with a newline at its end."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _kinds() -> Iterator[tuple[str, Json]]:
    tables = [(log_shapes.BY_KIND, False), (shapes.BY_KIND, True)]
    for table, of_run in tables:
        for kind, shape in table.items():
            required = _names(shape.schema["required"])
            if of_run:
                required = [*_OF_RUN, *required]
            if issubclass(shape.cls, StageStarted | StageFinished):
                required = ["task_id", *required]
            properties = _explained(kind, shape.schema["properties"])
            if of_run and not issubclass(shape.cls, WITHOUT_TASK):
                text = explain("", ("task_id",))
                properties["task_id"] = {"type": "string", "description": text}
            yield (
                kind,
                {
                    "description": KINDS[kind],
                    "type": "object",
                    "properties": properties,
                    "required": required,
                },
            )


def _only_of_runs() -> dict[str, Json]:
    found = _object(_explained("", RUN_ENVELOPE.schema["properties"]))
    return {key: found[key] for key in _OF_RUN}


def _explained(kind: str, properties: Json, *path: str) -> dict[str, Json]:
    """The properties, each with what it means."""
    found: dict[str, Json] = {}
    for key, schema in _object(properties).items():
        place = (*path, key)
        found[key] = {
            **_object(_inside(kind, schema, place)),
            "description": explain(kind, place),
        }
    return found


def _inside(kind: str, schema: Json, path: tuple[str, ...]) -> Json:
    document = dict(_object(schema))
    if "properties" in document and document["properties"] != _DIGEST_SET:
        document["properties"] = _explained(kind, document["properties"], *path)
    if "items" in document:
        document["items"] = _inside(kind, document["items"], path)
    return document


def _close(schema: Json, *, nested: bool = True) -> Json:
    """*schema* without room for other keys, at any depth."""
    if isinstance(schema, list):
        return [_close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        key: {k: _close(v) for k, v in _object(schema[key]).items()}
        if key == "properties"
        else _close(schema[key])
        for key in schema
    }
    if nested and "properties" in schema:
        closed["additionalProperties"] = False
    return closed


def _others(key: str) -> list[Json]:
    return [other for other in _OF_RUN if other != key]


def _names(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _object(value: Json | Mapping[str, Json]) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value
