"""The Knative revisions of a predictor: which image each has, and who has the traffic.

A revision never changes, so its image is read once.
"""

from collections import Counter
from dataclasses import dataclass, field

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.objects import Kind, Obj
from sluicegate.adapters.kubernetes.values import Node, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kserve.predictor import Form
from sluicegate.adapters.targets.kserve.service import Seen, names
from sluicegate.model.rollout import Release

REVISION = Kind("serving.knative.dev", "v1", "Revision", "revisions")
_ALL = 100  # percent


@dataclass(frozen=True, slots=True)
class Component:
    """What the controller says of a predictor, by the names of revisions."""

    created: str
    ready: str
    rolled_out: str
    shares: Counter[str]

    @classmethod
    def of(cls, service: Obj) -> "Component":
        """That of *service*.

        Raises:
            PermanentError: its status makes no sense.
        """
        status = service.node("status", "components", "predictor")
        shares: Counter[str] = Counter()
        for target in status.items("traffic"):
            revision = target.text("revisionName") or ""
            shares[revision] += target.integer("percent") or 0
        return cls(
            status.text("latestCreatedRevision") or "",
            status.text("latestReadyRevision") or "",
            status.text("latestRolledoutRevision") or "",
            +shares,
        )


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revisions in the namespace of *api*."""

    api: Api
    form: Form
    _images: dict[str, str] = field(default_factory=dict)

    def image(self, revision: str) -> str:
        """Its image, empty if there is no such revision."""
        if revision and revision not in self._images:
            found = self.api.get(REVISION, revision)
            if found is None:
                return ""
            template = found.node("spec")
            self._images[revision] = self.form.made(template, found.annotations)
        return self._images.get(revision, "")

    def is_of(self, revision: str, release: Release) -> bool:
        """Whether *revision* is one of *release*."""
        return bool(revision) and names(self.image(revision), release)

    def share(self, component: Component, release: Release) -> int:
        """The percentage of the traffic that revisions of *release* have."""
        return sum(
            share
            for revision, share in component.shares.items()
            if self.is_of(revision, release)
        )

    def has_all(self, component: Component, release: Release) -> bool:
        """Whether *release* has all the traffic."""
        return self.share(component, release) == _ALL

    def strangers(self, component: Component, seen: Seen) -> tuple[str, ...]:
        """The revisions with traffic that are of no release we know."""
        known = [r for r in (seen.marks.stable, seen.marks.canary) if r is not None]
        return tuple(
            revision
            for revision in sorted(component.shares)
            if not any(self.is_of(revision, each) for each in known)
        )

    def failure(self, revision: str) -> str | None:
        """Why Knative gave *revision* up, None if it did not."""
        found = self.api.get(REVISION, revision) if revision else None
        if found is None:
            return None
        ready = found.node("status", "conditions", by(type="Ready"))
        if ready.text("status") != "False":
            return None
        return f"revision {show(revision)} is not ready: {_say(ready)}"


def _say(condition: Node) -> str:
    reason, message = condition.text("reason"), condition.text("message")
    return ": ".join(show(each) for each in (reason, message) if each) or "no reason"
