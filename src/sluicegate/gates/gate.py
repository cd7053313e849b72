"""A gate: conditions that must all hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.gates.combine import all_of
from sluicegate.gates.comparison import judge_condition
from sluicegate.gates.condition import Condition
from sluicegate.gates.facts import stable_values
from sluicegate.model.decision import Decision
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult, GateRecord
from sluicegate.model.evidence import Value


@dataclass(frozen=True, slots=True)
class Gate:
    """The conditions of one stage. A gate without any never opens.

    ``stable_in`` is the environment whose stable release its conditions read, None if
    none does; ``asks_people`` says whether somebody must approve whatever goes on from
    the stage to an environment.
    """

    conditions: tuple[Condition, ...]
    stable_in: str | None = None
    asks_people: bool = False

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
        return self._combine(
            [
                each.judge(values, asks_people=self.asks_people)
                for each in self.conditions
            ]
        )

    def judge_beside(
        self,
        values: Mapping[str, Value],
        stable: Mapping[str, Mapping[str, Value]] | None,
    ) -> tuple[GateRecord, Decision]:
        """As `judge`, with what the stages found for the stable release, by stage.

        *stable* is None if nothing is released in ``stable_in``.
        """
        if self.stable_in is None:
            return self.judge(values)
        first_release = stable is None
        known = {**values, **stable_values(stable or {})}
        return self._combine(
            [
                judge_condition(
                    each,
                    known,
                    first_release=first_release,
                    has_approvals=self.asks_people,
                )
                for each in self.conditions
            ]
        )

    def _combine(self, answers: Sequence[Decision]) -> tuple[GateRecord, Decision]:
        decision = all_of(answers)
        results = tuple(
            ConditionResult(condition.text, answer.verdict, answer.reason)
            for condition, answer in zip(self.conditions, answers, strict=True)
        )
        return GateRecord(self.policy, decision.verdict, results), decision
