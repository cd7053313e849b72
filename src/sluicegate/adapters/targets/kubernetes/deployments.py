"""The Deployments of an environment: what runs where, and with how many pods."""

from dataclasses import dataclass

from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.image import is_same_image, reference_of
from sluicegate.adapters.targets.kubernetes.marks import Marks
from sluicegate.adapters.targets.kubernetes.readiness import replicas_of
from sluicegate.adapters.targets.kubernetes.scale import Scale, full_size
from sluicegate.adapters.targets.kubernetes.workload import Wanted, Workload
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release


@dataclass(frozen=True, slots=True)
class Deployments:
    """Those of stable, canary, and of the baseline if there is one.

    ``patience_seconds`` is how long no pod may get ready before that is given up.
    """

    stable: Workload
    canary: Workload
    baseline: Workload | None
    scale: Scale
    patience_seconds: float

    @property
    def all(self) -> tuple[Workload, ...]:
        """All of them."""
        given = (self.stable, self.canary, self.baseline)
        return tuple(each for each in given if each is not None)

    def raise_fence(self, fence: Fence) -> None:
        """Let nobody change them by an earlier lease from now on."""
        for each in self.all:
            each.raise_fence(fence)

    def full(self, marks: Marks) -> int:
        """How many pods serve all the traffic."""
        now = replicas_of(self.stable.read())
        if marks.is_away:
            now = max(now, replicas_of(self.canary.read()))
        return full_size(now, marks.replicas, marks.percent)

    def restarts(self) -> int:
        """How often the canary's container that ended most often was restarted."""
        return self.canary.restarts(self.canary.read())

    def rehearse(self, release: Release, fence: Fence) -> None:
        """See whether *release* could become the stable one; nothing is changed.

        Raises:
            ContestedError: the image of stable's pods is somebody else's.
        """
        self.stable.rehearse(Wanted(reference_of(release)), fence)

    def try_out(self, release: Release, marks: Marks, fence: Fence) -> None:
        """Have *release* in the canary's pods, and stable in fresh ones beside it."""
        pods = self.scale.pods(0, self.full(marks))
        self.canary.set(Wanted(reference_of(release), pods), fence)
        if self.baseline is not None and marks.stable is not None:
            self.baseline.set(Wanted(reference_of(marks.stable), pods), fence)

    def has_on_trial(self, release: Release) -> bool:
        """Whether the canary's Deployment has *release*, whatever is noted of it."""
        found = self.canary.find()
        if found is None or release.reference is None:
            return False
        return is_same_image(self.canary.image(found), release.reference)

    def await_tried(self, marks: Marks, timeout_seconds: float) -> str | None:
        """Wait for the pods of `try_out`; why the canary's did not get ready, if so.

        Raises:
            TransientError: the baseline's did not, which says nothing of the canary.
        """
        standing = self.canary.await_ready(timeout_seconds)
        if standing is not None:
            return standing.reason
        if self.baseline is not None and marks.stable is not None:
            standing = self.baseline.await_ready(timeout_seconds)
            if standing is not None:
                raise TransientError(
                    f"the baseline, with the stable release: {standing.reason}"
                )
        return None

    def grow(self, marks: Marks, percent: int, fence: Fence) -> None:
        """Have pods enough for *percent*, and wait until they are ready.

        Raises:
            TransientError: they do not get ready.
        """
        full = self.full(marks)
        pods = self.scale.pods(percent, full)
        arms = [self.canary]
        if self.baseline is not None and percent < 100:  # noqa: PLR2004 - percent
            arms.append(self.baseline)
        for arm in arms:
            if replicas_of(arm.read()) < pods:
                arm.scale(pods, fence)
        for arm in arms:
            standing = arm.await_growing(self.patience_seconds)
            if standing is not None:
                raise TransientError(
                    f"{pods} pods are needed for {percent} %: {standing.reason}",
                    hint="nothing was given more traffic; mend it, and go on",
                )

    def shrink(self, marks: Marks, fence: Fence) -> None:
        """Take pods that the canary's share does not need any more."""
        pods = self.scale.pods(marks.percent, self.full(marks))
        for arm in (self.canary, self.baseline):
            if arm is not None and replicas_of(arm.read()) > pods:
                arm.scale(pods, fence)

    def settle(self, release: Release, pods: int, fence: Fence) -> None:
        """Have *release* in at least so many *pods* of stable, all of them ready.

        Raises:
            TransientError: they do not get ready.
        """
        self.stable.set(Wanted(reference_of(release)), fence)
        self.stable.grow(pods, fence)
        standing = self.stable.await_growing(self.patience_seconds)
        if standing is not None:
            raise TransientError(
                f"{release.name} is to move into Deployment {self.stable.name}, and"
                f" serves from {self.canary.name} until then: {standing.reason}",
                hint="mend it, and go on with the rollout or begin the next one",
            )

    def clear(self, fence: Fence) -> None:
        """Take away the pods of canary and baseline."""
        if replicas_of(self.canary.read()) > 0:
            self.canary.scale(0, fence)
        self.clear_baseline(fence)

    def clear_baseline(self, fence: Fence) -> None:
        """Take away the baseline's pods."""
        if self.baseline is not None and replicas_of(self.baseline.read()) > 0:
            self.baseline.scale(0, fence)

    def refuse_unproven(self, stable: Release) -> None:
        """See to it that the canary's pods, which are to move, are those of *stable*.

        Whoever may write the route's annotations is not to choose what is deployed.

        Raises:
            PermanentError: they are not.
        """
        found = self.canary.read()
        image = self.canary.image(found)
        if is_same_image(image, reference_of(stable)):
            return
        raise PermanentError(
            f"the annotations say that {stable.name} serves from Deployment"
            f" {self.canary.name}, which runs {show(image)}"
            f"{self.canary.image_set_by(found)}: it is not deployed as stable",
            hint="restore the annotations, or that Deployment's image:"
            f" {stable.reference}",
        )

    def refuse_stranger(self, stable: Release) -> None:
        """See to it that stable's pods are those of the stable release.

        Raises:
            PermanentError: somebody has changed their image.
        """
        found = self.stable.read()
        image = self.stable.image(found)
        if stable.reference is None or is_same_image(image, stable.reference):
            return
        raise PermanentError(
            f"Deployment {self.stable.name} runs {show(image)}, not {stable.name} as"
            f" it was released{self.stable.image_set_by(found)}: a canary would be"
            " compared with something else",
            hint=f"`kubectl -n {found.namespace} set image deployment/"
            f"{self.stable.name} {self.stable.container(found).text('name')}="
            f"{stable.reference}` sets it back",
        )
