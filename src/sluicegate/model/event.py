"""What may happen to a run. The audit log records exactly these, in order.

The state of a run is the fold of its events (`sluicegate.engine.machine`), so
nothing about a run exists that is not in its events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event_secrets import SecretEvent
from sluicegate.model.evidence import Evidence
from sluicegate.model.metric import Tally
from sluicegate.model.publication import PublishedImage
from sluicegate.model.resources import Resources, gpu_ms
from sluicegate.model.rollout import (
    CanaryVerdict,
    Direction,
    Release,
    RolloutResult,
)
from sluicegate.model.tool import Tool
from sluicegate.model.traffic import RequestCounts


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage as the run was started with it.

    ``uses`` is its kind, ``retries`` how many attempts follow one that is broken.
    """

    name: str
    uses: str
    needs: tuple[str, ...]
    retries: int = 0


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began for one commit. ``definition`` is the pipeline's digest.

    ``selection`` are the options that left stages of the pipeline out, None if none
    is; ``labels`` tell the runs of a matrix apart. ``handed_over`` are the digests of
    the hand-overs that the results of its stages come from: then no program of the
    project is run in it. ``rollback`` is the run of the
    release that this one goes back to, None if it goes back to none, and ``reason``
    why somebody wanted that, None where nobody says. ``over_budget`` is the budget of
    runs that is used up: then no stage runs, and the run counts in no budget.
    """

    pipeline: str
    definition: Digest
    commit: str
    branch: str | None
    dirty: bool
    stages: tuple[PlannedStage, ...]
    start_ts: datetime
    selection: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    rollback: str | None = None
    reason: str | None = None
    over_budget: "ConditionResult | None" = None
    handed_over: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResumed:
    """Another process took the run over."""


@dataclass(frozen=True, slots=True)
class RunInterrupted:
    """The process was asked to stop; ``stage`` is what it was doing, if one thing."""

    stage: str | None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """No stage is left that could run."""

    outcome: Outcome
    reason: str
    start_ts: datetime
    end_ts: datetime
    wall_ms: int


@dataclass(frozen=True, slots=True)
class StageStarted:
    """An attempt at a stage began. ``attempt`` counts from 1."""

    stage: str
    attempt: int
    start_ts: datetime


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """One condition of a gate, and how it was judged."""

    condition: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class GateRecord:
    """How a gate judged. ``policy`` is the digest of its conditions."""

    policy: Digest
    verdict: Verdict
    conditions: tuple[ConditionResult, ...]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A result was found out by another process, and judged anew by this one.

    ``digest`` is that of the hand-over that its raw reports came in. ``job`` is what
    that process called itself, None if it did not: nobody vouches for it.
    """

    digest: Digest
    job: str | None = None


@dataclass(frozen=True, slots=True)
class StageFinished:
    """An attempt at a stage ended; ``gate`` is None only if it was broken.

    ``subjects`` are the artifacts it is about, as (name, digest). ``inputs`` is all the
    result depends on, by the name of the part: two attempts with the same inputs find
    the same. ``cached`` is the task id of the earlier attempt whose result this is.
    ``declared`` is what the stage says that it takes, if it did run and says so.
    ``handed_over`` says that the stage ran elsewhere, None if it did not: what was
    measured there is the word of whoever measured it.
    """

    stage: str
    attempt: int
    outcome: Outcome
    reason: str
    gate: GateRecord | None
    evidence: Evidence
    tools: tuple[Tool, ...]
    subjects: tuple[tuple[str, Digest], ...]
    usage: ResourceUsage
    start_ts: datetime
    end_ts: datetime
    inputs: Mapping[str, str] = field(default_factory=dict)
    cached: str | None = None
    declared: Resources | None = None
    handed_over: HandedOver | None = None

    @property
    def gpu_ms(self) -> int:
        """The time of GPUs that the attempt took, in milliseconds."""
        return gpu_ms(
            0 if self.declared is None else self.declared.gpu, self.usage.wall_ms
        )


@dataclass(frozen=True, slots=True)
class GpuReserved:
    """The attempt at a stage under way is about to use ``gpu`` GPUs.

    For ``wall_ms`` milliseconds at most. ``refused`` is the budget that does not let
    it; then nothing is reserved.
    """

    stage: str
    gpu: int
    wall_ms: int
    refused: ConditionResult | None = None


@dataclass(frozen=True, slots=True)
class StageSkipped:
    """A stage will not run, because of ``reason``.

    ``condition`` is its own ``when`` if that did not hold; otherwise a stage it needs
    did not open.
    """

    stage: str
    reason: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class PublishRequested:
    """Announces that an image is about to be pushed.

    ``image`` is its ID on the engine, ``references`` are the names it is to get.
    ``behind`` are the ids of the tasks whose scans opened the gate before it.
    """

    stage: str
    image: Digest
    references: tuple[str, ...]
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishConfirmed:
    """The registry was seen to serve ``image`` under every one of its references."""

    stage: str
    image: Digest
    published: tuple[PublishedImage, ...]


@dataclass(frozen=True, slots=True)
class RolloutStarted:
    """A release is about to be started in an environment; announces the deployment.

    By ``deadline`` it is to have ended; time for which it is paused does not count.
    """

    stage: str
    environment: str
    canary: Release
    stable: Release | None
    start_ts: datetime
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class CanaryReady:
    """The canary is healthy and has no weight yet."""

    stage: str


