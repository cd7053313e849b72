"""Whether a stage's own condition, ``when:``, lets it run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.engine.judging import gate_values
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.gates.condition import Condition
from sluicegate.gates.facts import ROOTS, values_of
from sluicegate.gates.kinds import kind_of
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Value
from sluicegate.stages.pipeline import NamedStage

_LABEL = "label."


@dataclass(frozen=True, slots=True)
class Released:
    """What is known of a release, as conditions name it.

    ``lacks`` says why the rest is not known; ``trouble`` is set where that is no
    answer, either.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    lacks: str = ""
    trouble: ExternalError | None = None


_NOTHING = Released()


def look_up(named: NamedStage, ports: Ports) -> Released:
    """What the condition of *named* may ask of the release that is stable.

    Where another job takes the result over, that one decides: it has the log.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    environment = named.when_in
    if environment is None:
        return _NOTHING
    try:
        found = ports.stable.of(environment)
    except ExternalError as error:
        if ports.handing.giver is not None:
            return Released(lacks="whoever takes the result over decides")
        return Released(trouble=error)
    values = values_of(
        {},
        environment=environment,
        now=ports.clock.now(),
        stable=None if found is None else found.release,
        stable_evidence={} if found is None else found.fields,
    )
    lacks = f"not measured of what is released in {environment}"
    if found is None:
        lacks = f"nothing is released in {environment}"
    return Released(values, lacks)


def judge_when(
    condition: Condition,
    situation: Situation,
    upstream: Sequence[StageFinished],
    released: Released = _NOTHING,
) -> Decision:
    """Open if the stage is to run.

    A label that was not given is empty text, as is the tag of a commit without one.
    Where the answer hangs on what is not known of a release, the stage runs: nobody
    knows that what is live is good enough to leave it out.

    Raises:
        PermanentError: evidence that the condition reads was not measured: neither to
            run the stage nor to leave it out would be an answer.
    """
    evidence = {each.stage: each.evidence.fields for each in upstream}
    values: dict[str, Value] = {
        **facts(situation),
        **gate_values(evidence),
        **_fitting(condition, released.values),
    }
    unknown = []
    for name in condition.names:
        if name.startswith(_LABEL):
            values.setdefault(name, "")
        elif name not in values and name.partition(".")[0] in ROOTS:
            unknown.append(name)
        elif name not in values:
            raise PermanentError(
                f"when: {condition.text}: {name} was not measured",
                hint="let `when:` ask only for what is always measured",
            )
    if unknown:
        return _judge_whatever(condition, values, unknown, released)
    return condition.judge(values)


def is_left_out(condition: Condition, situation: Situation) -> bool:
    """Whether it does not hold, whatever stages find and whatever is released."""
    values = dict(facts(situation))
    for name in condition.names:
        if name.startswith(_LABEL):
            values.setdefault(name, "")
    return condition.is_false_whatever(values)


def _fitting(condition: Condition, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """*values* without those of another kind: their stage may have been another one."""
    return {
        name: value
        for name, value in values.items()
        if condition.types.get(name) in {None, kind_of(value)}
        or (condition.types.get(name), kind_of(value)) == ("number", "integer")
    }


def _judge_whatever(
    condition: Condition,
    values: Mapping[str, Value],
    unknown: Sequence[str],
    released: Released,
) -> Decision:
    text = " ".join(condition.text.split())
    try:
        answer = condition.ask_whatever(values, unknown)
    except UsageError as error:
        raise PermanentError(f"when: {text}: {error}", hint=error.hint) from error
    if answer is not None:
        verdict = Verdict.OPEN if answer else Verdict.CLOSED
        return Decision(verdict, f"{text}: whatever {', '.join(unknown)} is")
    if released.trouble is not None:
        trouble = released.trouble
        raise PermanentError(f"when: {text}: {trouble}", hint=trouble.hint)
    return Decision(Verdict.OPEN, f"{text}: {released.lacks}")


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
