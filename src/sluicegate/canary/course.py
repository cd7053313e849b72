"""When each condition of a verdict was met, metric by metric. Pure.

The batches of different metrics end at different times and may come in any order, so
the time of a verdict is put together from those of its conditions: an abort takes the
first of them, a promotion the last.
"""

from dataclasses import dataclass, field

from sluicegate.canary.assessment import served, stand
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.state import JudgeState
from sluicegate.model.rollout import CanaryVerdict

_FUSE = "the fuse"


@dataclass(slots=True)
class Course:
    """The times of what happened to a canary so far. Unit: seconds, as given.

    Attributes:
        first: the end of the first interval; None before it.
        last: the end of the last complete batch.
        worse: when each metric, and the fuse, had evidence enough for an abort.
        fine: when each had evidence enough for a promotion.
        void: metrics by which stable fails too often for anything to be worse.
        calm: when it last ceased to.
        enough: when there were requests, and when there was time, enough to promote.
    """

    first: float | None = None
    last: float | None = None
    worse: dict[str, float] = field(default_factory=dict)
    fine: dict[str, float] = field(default_factory=dict)
    void: set[str] = field(default_factory=set)
    calm: dict[str, float] = field(default_factory=dict)
    enough: dict[str, float] = field(default_factory=dict)

    def see(self, at: float) -> None:
        """An interval ended at *at*."""
        self.first = at if self.first is None else min(self.first, at)

    def passed(self, at: float) -> float:
        """A batch ended at *at*: seconds from the first interval to the last batch."""
        self.last = at if self.last is None else max(self.last, at)
        return 0.0 if self.first is None else float(self.last - self.first)

    def note(
        self, settings: JudgeSettings, state: JudgeState, name: str, at: float
    ) -> None:
        """Note what is true for the first time, after a batch of the metric *name*."""
        metric = next(each for each in settings.judged if each.name == name)
        found = stand(settings, metric, state.of(name))
        if found.aborts and found.is_worse:
            self.worse.setdefault(name, at)
        if state.fuse.has_blown(settings):
            self.worse.setdefault(_FUSE, at)
        if found.is_proven:
            self.fine.setdefault(name, at)
        if found.is_void:
            self.void.add(name)
        elif name in self.void:
            self.void.remove(name)
            self.calm[name] = at
        if served(settings, state) >= settings.min_requests:
            self.enough.setdefault("requests", at)
        if state.seconds >= settings.min_seconds:
            self.enough.setdefault("seconds", at)

    def decided_at(
        self, settings: JudgeSettings, verdict: CanaryVerdict
    ) -> float | None:
        """When *verdict* was reached; None on hold, and where no metric reached it."""
        if verdict is CanaryVerdict.HOLD:
            return None
        if verdict is CanaryVerdict.ABORT:
            return min(self.worse.values(), default=None)
        required = [metric.name for metric in settings.judged if metric.required]
        return max(
            *(self.fine[name] for name in required),
            *self.calm.values(),
            *self.enough.values(),
        )