@dataclass(frozen=True, slots=True)
class WeightRequested:
    """Announces a change of the canary's weight, in percent."""

    stage: str
    percent: int


@dataclass(frozen=True, slots=True)
class MetricTotal:
    """The cumulative numbers of a metric that is judged beside failed requests."""

    metric: str
    stable: Tally
    canary: Tally


@dataclass(frozen=True, slots=True)
class WeightApplied:
    """The target has the announced weight since ``at``, as far as it can be told.

    It is recorded only where its counters do not say so yet: what they know of before
    ``at`` was served under another weight.
    """

    stage: str
    percent: int
    at: datetime


@dataclass(frozen=True, slots=True)
class WeightConfirmed:
    """The target was seen to apply the weight.

    ``stable`` and ``canary`` are the cumulative counters right after, from which the
    next block counts; ``metrics`` those of the other metrics that could be read.
    """

    stage: str
    percent: int
    stable: RequestCounts
    canary: RequestCounts
    at: datetime
    metrics: tuple[MetricTotal, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricObserved:
    """What a block showed of one metric beside failed requests.

    ``stable`` and ``canary`` are its numbers since it was last read at this weight;
    the rest as in `BlockObserved`.
    """

    metric: str
    stable: Tally
    canary: Tally
    stable_total: Tally
    canary_total: Tally
    abort_micronats: int
    promote_micronats: int


@dataclass(frozen=True, slots=True)
class BlockObserved:
    """Counts between two scrapes, and the evidence after them.

    ``stable`` and ``canary`` are the requests of this block; ``stable_total`` and
    ``canary_total`` the cumulative counters at its end. Evidence is the natural
    logarithm of the e-value after this block, in micronats (rounded); replaying the
    blocks gives the same numbers. They are about failed requests; ``metrics`` holds
    the other metrics that could be read.
    """

    stage: str
    index: int
    percent: int
    stable: RequestCounts
    canary: RequestCounts
    stable_total: RequestCounts
    canary_total: RequestCounts
    abort_micronats: int
    promote_micronats: int
    start_ts: datetime
    end_ts: datetime
    metrics: tuple[MetricObserved, ...] = ()


@dataclass(frozen=True, slots=True)
class RolloutDirected:
    """People decided about a rollout under way; ``by`` are those who said so.

    It is acted upon from here on. ``by`` is empty where the environment asks nobody.
    What was said in the first ``size`` entries of the log is done with.
    """

    stage: str
    direction: Direction
    reason: str
    by: "tuple[CountedApproval, ...]"
    at: datetime
    size: int = 0


@dataclass(frozen=True, slots=True)
class RolloutDrifted:
    """What serves was seen to differ from what was set: others have changed it.

    ``what`` differs, in words for a person. Until it is over the rollout holds.
    """

    stage: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DriftEnded:
    """What serves was seen to be again as it was set, by nobody's word."""

    stage: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OthersOverridden:
    """What others had set was written over, to carry out the rollout.

    ``what`` was taken from whom, in words for a person; ``index`` counts these events
    of the rollout from 0.
    """

    stage: str
    index: int
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CanaryJudged:
    """The rollout's verdict, from here on latched.

    ``cause`` is a word for machines: ``evidence``, ``unhealthy``, ``crashed``,
    ``superseded``, ``directed``, ``deadline``, ``first-release``.
    """

    stage: str
    verdict: CanaryVerdict
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class RolloutFinished:
    """The target is in its final shape."""

    stage: str
    result: RolloutResult
    reason: str
    end_ts: datetime


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """A release into an environment waits for people, or for a better time.

    ``request`` is its id; what it says is kept as evidence under that digest.
    ``policy`` is the digest of the rules that judge it.
    """

    stage: str
    environment: str
    request: Digest
    policy: Digest
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class CountedApproval:
    """A person's yes that was counted: the digest of what was signed, and by which key.

    ``person`` is what the policy calls them.
    """

    statement: Digest
    person: str
    key: str


@dataclass(frozen=True, slots=True)
class EnvironmentEntered:
    """The entry gate of an environment opened: its approvals are used from here on.

    It was judged under the first ``size`` entries of the log, by the rules ``policy``
    as they were at ``commit`` of the protected branch ``branch``. ``override`` says
    that the glass was broken: what did not hold is among ``conditions``, and stays
    open as a follow-up under the id of this entry. ``request`` is None where nobody
    was asked.
    """

    stage: str
    environment: str
    policy: Digest
    branch: str
    commit: str
    conditions: tuple[ConditionResult, ...]
    approvals: tuple[CountedApproval, ...]
    override: bool
    size: int
    request: Digest | None = None


RolloutEvent = (
    RolloutStarted
    | CanaryReady
    | WeightRequested
    | WeightApplied
    | WeightConfirmed
    | BlockObserved
    | RolloutDirected
    | RolloutDrifted
    | DriftEnded
    | OthersOverridden
    | CanaryJudged
    | RolloutFinished
)

PublishEvent = PublishRequested | PublishConfirmed

RunEvent = (
    RunStarted
    | RunResumed
    | RunInterrupted
    | RunFinished
    | StageStarted
    | StageFinished
    | StageSkipped
    | GpuReserved
)

EntryEvent = ReleaseRequested | EnvironmentEntered

Event = RunEvent | SecretEvent | PublishEvent | EntryEvent | RolloutEvent
