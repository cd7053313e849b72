"""Cut GitHub's OpenAPI description down to the operations that are called here.

npm pack @octokit/openapi@23.0.2
python scripts/prune_openapi.py octokit-openapi-23.0.2.tgz    write the result
python scripts/prune_openapi.py ARCHIVE --check               exit 1 if it differs

The result, tests/fake_github/openapi.json.gz, holds the operations of OPERATIONS and
all they refer to; the prose and the examples are left out. The bodies of requests are
closed (``additionalProperties: false``): GitHub ignores a field that it does not know,
so that a misspelt one would go unnoticed. ``x-source`` says what it was made from, and
holds its licence. The same archive always gives the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parents[1] / "tests" / "fake_github" / "openapi.json.gz"
METHODS = ("get", "put", "post", "patch", "delete")

# What JSON may hold: its shape is what the description is about.
JsonValue = Any

OPERATIONS = frozenset(
    f"{area}/{name}"
    for area, names in {
        "actions": (
            "cancel-workflow-run",
            "create-workflow-dispatch",
            "delete-workflow-run",
            "get-allowed-actions-repository",
            "get-artifact",
            "get-artifact-and-log-retention-settings-repository",
            "get-custom-oidc-sub-claim-for-repo",
            "get-fork-pr-contributor-approval-permissions-repository",
            "get-github-actions-default-workflow-permissions-repository",
            "get-github-actions-permissions-repository",
            "get-pending-deployments-for-run",
            "get-repo-secret",
            "get-reviews-for-run",
            "get-workflow",
            "get-workflow-run",
            "get-workflow-run-attempt",
            "list-artifacts-for-repo",
            "list-environment-secrets",
            "list-jobs-for-workflow-run",
            "list-repo-organization-secrets",
            "list-repo-secrets",
            "list-repo-variables",
            "list-repo-workflows",
            "list-workflow-run-artifacts",
            "list-workflow-runs",
            "list-workflow-runs-for-repo",
            "re-run-workflow",
            "review-pending-deployments-for-run",
        ),
        "apps": ("get-authenticated",),
        "checks": (
            "create",
            "get",
            "list-annotations",
            "list-for-ref",
            "update",
        ),
        "code-scanning": (
            "get-sarif",
            "upload-sarif",
        ),
        "git": ("get-ref",),
        "issues": (
            "create-comment",
            "delete-comment",
            "get",
            "get-comment",
            "list-comments",
            "update-comment",
        ),
        "oidc": ("get-oidc-custom-sub-template-for-org",),
        "pulls": (
            "get",
            "list",
            "list-commits",
            "list-files",
        ),
        "rate-limit": ("get",),
        "repos": (
            "check-immutable-releases",
            "compare-commits-with-basehead",
            "create-commit-status",
            "create-deployment",
            "create-deployment-branch-policy",
            "create-deployment-status",
            "create-or-update-environment",
            "create-repo-ruleset",
            "get",
            "get-all-deployment-protection-rules",
            "get-all-environments",
            "get-branch",
            "get-branch-protection",
            "get-branch-rules",
            "get-collaborator-permission-level",
            "get-combined-status-for-ref",
            "get-commit",
            "get-content",
            "get-deployment",
            "get-deployment-status",
            "get-environment",
            "get-latest-release",
            "get-release",
            "get-release-by-tag",
            "get-repo-ruleset",
            "get-repo-rulesets",
            "list-branches",
            "list-commit-statuses-for-ref",
            "list-commits",
            "list-deployment-branch-policies",
            "list-deployment-statuses",
            "list-deployments",
            "list-pull-requests-associated-with-commit",
            "list-releases",
            "list-tags",
        ),
        "users": (
            "get-authenticated",
            "get-by-username",
            "list-ssh-signing-keys-for-user",
        ),
    }.items()
    for name in names
)

# Schemas of errors: GitHub answers with them where an operation does not say so, too.
ERRORS = ("basic-error", "validation-error", "validation-error-simple", "scim-error")
PROSE = frozenset({
    "description", "summary", "title", "example", "examples", "externalDocs", "tags",
    "x-github", "x-github-breaking-changes", "x-octokit", "deprecated",
})  # fmt: skip
# Keys whose value maps names that somebody chose to what they name.
NAMED = frozenset({
    "properties", "schemas", "parameters", "responses", "headers", "paths", "content",
    "requestBodies", "patternProperties", "definitions", "mapping", "components",
})  # fmt: skip
CLOSED = ".closed"
PREFIX = "#/components/schemas/"


def main() -> int:
    """Write the result, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="what `npm pack` wrote")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args()
    made = pack(prune(*read(options.archive)))
    if options.check:
        return 0 if options.output.read_bytes() == made else 1
    options.output.write_bytes(made)
    print(f"{options.output}: {len(made)} bytes")
    return 0


