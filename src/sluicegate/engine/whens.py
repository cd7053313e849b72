"""Whether a stage's own condition, ``when:``, lets it run. Pure."""

from collections.abc import Mapping, Sequence

from sluicegate.engine.judging import gate_values
from sluicegate.engine.situation import Situation
from sluicegate.errors import PermanentError
from sluicegate.gates.condition import Condition
from sluicegate.model.decision import Decision
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Value

_LABEL = "label."


def judge_when(
    condition: Condition, situation: Situation, upstream: Sequence[StageFinished]
) -> Decision:
    """Open if the stage is to run.

    A label that was not given is empty text, as is the tag of a commit without one.

    Raises:
        PermanentError: evidence that the condition reads was not measured: neither to
            run the stage nor to leave it out would be an answer.
    """
    evidence = {each.stage: each.evidence.fields for each in upstream}
    values: dict[str, Value] = {**facts(situation), **gate_values(evidence)}
    for name in condition.names:
        if name.startswith(_LABEL):
            values.setdefault(name, "")
        elif name not in values:
            raise PermanentError(
                f"when: {condition.text}: {name} was not measured",
                hint="let `when:` ask only for what is always measured",
            )
    return condition.judge(values)


def facts(situation: Situation) -> Mapping[str, Value]:
    """What ``when:`` may ask besides evidence."""
    source = situation.source
    return {
        "git.branch": source.branch or "",
        "git.commit": source.commit,
        "git.dirty": bool(source.dirty),
        "git.tag": source.tag or "",
        **{f"{_LABEL}{name}": value for name, value in situation.labels.items()},
    }
