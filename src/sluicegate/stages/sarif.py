"""Findings out of SARIF, the format every linter speaks.

Source:
    OASIS SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/
    section 3.27.10 for how a level is inherited from its rule.
"""

import json
import re
from pathlib import PurePosixPath
from typing import Any

from sluicegate.errors import PermanentError
from sluicegate.model.finding import Finding, Severity

_SEVERITY = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "note": Severity.NOTE,
    "none": Severity.NOTE,
}
_DEFAULT_LEVEL = "warning"  # if neither the result nor its rule states one
_FILE = "file://"
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_NO_RULE = "unknown-rule"


def parse_findings(document: bytes, project: str) -> tuple[Finding, ...]:
    """Read the findings of every run in *document*, in document order.

    Paths are made relative to *project*, an absolute path.

    Raises:
        PermanentError: *document* is not SARIF. Nothing is skipped: a result that
            cannot be read must not look like a clean one.
    """
    try:
        findings: list[Finding] = []
        for run in json.loads(document)["runs"]:
            levels = _rule_levels(run)
            findings += [_finding(found, levels, project) for found in run["results"]]
        return tuple(findings)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise PermanentError(f"not a SARIF report: {error!r}") from error


def relocate(document: bytes, project: str) -> bytes:
    """Write *document* again with every path relative to *project*.

    Evidence then says the same wherever the project was checked out.

    Raises:
        PermanentError: *document* is not JSON.
    """

    def visit(node: Any) -> Any:  # noqa: ANN401 - walks any JSON
        if isinstance(node, list):
            return [visit(item) for item in node]
        if isinstance(node, dict):
            return {
                key: relative_path(value, project)
                if key == "uri" and isinstance(value, str)
                else visit(value)
                for key, value in node.items()
            }
        return node

    try:
        return json.dumps(visit(json.loads(document)), indent=1).encode()
    except (ValueError, RecursionError) as error:
        raise PermanentError(f"not a SARIF report: {error!r}") from error


def relative_path(uri: str, project: str) -> str:
    """Turn a file's URI or path into a path relative to *project*, if it is inside."""
    path = PurePosixPath(_unquote(uri.removeprefix(_FILE)) if "://" in uri else uri)
    return str(path.relative_to(project) if path.is_relative_to(project) else path)


def _unquote(path: str) -> str:
    """Undo percent-encoding; the standard library does it in a package with sockets."""
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), path.encode())
    return raw.decode(errors="replace")


def _rule_levels(run: dict[str, Any]) -> dict[str, str]:
    rules = run.get("tool", {}).get("driver", {}).get("rules", [])
    levels = {rule["id"]: rule.get("defaultConfiguration", {}) for rule in rules}
    return {
        rule: config["level"] for rule, config in levels.items() if "level" in config
    }


def _finding(result: dict[str, Any], levels: dict[str, str], project: str) -> Finding:
    rule = str(result["ruleId"] or _NO_RULE)  # null: a file that cannot be parsed
    place = result["locations"][0]["physicalLocation"]
    return Finding(
        rule=rule,
        severity=_SEVERITY[result.get("level", levels.get(rule, _DEFAULT_LEVEL))],
        message=str(result["message"]["text"]),
        path=relative_path(str(place["artifactLocation"]["uri"]), project),
        line=int(place.get("region", {}).get("startLine", 0)),
    )
