"""A Rollout as it was read: what it is, whom it serves, and how it is changed.

The annotations say which release is which, and the image of a ReplicaSet which of them
its pods are. So what is stable is what the controller says, whatever was intended.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import StaleError
from sluicegate.adapters.kubernetes.fence import FENCE, Fence
from sluicegate.adapters.kubernetes.objects import REPLICA_SET, ROLLOUT, Obj
from sluicegate.adapters.kubernetes.values import Fields, Json, Node, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.argo.standing import (
    Standing,
    read_standing,
    was_healthy,
)
from sluicegate.adapters.targets.argo.steps import CANARY, Steps, read_steps
from sluicegate.adapters.targets.kubernetes.fencing import written_fence
from sluicegate.adapters.targets.kubernetes.image import is_same_image
from sluicegate.adapters.targets.kubernetes.marks import (
    PREFIX,
    Marks,
    owners_of_marks,
    read_marks,
    write_marks,
)
from sluicegate.adapters.targets.stranger import StrangerError, adopt_by
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

_TRIES = 8
_OWN = ("sluicegate", "kubectl-annotate")  # annotations of ours, also set by people
_CONTAINERS = ("spec", "template", "spec", "containers")


@dataclass(frozen=True, slots=True)
class Seen:
    """The Rollout as it was read. ``image`` is that of its template's container."""

    obj: Obj
    marks: Marks
    standing: Standing
    steps: Steps
    container: str
    image: str

    @property
    def is_routed(self) -> bool:
        """Whether a traffic router splits the traffic, and not the pods."""
        return self.obj.has(*CANARY, "trafficRouting")

    @property
    def replicas(self) -> int:
        """How many pods it is to have."""
        replicas = self.obj.integer("spec", "replicas")
        return 1 if replicas is None else replicas

    def runs(self, release: Release) -> bool:
        """Whether the template has the image of *release*."""
        return _names(self.image, release)

    def is_canary(self, release: Release) -> bool:
        """Whether *release* is what was deployed last, and is what the template has."""
        canary = self.marks.canary
        return canary is not None and canary.image == release.image


class Rollouts:
    """The Rollout called *name*, of *environment* (``PROJECT/ENVIRONMENT``)."""

    def __init__(
        self,
        api: Api,
        name: str,
        environment: str,
        *,
        container: str | None,
        take_over: Collection[str],
    ) -> None:
        self.name, self.api = name, api
        self._environment, self._container = environment, container
        self._take_over = (*take_over, *_OWN)

    def look(self) -> Seen:
        """The Rollout as it is now.

        Raises:
            AbsentError: there is none.
            PermanentError: it is another environment's, or of a kind that we cannot
                conduct.
        """
        return self.see(self.api.read(ROLLOUT, self.name))

    def see(self, obj: Obj) -> Seen:
        """*obj*, understood."""
        _refuse_kind(obj)
        container = self._find_container(obj)
        return Seen(
            obj,
            read_marks(obj.annotations, self._environment),
            read_standing(obj),
            read_steps(obj),
            container.text("name") or "",
            container.text("image") or "",
        )

    def stable(self, seen: Seen) -> Release | None:
        """Whose pods Argo calls stable; None if nothing has ever served.

        Raises:
            StrangerError: something serves that we did not release.
        """
        marks, template = seen.marks, seen.standing.stable
        if not template:
            return None  # no controller has looked at it yet
        found = self.replica_set(template)
        serving = image_in(found, seen.container)
        for release in (marks.stable, marks.canary):
            if release is not None and _names(serving, release):
                return release
        has_served = bool(found.integer("status", "availableReplicas"))
        if marks.stable is None and not has_served and not was_healthy(seen.obj):
            return None
        raise StrangerError(
            f"Rollout {self.name} serves {show(serving)}, and nobody has said which"
            " release that is: there is nothing to compare a canary with, or to go"
            " back to",
            hint=adopt_by(
                f"kubectl -n {seen.obj.namespace} annotate --overwrite rollout"
                f" {self.name}",
                serving,
            ),
        )

    def replica_set(self, template: str) -> Obj:
        """The ReplicaSet of the template with that hash.

        Raises:
            TransientError: there is none.
        """
        found = self.api.get(REPLICA_SET, f"{self.name}-{template}")
        if found is None:
            raise TransientError(
                f"Rollout {self.name} has no ReplicaSet {self.name}-{template}, which"
                " its status names",
                hint="see whether the controller of Argo Rollouts runs",
            )
        return found

    def is_current(self, release: Release, seen: Seen) -> bool:
        """Whether the newest pods of the Rollout are those of *release*."""
        template = seen.standing.current
        if not (seen.standing.is_seen and template and seen.runs(release)):
            return False
        return _names(image_in(self.replica_set(template), seen.container), release)

    def write(
        self,
        fence: Fence,
        decide: Callable[[Seen], tuple[Marks, str]],
        *,
        is_new: bool = False,
        takes_back: bool = False,
    ) -> Seen:
        """Have the marks and the image on which *decide* decides, by what is seen.

        Args:
            fence: whose lease it is done by.
            decide: says what to have.
            is_new: that lease is raised now.
            takes_back: the image was ours during this rollout: whoever edited it since
                must not keep a rollback from being written. That was drift before.

        Raises:
            PermanentError: a later lease is there, or the fields are contested.
        """

        def change(seen: Seen) -> Seen:
            marks, image = decide(seen)
            annotations = {**write_marks(marks), **written_fence(fence)}
            if annotations == _own(seen.obj) and image == seen.image:
                return seen
            container: Json = {"name": seen.container, "image": image}
            template: Json = {"spec": {"containers": [container]}}
            applied = self.api.apply(
                ROLLOUT,
                self.name,
                {
                    "metadata": {"annotations": annotations},
                    "spec": {"template": template},
                },
                resource_version=seen.obj.resource_version,
                take_over=(*self._take_over, *_owners(seen, takes_back=takes_back)),
            )
            return self.see(applied)

        return self._change(fence, change, is_new=is_new)

    def steer(self, fence: Fence, decide: Callable[[Seen], Fields | None]) -> Seen:
        """Set those fields of the status on which *decide* decides, by what is seen.

        This is what the kubectl plug-in of Argo does.
        """

        def change(seen: Seen) -> Seen:
            status = decide(seen)
            if status is None:
                return seen
            changed = self.api.patch_status(
                ROLLOUT,
                self.name,
                {"status": status},
                resource_version=seen.obj.resource_version,
            )
            return self.see(changed)

        return self._change(fence, change)

    def _change(
        self, fence: Fence, change: Callable[[Seen], Seen], *, is_new: bool = False
    ) -> Seen:
        """Look, check the fence, and *change*; again, if somebody was faster."""
        for left in reversed(range(_TRIES)):
            seen = self.look()
            fence.check(seen.obj, is_new=is_new)
            try:
                return change(seen)
            except StaleError:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _find_container(self, obj: Obj) -> Node:
        containers = obj.items(*_CONTAINERS)
        names = [each.text("name") or "" for each in containers]
        if self._container is None and len(containers) == 1:
            return containers[0]
        if self._container in names:
            return containers[names.index(self._container)]
        listed = ", ".join(map(show, names)) or "none"
        which = "" if self._container is None else f" {self._container}"
        raise PermanentError(
            f"Rollout {self.name} has no one container{which} that is the release: it"
            f" has {listed}",
            hint="write container: NAME into the target",
        )


