"""Entry gates in the reports of a run: who is waited for, who let it in. Pure.

An override is never in small print: whatever tells of a run begins with it.
"""

from collections.abc import Sequence

from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import EntryEvent, EnvironmentEntered, ReleaseRequested
from sluicegate.model.run import Run

_SHOWN = 3


def describe_entry(event: EntryEvent) -> str:
    """What happened at an entry gate, without the stage's name; not escaped."""
    if isinstance(event, ReleaseRequested):
        return f"release request {event.request.short} for {event.environment}"
    by = ", ".join(each.person for each in event.approvals)
    if event.override:
        return _describe_override(event)
    return f"entry to {event.environment} open{f' by {by}' if by else ''}"


def _describe_override(event: EnvironmentEntered) -> str:
    by = ", ".join(each.person for each in event.approvals) or "nobody known"
    unmet = [each for each in event.conditions if each.verdict is not Verdict.OPEN]
    broken = "; ".join(each.reason for each in unmet[:_SHOWN])
    if len(unmet) > _SHOWN:
        broken += f"; and {len(unmet) - _SHOWN} more"
    though = f", though: {broken}" if broken else ""
    return f"entry to {event.environment} OVERRIDDEN by {by}{though}"


def overridden(run: Run) -> str:
    """``OVERRIDDEN: production, by eve``; empty where all rules held."""
    found = [one.entered for one in run.stages if one.entered and one.entered.override]
    return "; ".join(
        f"OVERRIDDEN: {each.environment}, by"
        f" {', '.join(one.person for one in each.approvals) or 'nobody known'}"
        for each in found
    )


def waits_for(run: Run) -> Sequence[ReleaseRequested]:
    """The requests that *run* waits for: why stages of it are pending."""
    return [
        stage.requested
        for stage in run.stages
        if stage.requested is not None
        and stage.entered is None
        and stage.outcome is Outcome.PENDING
    ]


def how_to_answer(run: Run, resume: str) -> str:
    """The commands for those whom *run* waits for; empty if it waits for nobody.

    *resume* is the command with which the run goes on.
    """
    asked = waits_for(run)
    if not asked:
        return ""
    commands = " and ".join(f"`sluice approve {one.request.short}`" for one in asked)
    return f"{commands} answers it; then {resume} goes on"