def read(archive: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The description in *archive*, and where it is from."""
    data = archive.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        package = json.loads(_member(tar, "package/package.json"))
        licence = _member(tar, "package/LICENSE").decode()
        description = json.loads(_member(tar, "package/generated/api.github.com.json"))
    source = {
        "package": package["name"],
        "version": package["version"],
        "file": "generated/api.github.com.json",
        "archive-sha256": hashlib.sha256(data).hexdigest(),
        "licence": licence,
    }
    return description, source


def prune(
    description: dict[str, Any],
    source: dict[str, str],
    operations: frozenset[str] = OPERATIONS,
) -> dict[str, Any]:
    """What is left of *description*: its *operations*.

    Raises:
        SystemExit: it has not all of them, or has a body that cannot be closed.
    """
    paths = {}
    for path, item in description["paths"].items():
        kept = {
            method: _without_prose(operation)
            for method, operation in item.items()
            if method in METHODS and operation["operationId"] in operations
        }
        if kept:
            paths[path] = kept
    found = {o["operationId"] for item in paths.values() for o in item.values()}
    if missing := operations - found:
        raise SystemExit(f"not in the description: {', '.join(sorted(missing))}")
    components: dict[str, dict[str, Any]] = {"schemas": {}}
    source_components = description["components"]
    for item in paths.values():
        for operation in item.values():
            if body := operation.get("requestBody"):
                operation["requestBody"] = _closed(body, components, source_components)
    _take(paths, components, source_components)
    _take([{"$ref": PREFIX + name} for name in ERRORS], components, source_components)
    return {
        "openapi": description["openapi"],
        "info": description["info"],
        "x-source": source,
        "paths": paths,
        "components": components,
    }


def pack(document: dict[str, Any]) -> bytes:
    """*document*, compressed; without a time, so that the same gives the same."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


def _without_prose(node: JsonValue, *, under: str = "") -> JsonValue:
    """A copy of *node*; *under* names what it maps names to, if it does."""
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: _without_prose(value, under=key if not under and key in NAMED else "")
        for key, value in node.items()
        if under or key not in PROSE
    }
    if under == "responses":  # OpenAPI wants a description of each
        for value in made.values():
            if "$ref" not in value:
                value["description"] = ""
    return made


def _take(node: JsonValue, components: dict[str, Any], source: dict[str, Any]) -> None:
    """Put into *components* what *node* refers to, and what that refers to."""
    waiting = list(_references(node))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        kept = components.setdefault(kind, {})
        if name in kept:
            continue
        kept.update(_without_prose({name: source[kind][name]}, under=kind))
        waiting.extend(_references(kept[name]))
    for closed in [n for n in components["schemas"] if n.endswith(CLOSED)]:
        for reference in _references(components["schemas"][closed]):
            if not reference.endswith(CLOSED):
                raise SystemExit(f"{closed} refers to {reference}, which is open")


def _closed(
    node: JsonValue, components: dict[str, Any], source: dict[str, Any]
) -> JsonValue:
    """*node* with its objects closed; what it refers to is copied, and closed."""
    if isinstance(node, list):
        return [_closed(item, components, source) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        return {"$ref": _closed_copy(reference, components, source)}
    made = {key: _closed(value, components, source) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        if "allOf" in node:
            raise SystemExit("an object with allOf cannot be closed by itself")
        made.setdefault("additionalProperties", False)
    return made


def _closed_copy(
    reference: str, components: dict[str, Any], source: dict[str, Any]
) -> str:
    name = reference.removeprefix(PREFIX)
    copy = name + CLOSED
    if copy not in components["schemas"]:
        components["schemas"][copy] = {}  # it may refer to itself
        schema = _without_prose(source["schemas"][name])
        components["schemas"][copy] = _closed(schema, components, source)
    return PREFIX + copy


def _references(node: JsonValue) -> Iterator[str]:
    """Every ``$ref`` in *node*."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                if not value.endswith(CLOSED):
                    yield value
            else:
                yield from _references(value)


if __name__ == "__main__":
    raise SystemExit(main())