def _refuse_kind(obj: Obj) -> None:
    if obj.has("spec", "workloadRef"):
        ref = obj.node("spec", "workloadRef")
        raise PermanentError(
            f"Rollout {obj.name} has the pods of {show(ref.text('kind') or '?')}"
            f" {show(ref.text('name') or '?')} (workloadRef): a release would have to"
            " be written there, beside what says how it is rolled out",
            hint="move spec.template and spec.selector into the Rollout, and leave out"
            " spec.workloadRef",
        )
    if not obj.has(*CANARY):
        kind = "blueGreen" if obj.has("spec", "strategy", "blueGreen") else "none"
        raise PermanentError(
            f"Rollout {obj.name} has no canary strategy (it has {kind}): there are no"
            " weights to set",
            hint="give it spec.strategy.canary with steps",
        )
    most = obj.integer(*CANARY, "trafficRouting", "maxTrafficWeight")
    if most not in {None, 100}:
        raise PermanentError(
            f"Rollout {obj.name} counts its weights to {most}, not to 100",
            hint="leave out trafficRouting.maxTrafficWeight",
        )


def _owners(seen: Seen, *, takes_back: bool) -> tuple[str, ...]:
    """Who owns what is taken back: the image, and what is ours to note in any case."""
    if seen.marks.canary is None:
        return ()
    container = by(name=seen.container)
    owners = seen.obj.managers_of(*_CONTAINERS, container, "image")
    image, marks = {each.name for each in owners}, {*owners_of_marks(seen.obj)}
    return tuple(sorted(image | marks if takes_back else marks - image))


def _names(image: str, release: Release) -> bool:
    """Whether *image* is that of *release*."""
    return release.reference is not None and is_same_image(image, release.reference)


def image_in(found: Obj, container: str) -> str:
    """The image of that container in the template of *found*."""
    return found.text(*_CONTAINERS, by(name=container), "image") or ""


def _own(obj: Obj) -> dict[str, str]:
    """The annotations that are ours, by name."""
    return {
        name: value
        for name, value in obj.annotations.items()
        if name.startswith(PREFIX) or name == FENCE
    }
