"""Hold requests and answers against GitHub's own description of them."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import FormatChecker
from jsonschema.exceptions import best_match
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

from fake_github.description import Description, JsonValue, Operation

# Answers that any operation may give, whether or not the description says so.
GENERAL = frozenset({400, 401, 403, 404, 409, 413, 422, 429, 500, 501, 502, 503})
_HOME = "urn:github"
_ERROR = {"$ref": "#/components/schemas/basic-error"}
_FORMATS = FormatChecker(())
_FORMATS.checkers = dict(oas30_format_checker.checkers)
# Without brackets, which only the address of an IPv6 host has.
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
)
_TRUTHS = {"true": True, "false": False}
# Described as a moment; by its prose a range in the syntax of GitHub's search.
_SEARCHED = frozenset({"created"})
_SEARCH: dict[str, Any] = {"type": "string"}


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    """Whether *value* is one, by RFC 3986; the library checks none.

    GitHub writes an empty text where a deployment has none.
    """
    return not isinstance(value, str) or not value or bool(_URI.fullmatch(value))


class Validator:
    """Validates what goes in and out; says what is wrong in sentences."""

    def __init__(self, description: Description) -> None:
        self._description = description
        resource = DRAFT4.create_resource(_prepared(description.document))
        self._registry = Registry().with_resource(_HOME, resource)
        self._validator = cache(self._make_validator)
        self._schemas: dict[int, dict[str, Any]] = {}

    def check_request(
        self,
        operation: Operation,
        path: Mapping[str, str],
        query: Mapping[str, str],
        body: JsonValue,
    ) -> list[str]:
        """What is wrong with a request; *body* None: there is none."""
        known = {(p["in"], p["name"]): p for p in operation.parameters}
        wrong = []
        for name, text in query.items():
            parameter = known.get(("query", name))
            if parameter is None:
                wrong.append(f"query {name}: not a parameter of this operation")
            else:
                schema = _SEARCH if name in _SEARCHED else parameter["schema"]
                wrong += self._check_text(f"query {name}", text, schema)
        for name, text in path.items():
            schema = known[("path", name)]["schema"]
            wrong += self._check_text(f"path {name}", text, schema)
        wrong += [
            f"query {name}: missing"
            for (place, name), parameter in known.items()
            if place == "query" and parameter.get("required") and name not in query
        ]
        return wrong + list(self._check_body(operation, body))

    def check_answer(
        self, operation: Operation, status: int, body: JsonValue
    ) -> list[str]:
        """What is wrong with an answer; *body* None: it has no content."""
        schema = self.answer_schema(operation, status)
        if schema is None:
            return [f"{operation.id} does not answer {status}"]
        if not schema:
            return [] if body is None else [f"{operation.id}: {status} has no content"]
        return list(self._check("answer", body, schema))

    def answer_schema(self, operation: Operation, status: int) -> dict[str, Any] | None:
        """The schema of an answer: {} where it is empty, None if there is no such."""
        answer = operation.responses.get(str(status))
        if answer is not None:
            content = answer.get("content", {})
            media: dict[str, Any] = content.get("application/json") or next(
                iter(content.values()), {}
            )
            schema: dict[str, Any] = media.get("schema", {})
            if schema or status < 400:
                return schema
        if status in GENERAL:
            return _ERROR
        return None

    def _check_body(self, operation: Operation, body: JsonValue) -> Iterator[str]:
        if operation.body is None:
            if body not in (None, {}):
                yield "body: this operation takes none"
        elif body is None:
            if operation.body.get("required"):
                yield "body: missing"
        else:
            content = operation.body["content"]["application/json"]
            yield from self._check("body", body, content["schema"])

    def _check_text(self, name: str, text: str, schema: dict[str, Any]) -> list[str]:
        """Whether *text*, out of an address, can be read as *schema* wants it."""
        readings: list[Any] = [text]
        if text.isdecimal():
            readings.insert(0, int(text))
        if text in _TRUTHS:
            readings.insert(0, _TRUTHS[text])
        found = [list(self._check(name, value, schema)) for value in readings]
        return min(found, key=len)

    def _check(
        self, where: str, value: JsonValue, schema: dict[str, Any]
    ) -> Iterator[str]:
        self._schemas.setdefault(id(schema), schema)  # held, so that the id stays its
        for error in self._validator(id(schema)).iter_errors(value):
            deepest = best_match([error])  # of a oneOf: what is wrong in the closest
            assert deepest is not None
            path = ".".join(map(str, [where, *deepest.absolute_path]))
            yield f"{path}: {_short(deepest.message)}"

    def _make_validator(self, key: int) -> OAS30Validator:
        return OAS30Validator(
            _prepared(self._schemas[key]),
            registry=self._registry,
            format_checker=_FORMATS,
        )


def _prepared(node: JsonValue) -> JsonValue:
    """*node* as JSON Schema reads it.

    References lead to the description, wherever they stand. What is nullable may be
    null though its words or alternatives do not say so. Discriminators are left out:
    they only say which alternative to try first, and the library cannot have them of
    an array.
    """
    if isinstance(node, list):
        return [_prepared(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: _prepared(value) for key, value in node.items() if key != "discriminator"
    }
    if isinstance(made.get("$ref"), str):
        made["$ref"] = _HOME + made["$ref"]
    if made.get("nullable") is True:
        if isinstance(made.get("enum"), list):
            made["enum"].append(None)
        for word in {"oneOf", "anyOf"} & made.keys():
            made[word].append({"enum": [None]})
    return made


def _short(message: str) -> str:
    """*message* without the middle of the value that it shows."""
    return message if len(message) < 400 else f"{message[:150]} ... {message[-200:]}"
