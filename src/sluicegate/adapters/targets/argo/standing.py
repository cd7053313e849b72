"""Where a Rollout stands, as its controller says. Pure.

Source: see the package; ``utils/rollout/rolloututil.go`` GetRolloutPhase, IsUnpausing.
"""

from dataclasses import dataclass

from typing_extensions import override

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import Node, by
from sluicegate.adapters.kubernetes.words import show

AT_STEP = "CanaryPauseStep"
"""Why it waits, at a pause among its steps."""

_FAILED = {"Failed", "Error"}


@dataclass(frozen=True, slots=True)
class Analysis:
    """An AnalysisRun of Argo's own, by name, as the Rollout tells of it."""

    name: str
    phase: str
    message: str

    @override
    def __str__(self) -> str:
        said = f": {show(self.message)}" if self.message else ""
        return f"AnalysisRun {show(self.name)} {show(self.phase, 40)}{said}"


@dataclass(frozen=True, slots=True)
class Weights:
    """What the traffic router was told, and whether it says that it does it."""

    canary: int
    canary_hash: str
    stable_hash: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of a Rollout. ``is_seen``: of the spec as it is now.

    ``stable`` and ``current`` are hashes of pod templates, ``step`` the current one.
    ``pauses`` are the reasons for which it waits, ``failure`` is why it does not go on.
    """

    is_seen: bool
    step: int
    pauses: tuple[str, ...]
    is_going_on: bool
    is_aborted: bool
    is_promoting: bool
    stable: str
    current: str
    weights: Weights | None
    analyses: tuple[Analysis, ...]
    phase: str
    message: str
    failure: str

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way: the newest template is the stable one."""
        return self.is_seen and bool(self.stable) and self.stable == self.current

    @property
    def is_waiting(self) -> bool:
        """Whether it waits at an indefinite pause, and for nothing else."""
        return self.is_seen and not self.is_aborted and self.pauses == (AT_STEP,)

    @property
    def failed_analysis(self) -> Analysis | None:
        """Argo's own analysis that failed."""
        return next((each for each in self.analyses if each.phase in _FAILED), None)

    def describe(self) -> str:
        """Where it stands, for a person."""
        parts = [each for each in (self.phase, self.message, self.failure) if each]
        said = ": ".join(show(each) for each in dict.fromkeys(parts)) or "no status"
        seen = "" if self.is_seen else ", and its controller has not seen the change"
        return f"the Rollout is at step {self.step} ({said}{seen})"


def read_standing(rollout: Obj) -> Standing:
    """Where *rollout* stands.

    Raises:
        PermanentError: its status makes no sense.
    """
    status = rollout.node("status")
    pauses = tuple(
        each.text("reason") or "?" for each in status.items("pauseConditions")
    )
    canary = status.node("canary")
    runs = (
        canary.node("currentStepAnalysisRunStatus"),
        canary.node("currentBackgroundAnalysisRunStatus"),
    )
    return Standing(
        is_seen=status.text("observedGeneration") == str(rollout.generation),
        step=status.integer("currentStepIndex") or 0,
        pauses=pauses,
        is_going_on=bool(status.flag("controllerPause")) and not pauses,
        is_aborted=bool(status.flag("abort")),
        is_promoting=bool(status.flag("promoteFull")),
        stable=status.text("stableRS") or "",
        current=status.text("currentPodHash") or "",
        weights=_read_weights(rollout),
        analyses=tuple(
            Analysis(
                run.text("name") or "?",
                run.text("status") or "?",
                run.text("message") or "",
            )
            for run in runs
            if run.has()
        ),
        phase=status.text("phase") or "",
        message=status.text("message") or "",
        failure=_read_failure(status),
    )


def was_healthy(rollout: Obj) -> bool:
    """Whether it ever was: the condition is made when it is, and kept from then on.

    Source: ``rollout/sync.go`` calculateRolloutConditions.
    """
    return rollout.has("status", "conditions", by(type="Healthy"))


def _read_failure(status: Node) -> str:
    progress = status.node("conditions", by(type="Progressing"))
    failed = progress.text("status") == "False"
    return (progress.text("message") or "") if failed else ""


def _read_weights(rollout: Obj) -> Weights | None:
    found = rollout.node("status", "canary", "weights")
    if not found.has():
        return None
    return Weights(
        found.integer("canary", "weight") or 0,
        found.text("canary", "podTemplateHash") or "",
        found.text("stable", "podTemplateHash") or "",
        found.flag("verified") is not False,
    )
