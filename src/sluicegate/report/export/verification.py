"""A gate's judgement as a Simple Verification Result.

Such a result lists what was verified and has no word for "no". So a gate that did not
open gives the conditions that hold, without the property that says it opened.

Source:
    https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/svr.md
"""

from sluicegate.model.decision import Verdict
from sluicegate.model.event import StageFinished
from sluicegate.report.export.logged import Json, Moment
from sluicegate.report.export.statement import (
    Statement,
    definition_of,
    subject_of,
    write_time,
)

SVR = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER = "https://sluicegate.dev/gate/v1"
GATE_OPEN = "SLUICEGATE_GATE_OPEN"
CONDITION = "SLUICEGATE_CONDITION"


def verification(moment: Moment) -> Statement | None:
    """What a gate found to be so; None where none judged."""
    event = moment.logged.event
    if not isinstance(event, StageFinished) or event.gate is None:
        return None
    gate = event.gate
    properties: list[Json] = [
        f"{CONDITION}:{result.condition}"
        for result in gate.conditions
        if result.verdict is Verdict.OPEN
    ]
    if gate.verdict is Verdict.OPEN:
        properties.insert(0, f"{GATE_OPEN}:{event.stage}")
    policy: Json = {
        "name": f"gate of {event.stage}",
        "digest": {"sha256": gate.policy.hex},
    }
    predicate: dict[str, Json] = {
        "verifier": {"id": VERIFIER, "policies": [policy, *definition_of(moment)]},
        "timeCreated": write_time(event.end_ts),
        "properties": properties,
        "sluicegate_verdict": gate.verdict.value,
    }
    return Statement(SVR, subject_of(moment, event), predicate)
