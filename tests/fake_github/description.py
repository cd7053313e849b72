"""GitHub's own OpenAPI description, and which of its operations a request is.

`openapi.json.gz` is made by scripts/prune_openapi.py and says itself out of what.
"""

import gzip
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

# What JSON may hold: its shape is what the description is about.
JsonValue = Any

FILE = Path(__file__).with_name("openapi.json.gz")


@dataclass(frozen=True)
class Operation:
    """An operation of the description; ``literals`` says how particular its path is."""

    id: str
    method: str
    path: str
    pattern: re.Pattern[str]
    literals: int
    parameters: tuple[dict[str, Any], ...]
    body: dict[str, Any] | None
    responses: dict[str, dict[str, Any]] = field(repr=False)

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, if *path* (still quoted) is one of this operation."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        names = re.findall(r"{(\w+)}", self.path)
        values = [unquote(value) for value in found.groups()]
        return dict(zip(names, values, strict=True))


class Description:
    """A description in OpenAPI 3.0."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = tuple(
            sorted(
                (
                    self._operation(path, method, operation)
                    for path, item in document["paths"].items()
                    for method, operation in item.items()
                ),
                key=lambda operation: -operation.literals,
            )
        )

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a request, the most particular first; its parameters."""
        for operation in self.operations:
            if operation.method == method:
                values = operation.match(path)
                if values is not None:
                    return operation, values
        return None

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """*node*, or what it refers to."""
        while "$ref" in node:
            target: Any = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = target
        return node

    def _operation(self, path: str, method: str, node: dict[str, Any]) -> Operation:
        parameters = tuple(self.resolve(p) for p in node.get("parameters", ()))
        many = {p["name"] for p in parameters if p.get("x-multi-segment")}
        literals = 0
        pattern = ""
        for part in path.strip("/").split("/"):
            named = re.fullmatch(r"{(\w+)}", part)
            if named is None:
                literals += 1
                pattern += "/" + re.escape(part)
            else:
                pattern += "/(.*)" if named[1] in many else "/([^/]+)"
        body = node.get("requestBody")
        return Operation(
            id=node["operationId"],
            method=method.upper(),
            path=path,
            pattern=re.compile(pattern),
            literals=literals,
            parameters=parameters,
            body=None if body is None else self.resolve(body),
            responses={
                status: self.resolve(answer)
                for status, answer in node["responses"].items()
            },
        )


@cache
def read_description() -> Description:
    """The committed description."""
    return Description(json.loads(gzip.decompress(FILE.read_bytes())))
