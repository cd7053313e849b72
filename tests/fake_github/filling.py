"""Fill in what GitHub always says and no test asks for: links, counts, empty lists.

Only members whose absence means nothing are made up. A required text, time or
enumerated word that a route left out stays out, and the answer is found invalid.
"""

from typing import Any

from fake_github.description import Description, JsonValue

_PLAIN: dict[str, Any] = {"boolean": False, "integer": 0, "number": 0, "array": []}
_EMPTY_TEXTS = frozenset({"node_id", "gravatar_id"})


def fill(
    value: JsonValue, schema: dict[str, Any], description: Description, url: str
) -> JsonValue:
    """*value* with the members that *schema* requires; *url* is where links lead to."""
    schema = description.resolve(schema)
    if isinstance(value, list):
        items = schema.get("items")
        if items is None:
            chosen = _chosen(value, schema, description)
            return value if chosen is None else fill(value, chosen, description, url)
        return [fill(item, items, description, url) for item in value]
    if not isinstance(value, dict):
        return value
    for part in schema.get("allOf", ()):
        value = fill(value, part, description, url)
    if (chosen := _chosen(value, schema, description)) is not None:
        value = fill(value, chosen, description, url)
    members = schema.get("properties", {})
    filled = {
        name: fill(member, members.get(name, {}), description, url)
        for name, member in value.items()
    }
    for name in schema.get("required", ()):
        if name not in filled:
            _add(filled, name, description.resolve(members.get(name, {})), url)
            if isinstance(filled.get(name), dict):
                filled[name] = fill(filled[name], members[name], description, url)
    return filled


def _add(filled: dict[str, Any], name: str, schema: dict[str, Any], url: str) -> None:
    if schema.get("nullable"):
        filled[name] = None
    elif "enum" in schema:
        return
    elif name.endswith("url") or schema.get("format") == "uri":
        filled[name] = f"{url}/not-made/{name}"
    elif name in _EMPTY_TEXTS:
        filled[name] = ""
    elif schema.get("type") in _PLAIN:
        filled[name] = _PLAIN[schema["type"]]
    elif schema.get("type") == "object":
        filled[name] = {}


def _chosen(
    value: JsonValue, schema: dict[str, Any], description: Description
) -> dict[str, Any] | None:
    """The alternative in *schema* that *value* names, or the first of its type."""
    wanted = "array" if isinstance(value, list) else "object"
    named = schema.get("discriminator", {})
    if wanted == "object" and value.get(named.get("propertyName")) in named.get(
        "mapping", {}
    ):
        chosen = named["mapping"][value[named["propertyName"]]]
        return description.resolve({"$ref": chosen})
    for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        alternative = description.resolve(part)
        if alternative.get("type", "object") == wanted:
            return alternative
    return None
