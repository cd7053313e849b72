"""Rollouts that were judged again, in words and as JSON. Pure; escaped."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from sluicegate.model.replayed import Replayed
from sluicegate.report.escape import escape

_MILLION = 1_000_000


def replayed_text(done: Sequence[Replayed]) -> str:
    """What was judged again, for a person."""
    if not done:
        return "the run has no rollout"
    return "\n".join(line for each in done for line in _lines(each))


def _lines(each: Replayed) -> list[str]:
    ends = each.result.replace("_", " ") or "under way"
    blocks = "1 block" if each.blocks == 1 else f"{each.blocks} blocks"
    lines = [f"{each.environment}: {each.release}, {ends}: as recorded"]
    lines.append(f"  judged   {blocks} again, all evidence equal to the millionth")
    lines += [
        f"  {name}: ln e {abort / _MILLION:.6f} that it is worse,"
        f" {promote / _MILLION:.6f} that it is acceptable"
        for name, abort, promote in each.evidence
    ]
    if each.verdict:
        lines.append(f"  verdict  {each.verdict} ({each.cause}): {each.reason}")
    return [escape(line) for line in lines]


def replayed_document(run_id: str, done: Sequence[Replayed]) -> str:
    """What was judged again, as one JSON document."""
    rollouts = [
        {
            **asdict(each),
            "evidence": {
                name: {"abort_micronats": abort, "promote_micronats": promote}
                for name, abort, promote in each.evidence
            },
        }
        for each in done
    ]
    return json.dumps({"run_id": run_id, "rollouts": rollouts}, indent=2)
