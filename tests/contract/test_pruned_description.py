"""The description the fake GitHub is held against: what it is made of, and whole."""

import gzip
import io
import json
import runpy
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_github.description import FILE, JsonValue, read_description
from fake_github.routes import AREAS
from fake_github.routing import ROUTES

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts/prune_openapi.py"))
SOURCE = {"package": "made-up", "version": "1.0.0"}
CLOSED = {"additionalProperties": False}


def nodes(node: JsonValue) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for item in node:
            yield from nodes(item)
    elif isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)


def description(**schemas: JsonValue) -> dict[str, Any]:
    """One operation kept and one not; the body of the kept one is *body*."""
    body = {"content": {"application/json": {"schema": schemas.pop("body", {})}}}
    kept = {
        "operationId": "things/make",
        "summary": "Make a thing",
        "requestBody": body,
        "responses": {"201": {"description": "Response", "content": {}}},
    }
    other = {"operationId": "things/list", "responses": {}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Made up", "version": "1"},
        "paths": {"/things": {"post": kept, "get": other}},
        "components": {
            "schemas": {
                **schemas,
                **{name: {"type": "object"} for name in SCRIPT["ERRORS"]},
            }
        },
    }


def prune(document: dict[str, Any], *operations: str) -> dict[str, Any]:
    wanted = frozenset(operations or ("things/make",))
    made: dict[str, Any] = SCRIPT["prune"](document, SOURCE, wanted)
    return made


def schema_of_body(document: dict[str, Any]) -> JsonValue:
    body = document["paths"]["/things"]["post"]["requestBody"]
    return body["content"]["application/json"]["schema"]


def test_the_description_says_what_it_was_made_of_and_under_which_licence() -> None:
    source = read_description().document["x-source"]

    assert (source["package"], source["version"]) == ("@octokit/openapi", "23.0.2")
    assert len(source["archive-sha256"]) == 64
    assert "MIT" in source["licence"]
    assert "Copyright" in source["licence"]


def test_it_holds_exactly_the_operations_that_the_script_keeps() -> None:
    found = {operation.id for operation in read_description().operations}

    assert found == SCRIPT["OPERATIONS"]


def test_the_fake_answers_every_operation_of_it_and_no_other() -> None:
    assert AREAS
    assert ROUTES.keys() == SCRIPT["OPERATIONS"]


def test_everything_it_refers_to_is_in_it() -> None:
    described = read_description()
    references = [
        n for n in nodes(described.document) if isinstance(n.get("$ref"), str)
    ]

    assert references
    for node in references:
        assert described.resolve(node) is not node


def test_no_object_in_the_body_of_a_request_is_left_open_by_silence() -> None:
    described = read_description()
    bodies = [o.body for o in described.operations if o.body is not None]
    closed = [
        schema
        for name, schema in described.document["components"]["schemas"].items()
        if name.endswith(".closed")
    ]
    objects = [n for n in nodes([bodies, closed]) if n.get("type") == "object"]

    assert len(objects) > 20
    for node in objects:
        assert "additionalProperties" in node or not node.get("properties")


def test_packing_it_again_gives_the_same_bytes() -> None:
    document = json.loads(gzip.decompress(FILE.read_bytes()))

    assert SCRIPT["pack"](document) == FILE.read_bytes()


def test_pruning_keeps_what_is_asked_for_without_the_prose() -> None:
    pruned = prune(description())

    assert list(pruned["paths"]["/things"]) == ["post"]
    assert "summary" not in pruned["paths"]["/things"]["post"]
    assert pruned["x-source"] == SOURCE


def test_pruning_closes_bodies_however_deep_and_leaves_answers_open() -> None:
    inner = {"type": "object", "properties": {"title": {"type": "string"}}}
    body = {
        "type": "object",
        "properties": {
            "one": {"$ref": "#/components/schemas/inner"},
            "many": {"type": "array", "items": inner},
        },
    }
    pruned = prune(description(body=body, inner=inner))
    made = schema_of_body(pruned)

    assert made.items() >= CLOSED.items()
    assert made["properties"]["many"]["items"].items() >= CLOSED.items()
    assert made["properties"]["one"]["$ref"].endswith("inner.closed")
    copy = pruned["components"]["schemas"]["inner.closed"]
    assert copy.items() >= CLOSED.items()
    assert copy["properties"] == {"title": {"type": "string"}}  # a name, not prose
    assert "inner" not in pruned["components"]["schemas"]


def test_pruning_leaves_a_body_open_that_says_that_it_is() -> None:
    body = {"type": "object", "properties": {}, "additionalProperties": True}

    assert schema_of_body(prune(description(body=body)))["additionalProperties"] is True


def test_a_body_that_refers_to_itself_is_closed_too() -> None:
    tree = {
        "type": "object",
        "properties": {"below": {"$ref": "#/components/schemas/tree"}},
    }
    pruned = prune(description(body={"$ref": "#/components/schemas/tree"}, tree=tree))

    copy = pruned["components"]["schemas"]["tree.closed"]
    assert copy["properties"]["below"]["$ref"].endswith("tree.closed")
    assert copy.items() >= CLOSED.items()


def test_an_operation_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SystemExit, match="things/lose"):
        prune(description(), "things/make", "things/lose")


def test_a_body_that_cannot_be_closed_by_itself_is_an_error() -> None:
    body = {"type": "object", "properties": {}, "allOf": []}

    with pytest.raises(SystemExit, match="allOf"):
        prune(description(body=body))


def test_the_source_is_read_out_of_the_archive(tmp_path: Path) -> None:
    files = {
        "package/package.json": json.dumps({"name": "n", "version": "9"}),
        "package/LICENSE": "MIT",
        "package/generated/api.github.com.json": json.dumps(description()),
    }
    archive = tmp_path / "a.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    document, source = SCRIPT["read"](archive)

    assert document == description()
    assert (source["package"], source["version"], source["licence"]) == (
        "n",
        "9",
        "MIT",
    )
