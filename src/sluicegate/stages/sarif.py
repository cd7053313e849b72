"""Findings out of SARIF, the format every linter speaks.

Source:
    OASIS SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/
    section 3.27.10 for how a level is inherited from its rule, 3.27.9 for results that
    are no findings, 3.27.23 for suppressions, 3.20.14 for a run that failed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
_NO_FINDING = {"pass", "notApplicable"}


@dataclass(frozen=True, slots=True)
class SarifReport:
    """What a tool found. ``suppressed`` are findings that it reports as hidden."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]


def parse_findings(document: bytes, project: str) -> tuple[Finding, ...]:
    """Read the findings of every run in *document*, hidden or not.

    As `parse_report`.
    """
    report = parse_report(document, project)
    return (*report.findings, *report.suppressed)


def parse_report(document: bytes, project: str) -> SarifReport:
    """Read the findings of every run in *document*, in document order.

    Paths are made relative to *project*, an absolute path.

    Raises:
        PermanentError: *document* is not SARIF, or says that the tool failed. Nothing
            is skipped: a result that cannot be read must not look like a clean one.
    """
    try:
        findings: list[Finding] = []
        suppressed: list[Finding] = []
        for run in json.loads(document)["runs"]:
            _check_success(run)
            for result, finding in _results(run, project):
                hidden = any(
                    each.get("status", "accepted") == "accepted"
                    for each in result.get("suppressions") or ()
                )
                (suppressed if hidden else findings).append(finding)
        return SarifReport(tuple(findings), tuple(suppressed))
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


def _check_success(run: dict[str, Any]) -> None:
    for invocation in run.get("invocations") or ():
        if invocation.get("executionSuccessful") is False:
            name = str(run["tool"]["driver"]["name"])
            raise PermanentError(f"{name} says itself that it failed")


def _results(
    run: dict[str, Any], project: str
) -> Iterator[tuple[dict[str, Any], Finding]]:
    tool = run.get("tool", {})
    parts = (tool.get("driver", {}), *(tool.get("extensions") or ()))
    levels = {rule: level for part in parts for rule, level in _rule_levels(part)}
    names = [rule.get("id") for rule in tool.get("driver", {}).get("rules") or ()]
    for result in run["results"]:
        if result.get("kind", "fail") not in _NO_FINDING:
            yield result, _finding(result, levels, names, project)


def _rule_levels(component: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in component.get("rules") or ():
        config = rule.get("defaultConfiguration", {})
        if "level" in config:
            yield rule["id"], config["level"]


def _finding(
    result: dict[str, Any], levels: dict[str, str], names: list[Any], project: str
) -> Finding:
    rule = _rule(result, names)
    # A finding about the project as a whole has no place.
    places = result.get("locations") or [{}]
    place = places[0].get("physicalLocation", {})
    uri = place.get("artifactLocation", {}).get("uri", ".")
    return Finding(
        rule=rule,
        severity=_SEVERITY[result.get("level", levels.get(rule, _DEFAULT_LEVEL))],
        message=str(result["message"]["text"]),
        path=relative_path(str(uri), project),
        line=int(place.get("region", {}).get("startLine", 0)),
    )


def _rule(result: dict[str, Any], names: list[Any]) -> str:
    """The rule's name: said outright, in an object, or by its place among the rules."""
    rule = result.get("rule") or {}
    index = result.get("ruleIndex", rule.get("index", -1))
    name = result.get("ruleId") or rule.get("id")
    if name is None and 0 <= index < len(names):
        name = names[index]
    return str(name or _NO_RULE)  # none: a file that cannot be parsed
