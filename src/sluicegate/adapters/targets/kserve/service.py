"""An InferenceService and the ConfigMap with what we know of it.

A change of the one is conditional on its resourceVersion, and that was read before the
fence in the other. So whoever raises the fence has only to have the InferenceService
at another resourceVersion after that, to stop all who have read the lower one. Its
status takes a field that the controller forgets again.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import StaleError, TakenError
from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.objects import INFERENCE_SERVICE, Kind, Obj
from sluicegate.adapters.kubernetes.values import Fields, Node
from sluicegate.adapters.targets.kserve.predictor import Form, predictor_of
from sluicegate.adapters.targets.kubernetes.fencing import written_fence
from sluicegate.adapters.targets.kubernetes.image import is_same_image
from sluicegate.adapters.targets.kubernetes.marks import Marks, read_marks, write_marks
from sluicegate.model.rollout import Release

CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
CANARIES = ("spec", "canary")
PERCENT = ("spec", "predictor", "canaryTrafficPercent")
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """Both as they were read. ``image`` is that of the predictor's release."""

    obj: Obj
    record: Obj | None
    marks: Marks
    image: str

    @property
    def predictor(self) -> Node:
        """The predictor that is wanted."""
        return predictor_of(self.obj)

    @property
    def percent(self) -> int | None:
        """The share that the latest revision is to have, None for all."""
        return self.predictor.integer("canaryTrafficPercent")

    def runs(self, release: Release) -> bool:
        """Whether the predictor has the image of *release*."""
        return names(self.image, release)

    def is_canary(self, release: Release) -> bool:
        """Whether *release* is the one on trial."""
        canary = self.marks.canary
        return canary is not None and canary.image == release.image


class Services:
    """The InferenceService *name*, of *environment* (``PROJECT/ENVIRONMENT``)."""

    def __init__(
        self,
        api: Api,
        name: str,
        environment: str,
        form: Form,
        *,
        take_over: Collection[str],
    ) -> None:
        self.api, self.name, self.form = api, name, form
        self.environment, self.record = environment, f"sluicegate-{name}"
        self._take_over = tuple(take_over)

    def look(self) -> Seen:
        """Both as they are now; what is changed first, then what guards it.

        Raises:
            AbsentError: there is no such InferenceService.
            PermanentError: it is another environment's, or cannot be conducted.
        """
        return self.see(self.api.read(INFERENCE_SERVICE, self.name))

    def see(self, obj: Obj) -> Seen:
        """*obj* and what is known of it now."""
        record = self.api.get(CONFIG_MAP, self.record)
        annotations = {} if record is None else record.annotations
        marks = read_marks(annotations, self.environment)
        return Seen(obj, record, marks, self.form.read(predictor_of(obj)))

    def raise_fence(self, fence: Fence) -> None:
        """Let nobody change it by an earlier lease from now on."""
        self._note(fence, lambda seen: seen.marks, is_new=True)
        obj = self.api.read(INFERENCE_SERVICE, self.name)
        touched: Fields = {"status": {"sluicegate": dict(fence.annotation)}}
        try:
            self.api.patch_status(
                INFERENCE_SERVICE,
                self.name,
                touched,
                resource_version=obj.resource_version,
            )
        except StaleError:
            return  # somebody else had it change, which does as well

    def note(self, fence: Fence, decide: Callable[[Seen], Marks]) -> Marks:
        """Have the marks on which *decide* decides, by what is seen.

        Raises:
            PermanentError: a later lease is there.
        """
        return self._note(fence, decide, is_new=False)

    def apply(
        self,
        fence: Fence,
        decide: Callable[[Seen], Fields | None],
        *,
        takes_back: bool = False,
    ) -> Seen:
        """Have those fields of the specification on which *decide* decides.

        They are all that is ours; None leaves everything as it is.

        Args:
            fence: whose lease it is done by.
            decide: says what to have.
            takes_back: they were ours during this rollout: whoever edited them since
                must not keep a rollback from being written. That was drift before.

        Raises:
            PermanentError: a later lease is there, or the fields are contested.
        """
        for left in reversed(range(_TRIES)):
            seen = self.look()
            _check(fence, seen)
            try:
                spec = decide(seen)
                if spec is None:
                    return seen
                applied = self.api.apply(
                    INFERENCE_SERVICE,
                    self.name,
                    {"spec": spec},
                    resource_version=seen.obj.resource_version,
                    take_over=(*self._take_over, *self._owners(seen, takes_back)),
                )
            except StaleError:
                if not left:
                    raise
            else:
                return self.see(applied)
        raise AssertionError("the last try returns or raises")

    def rehearse(self, seen: Seen, spec: Fields) -> None:
        """See whether *spec* could be written now; nothing is.

        Raises:
            ContestedError: a field of it is somebody else's.
            InvalidError: the cluster finds fault with it.
        """
        self.api.apply(
            INFERENCE_SERVICE,
            self.name,
            {"spec": spec},
            resource_version=seen.obj.resource_version,
            take_over=self._take_over,
            dry_run=True,
        )

    def _owners(self, seen: Seen, takes_back: bool) -> tuple[str, ...]:  # noqa: FBT001
        """Who owns what is taken back."""
        if not takes_back or seen.marks.canary is None:
            return ()
        paths = (self.form.where(seen.predictor), CANARIES, PERCENT)
        return tuple(
            owner.name for path in paths for owner in seen.obj.managers_of(*path)
        )

    def _note(
        self, fence: Fence, decide: Callable[[Seen], Marks], *, is_new: bool
    ) -> Marks:
        for left in reversed(range(_TRIES)):
            seen = self.look()
            _check(fence, seen, is_new=is_new)
            marks = decide(seen)
            try:
                self._write(seen.record, marks, fence)
            except (StaleError, TakenError):
                if not left:
                    raise
            else:
                return marks
        raise AssertionError("the last try returns or raises")

    def _write(self, record: Obj | None, marks: Marks, fence: Fence) -> None:
        annotations = {**write_marks(marks), **written_fence(fence)}
        fields: Fields = {"metadata": {"annotations": annotations}}
        if record is None:
            self.api.create(CONFIG_MAP, self.record, fields)
        elif dict(record.annotations) != annotations:
            gone = dict.fromkeys(set(record.annotations) - set(annotations))
            self.api.patch(
                CONFIG_MAP,
                self.record,
                {"metadata": {"annotations": {**gone, **annotations}}},
                resource_version=record.resource_version,
            )


def names(image: str, release: Release) -> bool:
    """Whether *image* is that of *release*."""
    return release.reference is not None and is_same_image(image, release.reference)


def _check(fence: Fence, seen: Seen, *, is_new: bool = False) -> None:
    if seen.record is not None:
        fence.check(seen.record, is_new=is_new)
