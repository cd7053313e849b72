"""One layer of an environment's rules, judged. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluicegate.gates.approvals import Hearing, Tally, judge_approvals, judge_override
from sluicegate.gates.comparison import judge_conditions
from sluicegate.gates.condition import Condition
from sluicegate.gates.order import judge_after
from sluicegate.gates.reviews import judge_reviews
from sluicegate.gates.rules import Policy, Rules
from sluicegate.gates.standing import quote
from sluicegate.gates.windows import judge_windows
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.evidence import Value
from sluicegate.model.state_item import StableRelease


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a release is judged on besides its request.

    Attributes:
        values: evidence and facts, by the names that conditions use.
        stable: what each environment of the log runs.
    """

    values: Mapping[str, Value]
    stable: Mapping[str, StableRelease]


@dataclass(frozen=True, slots=True)
class JudgedLayer:
    """How the rules of a layer were judged.

    ``asked`` is who approved, None where nobody must; ``glass`` is who broke it, None
    where nobody may; ``others`` are the rules that are not about people.
    """

    rules: Rules
    asked: Tally | None
    glass: Tally | None
    others: tuple[ConditionResult, ...]

    @property
    def people(self) -> tuple[ConditionResult, ...]:
        """The result of asking people, if any are asked."""
        return () if self.asked is None else (_write_tally(self.rules, self.asked),)

    @property
    def results(self) -> tuple[ConditionResult, ...]:
        """Each rule, its verdict and the reason; breaking the glass is no rule."""
        return (*self.people, *self.others)

    @property
    def is_overridden(self) -> bool:
        """Whether those who may have broken the glass of this layer."""
        return self.glass is not None and self.glass.is_enough

    @property
    def must_be_overridden(self) -> bool:
        """Whether an override of the whole takes one of this layer."""
        return self.rules.asks_for_something or self.rules.override is not None


def judge_layer(
    rules: Rules, policy: Policy, hearing: Hearing, around: Surroundings
) -> JudgedLayer:
    """Judge each of *rules*, which are one layer of *policy*."""
    asked = glass = None
    if rules.approvals is not None:
        asked = judge_approvals(rules.approvals, rules.people, hearing)
    if rules.override is not None:
        glass = judge_override(rules.override, rules.people, hearing)
    others = (
        *judge_reviews(rules, hearing),
        *judge_after(rules.after, hearing.request, around.stable, hearing.now),
        *judge_windows(rules.windows, rules.freezes, hearing.now),
        *_judge_values(
            rules.conditions,
            policy,
            around,
            has_approvals=_asks_people(rules, policy),
        ),
    )
    return JudgedLayer(rules, asked, glass, others)


def judge_stages(
    policy: Policy, around: Surroundings, *, rollback: bool = False
) -> tuple[ConditionResult, ...]:
    """Judge the gates of the protected branch's own stages once more.

    A *rollback* goes back to what once came through all gates there were. A stage of
    which it has no evidence at all came later, and must not keep anybody from it.
    """
    measured = {name.partition(".")[0] for name in around.values}
    texts = [
        one
        for stage, conditions in policy.stages.items()
        if stage in measured or not rollback
        for one in conditions
    ]
    return _judge_values(texts, policy, around, has_approvals=policy.needs_people)


def write_override(layer: JudgedLayer) -> ConditionResult:
    """Say who broke the glass of *layer*, and why."""
    voters = layer.glass.voters if layer.glass else ()
    said = (f"{voter.person}: {quote(voter.answer.reason)}" for voter in voters)
    text = f"override as {layer.rules.source} allows"
    return ConditionResult(text, Verdict.OPEN, "; ".join(said))


def _write_tally(rules: Rules, tally: Tally) -> ConditionResult:
    text = f"approvals as {rules.source} asks"
    people = ", ".join(voter.person for voter in tally.voters)
    by = f"approved by {people}" if people else ""
    if tally.is_enough:
        return ConditionResult(text, Verdict.OPEN, by)
    missing = "; ".join(tally.missing)
    reason = f"{by}; {missing}" if by else missing
    return ConditionResult(text, Verdict.PENDING, reason)


def _judge_values(
    conditions: Sequence[Condition],
    policy: Policy,
    around: Surroundings,
    *,
    has_approvals: bool,
) -> tuple[ConditionResult, ...]:
    return judge_conditions(
        conditions,
        around.values,
        first_release=policy.environment not in around.stable,
        has_approvals=has_approvals,
    )


def _asks_people(rules: Rules, policy: Policy) -> bool:
    """Whether *rules* may leave a first release to people.

    The project's own may leave it to whoever must approve; a shared policy only to the
    people that it names itself, or a project could loosen it by asking its own.
    """
    if rules is policy.layers[0]:
        return policy.needs_people
    return rules.approvals is not None
