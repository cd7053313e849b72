"""A gate's judgement as a Simple Verification Result.

Such a result lists what was verified and has no word for "no". So a gate that did not
open gives the conditions that hold, without the property that says it opened. A
condition that holds only because people are asked was verified by nobody here: it is
not listed, and its gate opened in another word.

Source:
    https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/svr.md
"""

import re

from sluicegate.gates.undecided import FOR_PEOPLE, NEEDS_APPROVAL
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult, StageFinished
from sluicegate.report.export.logged import Json, Moment
from sluicegate.report.export.statement import (
    Statement,
    definition_of,
    files_of,
    subject_of,
    write_time,
)

SVR = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER = "https://sluicegate.dev/gate/v1"
GATE_OPEN = "SLUICEGATE_GATE_OPEN"
LEFT_TO_PEOPLE = "SLUICEGATE_LEFT_TO_PEOPLE"
CONDITION = "SLUICEGATE_CONDITION"
_CUT = re.compile(r"… \[cut: [0-9]+\]$")


def verification(moment: Moment) -> Statement | None:
    """What a gate found to be so; None where none judged."""
    event = moment.logged.event
    if not isinstance(event, StageFinished) or event.gate is None:
        return None
    gate = event.gate
    held = [each for each in gate.conditions if each.verdict is Verdict.OPEN]
    left = left_to_people(event)
    properties: list[Json] = [
        f"{CONDITION}:{each.condition}" for each in held if each not in left
    ]
    if gate.verdict is Verdict.OPEN:
        properties.insert(0, f"{LEFT_TO_PEOPLE if left else GATE_OPEN}:{event.stage}")
    policy: Json = {
        "name": f"gate of {event.stage}",
        "digest": {"sha256": gate.policy.hex},
    }
    predicate: dict[str, Json] = {
        "verifier": {"id": VERIFIER, "policies": [policy, *definition_of(moment)]},
        "timeCreated": write_time(event.end_ts),
        "properties": properties,
        "sluicegate_verdict": gate.verdict.value,
        "sluicegate_evidence": {
            "stage": event.stage,
            "kind": moment.kinds.get(event.stage, ""),
            "fields": dict(event.evidence.fields),
            "files": files_of(event.evidence.files),
        },
    }
    return Statement(SVR, subject_of(moment, event), predicate)


def left_to_people(event: StageFinished) -> list[ConditionResult]:
    """The conditions that opened though what they ask for could not be told."""
    gate = event.gate
    return [
        each
        for each in (() if gate is None else gate.conditions)
        if each.verdict is Verdict.OPEN
        and (_is_excuse(each.reason) or _lacks_a_field(event, each.condition))
    ]


def _is_excuse(reason: str) -> bool:
    """Whether *reason* says so, or was cut in the log, and its end with it."""
    return reason.endswith(FOR_PEOPLE) or _CUT.search(reason) is not None


def _lacks_a_field(event: StageFinished, condition: str) -> bool:
    """Whether the stage left out a field of *condition* and leaves that to people."""
    fields = event.evidence.fields
    if NEEDS_APPROVAL not in fields:
        return False
    asked = re.findall(rf"(?<![\w.]){re.escape(event.stage)}\.(\w+)", condition)
    return any(field not in fields for field in asked)
