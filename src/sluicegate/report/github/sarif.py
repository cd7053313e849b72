"""All findings as one SARIF document that GitHub's code scanning takes. Pure.

A run for each stage, with a category of its own: what one stage found is only gone when
*that* stage finds it no more, and not because it was broken or left out this time.

Source:
    OASIS SARIF 2.1.0; GitHub, "SARIF support for code scanning". An upload through the
    API has no fingerprints but those that it brings along (partialFingerprints), and
    runs of one category in one file are refused since July 2025.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence

from sluicegate.model.decision import Outcome
from sluicegate.model.finding import Severity
from sluicegate.report.github.findings import Located, worst_first
from sluicegate.report.github.limits import (
    SARIF_BYTES,
    SARIF_RESULTS,
    SARIF_RUNS,
)
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.text import quote_path, shorten

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SCANNERS = frozenset(("ruff", "hadolint", "trivy"))
"""Kinds of stages whose every finding is told: none means that all are gone."""

_LEVEL = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
_MESSAGE = 1000  # characters
_RULE = 200
_ROOM = 2_000  # bytes for what is around the results of a run, its rules aside


def sarif_document(shown: Shown, limit: int = SARIF_BYTES) -> bytes | None:
    """Write the document in at most *limit* bytes, the worst findings first.

    Returns:
        None if no stage has judged anything that code scanning could show.
    """
    stages = [stage.name for stage in shown.run.stages if _speaks(shown, stage.name)]
    found = worst_first(shown)
    stages.sort(key=lambda name: _place(name, found))
    stages = sorted(stages[:SARIF_RUNS], key=[s.name for s in shown.run.stages].index)
    if not stages:
        return None
    left = limit - _ROOM * (len(stages) + 1)
    results: dict[str, list[dict[str, object]]] = {name: [] for name in stages}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for each in found:
        if each.stage not in results or len(results[each.stage]) >= SARIF_RESULTS:
            continue
        result = _result(shown, each, seen)
        # Its rule may be new: then its name is written once more, three times at most.
        left -= len(_write(result)) + 3 * len(_write(result["ruleId"])) + 80
        if left < 0:
            break
        results[each.stage].append(result)
    runs = [_run(shown, name, results[name]) for name in stages]
    return _write({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs})


def _speaks(shown: Shown, name: str) -> bool:
    """Whether what a stage found is known, and it is a stage that finds things."""
    stage = shown.run.stage(name)
    if name not in shown.findings or stage.outcome in {None, Outcome.BROKEN}:
        return False
    return bool(shown.findings[name]) or stage.planned.uses in _SCANNERS


def _place(name: str, found: Sequence[Located]) -> int:
    """Where the worst finding of a stage is among all."""
    places = (place for place, each in enumerate(found) if each.stage == name)
    return next(places, len(found))


def _run(
    shown: Shown, name: str, results: Sequence[dict[str, object]]
) -> dict[str, object]:
    rules = dict.fromkeys(str(result["ruleId"]) for result in results)
    folder = f"{shown.folder}/" if shown.folder else ""
    return {
        "tool": {
            "driver": {
                "name": shorten(f"Sluicegate {name}", _RULE),
                "rules": [
                    {"id": rule, "shortDescription": {"text": rule}} for rule in rules
                ],
            }
        },
        "automationDetails": {"id": shorten(f"sluicegate/{folder}{name}/", _RULE)},
        "columnKind": "unicodeCodePoints",
        "results": list(results),
    }


def _result(
    shown: Shown, each: Located, seen: "Counter[tuple[str, str, str, str]]"
) -> dict[str, object]:
    finding = each.finding
    message = shorten(finding.message, _MESSAGE) or "(no message)"
    rule = shorten(finding.rule, _RULE) or "unknown"
    key = (each.stage, rule, finding.path, message)
    seen[key] += 1
    return {
        "ruleId": rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": message},
        "locations": [{"physicalLocation": _location(shown, each)}],
        "partialFingerprints": {
            # Without the line: a finding that moves stays the same.
            "primaryLocationLineHash": f"{_hash(key)}:{seen[key]}"
        },
    }


def _location(shown: Shown, each: Located) -> dict[str, object]:
    """Where it is; what is about no file is told of the folder's pipeline file."""
    path = each.path or "/".join(filter(None, (shown.folder, "sluicegate.yaml")))
    line = each.finding.line if each.path is not None else 0
    return {
        "artifactLocation": {"uri": quote_path(path[:1000]) or "sluicegate.yaml"},
        "region": {"startLine": max(1, line)},
    }


def _hash(key: Iterable[str]) -> str:
    text = "\n".join(each.encode("unicode_escape").decode() for each in key)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()
