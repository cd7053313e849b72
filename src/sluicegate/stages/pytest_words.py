"""One line on what tests came to, for people."""

from collections import Counter
from collections.abc import Sequence

from sluicegate.model.evidence import Value
from sluicegate.stages.junit import Case, CaseOutcome, case_key
from sluicegate.stages.output import count

_SHOWN = 3  # tests named in one list
_MAX_NAME = 100  # characters of a test's name: parameters may be long
_SLOW_MS = 1000  # a test that takes less is not worth a word
_NONE_COLLECTED = 5


def summarize(
    cases: Sequence[Case],
    *,
    exit_code: int,
    coverage: float | None = None,
    flaky: Sequence[str] = (),
    repeated: Sequence[str] = (),
    shard: Value | None = None,
) -> str:
    """Say how many passed, what failed, what is flaky, and what took long.

    ``flaky`` are names of tests that failed, then passed; ``repeated`` such whose first
    failure a plugin of the project's own keeps out of the report.
    """
    where = f"shard {shard}: " if shard not in (None, "all") else ""
    if not cases:
        return f"{where}no tests are in this shard" if where else "no tests were found"
    parts = [_tally(cases)]
    if coverage is not None:
        parts.append(f"{coverage:.1%} covered")
    bad = [
        case.name
        for case in cases
        if case.outcome in {CaseOutcome.FAILED, CaseOutcome.ERROR}
    ]
    text = ", ".join(parts)
    if bad:
        text += f" ({_list(bad)})"
    elif exit_code not in {0, _NONE_COLLECTED}:
        text += f", but pytest ended with exit code {exit_code}"
    if flaky:
        text += f"; {len(flaky)} flaky, passed the second time ({_names(flaky)})"
    if repeated:
        text += f"; {len(repeated)} flaky, passed when a plugin ran it again"
        text += f" ({_names(repeated)})"
    return f"{where}{text}{_slow(cases)}"


def _tally(cases: Sequence[Case]) -> str:
    tally = Counter(case.outcome for case in cases)
    parts = [f"{tally[CaseOutcome.PASSED]} passed"]
    parts += [
        f"{tally[outcome]} {word}"
        for outcome, word in (
            (CaseOutcome.FAILED, "failed"),
            (CaseOutcome.ERROR, "with errors"),
            (CaseOutcome.SKIPPED, "skipped"),
        )
        if tally[outcome]
    ]
    return ", ".join(parts)


def _slow(cases: Sequence[Case]) -> str:
    slowest = max(cases, key=lambda case: case.ms)
    if slowest.ms < _SLOW_MS:
        return ""
    return f"; slowest: {_shorten(slowest.name)}, {slowest.ms / 1000:.1f} s"


def _names(names: Sequence[str]) -> str:
    return _list([case_key(name)[1] for name in names])


def _list(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    shown = ", ".join(map(_shorten, names[:_SHOWN]))
    return f"{shown} and {count(more, 'other')}" if more > 0 else shown


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
