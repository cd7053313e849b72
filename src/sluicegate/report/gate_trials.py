"""How a table of cases was judged, for people and for programs. Pure."""

import json
from collections.abc import Iterator, Sequence

from sluicegate.gates.trial import CaseResult
from sluicegate.report.escape import escape


def trials_text(results: Sequence[CaseResult]) -> str:
    """A line a case; of those that are not as expected also why."""
    return "\n".join(escape(line) for line in _lines(results))


def _lines(results: Sequence[CaseResult]) -> Iterator[str]:
    about = None
    names = max(len(each.case.name) for each in results)
    for result in results:
        case = result.case
        if about != (about := _about(result)):
            yield about
        line = f"  {'✓' if result.is_expected else '✗'} {case.name:<{names}}"
        if result.is_expected:
            yield f"{line}  {result.verdict.value}"
            continue
        yield f"{line}  {result.verdict.value}{_complaint(result)}"
        yield from (f"      {reason}" for reason in result.reasons)
    good = sum(each.is_expected for each in results)
    yield f"{good} of {len(results)} as expected"


def _complaint(result: CaseResult) -> str:
    case = result.case
    if result.verdict is not case.expect:
        return f", not {case.expect.value}"
    return f", but no reason says {json.dumps(case.because, ensure_ascii=False)}"


def _about(result: CaseResult) -> str:
    case = result.case
    if case.environment is not None:
        return f"entry to {case.environment}"
    return f"gate of {case.stage}"


def trials_document(results: Sequence[CaseResult]) -> str:
    """The same as a JSON document."""
    return json.dumps(
        {
            "as_expected": all(each.is_expected for each in results),
            "cases": [
                {
                    "name": each.case.name,
                    "stage": each.case.stage,
                    "environment": each.case.environment,
                    "expected": each.case.expect.value,
                    "because": each.case.because or None,
                    "verdict": each.verdict.value,
                    "reasons": list(each.reasons),
                    "as_expected": each.is_expected,
                }
                for each in results
            ],
        },
        indent=2,
        ensure_ascii=False,
    )
