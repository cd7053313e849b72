"""Conditions whose evidence is missing because the stage could not tell. Pure.

A stage that looked and could not tell leaves out the field that it could not decide,
and says so in a text field of its own:

- ``inconclusive``: why, and what it would take. The condition is *pending*: more data
  may decide it.
- ``needs_approval``: why people have to weigh it. The condition holds where somebody
  must approve the release, and is *closed* where nobody must.

A field that is missing for any other reason closes the condition, as ever.
"""

from collections.abc import Iterable, Mapping, Sequence

from sluicegate.gates.facts import STABLE
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.evidence import Value

INCONCLUSIVE = "inconclusive"
"""The text field by which a stage says that it could not tell, and why."""

NEEDS_APPROVAL = "needs_approval"
"""The text field by which a stage leaves what it could not tell to people."""

FOR_PEOPLE = "which is for those to weigh who approve the release"
"""How the reason ends of a condition that holds because people are asked."""

NOBODY_ASKED = "nobody is asked (environments.NAME.approvals)"


def weigh_missing(
    missing: Sequence[str], values: Mapping[str, Value], *, asks_people: bool
) -> Decision | None:
    """What is to be said of a condition that lacks *missing*, if its stages say why.

    None if any of them is missing without a word: nothing excuses that. What was not
    measured of a stable release is not excused either; nobody looks at it again.
    """
    said: dict[str, None] = {}
    left: dict[str, None] = {}
    for name in missing:
        stage = name.rpartition(".")[0]
        unsure = _word_of(stage, INCONCLUSIVE, values)
        weighed = _word_of(stage, NEEDS_APPROVAL, values)
        if name.startswith(STABLE) or not (unsure or weighed):
            return None
        if unsure:
            said[f"inconclusive: {unsure}"] = None
        else:
            left[weighed] = None
    if said:
        return Decision(Verdict.PENDING, "; ".join(said))
    if not left:
        return None
    why = "; ".join(left)
    if asks_people:
        return Decision(Verdict.OPEN, f"{why}, {FOR_PEOPLE}")
    return Decision(Verdict.CLOSED, f"{why}, and {NOBODY_ASKED}")


def leave_out_said(reason: str, summary: str, values: Mapping[str, Value]) -> str:
    """The *reason* of a gate, without words that are there twice, or in *summary*.

    *values* are the stage's own, by field. What could not be told is in its summary as
    a rule, several conditions lack the same, and nobody reads a long sentence twice.
    """
    left = values.get(NEEDS_APPROVAL)
    if isinstance(left, str) and left:
        why = f": {' '.join(left.split())}, and {NOBODY_ASKED}"
        first, once, more = reason.partition(why)
        reason = f"{first}{once}{more.replace(why, ' likewise')}"
    word = values.get(INCONCLUSIVE)
    if not isinstance(word, str) or not all(
        part in summary for part in word.split("; ")
    ):
        return reason
    return reason.replace(f"{INCONCLUSIVE}: {' '.join(word.split())}", INCONCLUSIVE)


def judge_unweighed(
    values: Mapping[str, Value], *, asks_people: bool
) -> tuple[ConditionResult, ...]:
    """One result for each stage that leaves something to people, at an entry gate.

    Open where somebody must approve the release: they are shown what it is.
    """
    return tuple(
        _weighed(name, word, asks_people=asks_people)
        for name, word in sorted(_all_left(values))
    )


def _weighed(name: str, word: str, *, asks_people: bool) -> ConditionResult:
    text = f"{name} is left to people"
    if asks_people:
        return ConditionResult(text, Verdict.OPEN, f"{word}: somebody must approve")
    return ConditionResult(text, Verdict.CLOSED, f"{word}, and {NOBODY_ASKED}")


def _all_left(values: Mapping[str, Value]) -> Iterable[tuple[str, str]]:
    for name in values:
        stage, _, field = name.rpartition(".")
        if field == NEEDS_APPROVAL and not name.startswith(STABLE):
            word = _word_of(stage, NEEDS_APPROVAL, values)
            # Not a text, or an empty one: whatever was meant, it is not weighed here.
            yield stage, word or f"{name} is no text"


def _word_of(stage: str, field: str, values: Mapping[str, Value]) -> str:
    value = values.get(f"{stage}.{field}")
    return " ".join(value.split()) if isinstance(value, str) else ""
