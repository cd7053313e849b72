"""A gate: conditions that must all hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.gates.combine import all_of
from sluicegate.gates.condition import Condition
from sluicegate.model.decision import Decision
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult, GateRecord
from sluicegate.model.evidence import Value


@dataclass(frozen=True, slots=True)
class Gate:
    """The conditions of one stage. A gate without any never opens."""

    conditions: tuple[Condition, ...]

    @property
    def policy(self) -> Digest:
        """SHA-256 of the condition texts as a JSON array, in the order of the file."""
        texts = [condition.text for condition in self.conditions]
        return Digest.of(
            json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
        )

    def judge(self, values: Mapping[str, Value]) -> tuple[GateRecord, Decision]:
        """Judge evidence, keyed ``stage.field``.

        Returns:
            What the log records, and the gate's answer; both hold the same verdict.
        """
        judged = [(condition, condition.judge(values)) for condition in self.conditions]
        decision = all_of([answer for _, answer in judged])
        results = tuple(
            ConditionResult(condition.text, answer.verdict, answer.reason)
            for condition, answer in judged
        )
        return GateRecord(self.policy, decision.verdict, results), decision
