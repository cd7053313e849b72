"""Mode ``standard``: Deployments, split by the list ``canary``. See the package."""

from collections.abc import Callable

from typing_extensions import override

from sluicegate.adapters.kubernetes.errors import ContestedError, InvalidError
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, HTTP_ROUTE, Obj
from sluicegate.adapters.kubernetes.values import Fields, Json, Node, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.arm_pods import ArmPods
from sluicegate.adapters.targets.kserve.rules import (
    describe_spec_drift,
    refuse_mode,
    refuse_stranger,
    refuse_webhook,
)
from sluicegate.adapters.targets.kserve.service import Seen, names
from sluicegate.adapters.targets.kserve.split import Desk, Split
from sluicegate.adapters.targets.kubernetes.readiness import is_ready
from sluicegate.adapters.targets.kubernetes.workload import by_whom
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

_ALL = 100  # percent
_NO_ROUTE = (
    "KServe makes no HTTPRoute here, and nothing else of it has the weights of the list"
    " `canary`"
)


class StandardSplit(Split):
    """The canary called *canary* of one InferenceService, with *replicas* pods."""

    def __init__(self, desk: Desk, canary: str, replicas: int) -> None:
        self._desk, self._canary, self._replicas = desk, canary, replicas
        self._form = desk.services.form

    @override
    def refuse(self, seen: Seen) -> None:
        refuse_mode(seen, "Standard")
        obj, name = seen.obj, seen.obj.name
        if obj.has("spec", "transformer") or obj.has("spec", "explainer"):
            raise PermanentError(
                f"InferenceService {name} has a transformer or an explainer: KServe"
                " would send the canary's share around it",
                hint="use mode: knative, or have the canary without them",
            )
        refuse_webhook(seen)
        others = [each for each in self._canaries(seen) if each != self._canary]
        if others:
            raise PermanentError(
                f"InferenceService {name} has canaries of somebody else:"
                f" {', '.join(map(show, others))}",
                hint="remove them from spec.canary",
            )
        least = seen.predictor.integer("minReplicas")
        if self._replicas > (1 if least is None else least):
            raise PermanentError(
                f"InferenceService {name} has minReplicas {least}: KServe lets its"
                f" canary have no more pods than that, and not {self._replicas}",
                hint="raise spec.predictor.minReplicas, or lower `replicas` of the"
                " target",
            )

    @override
    def stable(self, seen: Seen) -> Release | None:
        marks = seen.marks
        if marks.stable is None:
            if marks.canary is None and self._serves(seen):
                refuse_stranger(seen, seen.image)
            return None
        known = [each for each in (marks.stable, marks.canary) if each is not None]
        running = next((each for each in known if seen.runs(each)), None)
        if running is None:
            # Whoever may write the ConfigMap is not to choose what is deployed.
            refuse_stranger(seen, seen.image)
        return running

    @override
    def weight(self, seen: Seen, release: Release) -> int:
        stable = self.stable(seen)
        if stable is None:
            return 0  # a first release: it serves as soon as it can, and is not decided
        share = self._share(seen)
        if stable.image == release.image:
            both = names(self._canary_image(seen), release)
            return _ALL if both else _ALL - share
        return share if names(self._canary_image(seen), release) else 0

    @override
    def fault(self, seen: Seen, release: Release) -> str | None:
        is_canary = seen.is_canary(release) and not seen.runs(release)
        name = self._canary_name() if is_canary else self._stable_name(seen)
        if is_canary and not names(self._canary_image(seen), release):
            return f"it is not the canary {self._canary} of {seen.obj.name}" + by_whom(
                seen.obj, "spec", "canary"
            )
        found = self._desk.api.get(DEPLOYMENT, name)
        if found is None:
            return f"its Deployment {name} is gone"
        pods = self._pods(name)
        crash = pods.crash(seen.marks.excused) if is_canary else None
        if crash is not None:
            return crash
        if (found.integer("status", "availableReplicas") or 0) > 0:
            return None
        why = pods.why()
        return f"no pod of Deployment {name} is available" + (
            "" if why is None else f": {why if isinstance(why, str) else why.reason}"
        )

    @override
    def restarts(self, seen: Seen, release: Release) -> int:
        return self._pods(self._canary_name()).restarts()

    @override
    def drift(
        self, seen: Seen, canary: Release, percent: int, before: int
    ) -> str | None:
        shares = (before, percent)
        is_rolled = percent == _ALL and seen.runs(canary)  # or it is on its way
        wanted = canary if is_rolled or before == _ALL else seen.marks.stable
        found = None
        if wanted is not None:
            found = describe_spec_drift(seen, wanted, self._form)
        if found is not None or is_rolled or before == _ALL:
            return found
        entry, whom = self._entry(seen), by_whom(seen.obj, "spec", "canary")
        others = [each for each in self._canaries(seen) if each != self._canary]
        if not entry.has() and min(shares):
            return f"{seen.obj.name} has no canary {self._canary} any more{whom}"
        if others:
            return f"{seen.obj.name} has other canaries: {', '.join(others)}{whom}"
        image = self._canary_image(seen)
        if entry.has() and not names(image, canary):
            return f"the canary has the image {show(image)}{whom}"
        given = entry.integer("trafficPercent") or 0
        if given not in shares:
            return f"trafficPercent is {given}, not {percent}{whom}"
        share = self._share(seen)
        is_between = min(shares) <= share <= max(shares)
        return None if is_between else f"the HTTPRoute gives it {share} %"

    @override
    def put(self, release: Release, reference: str) -> None:
        def decide(seen: Seen) -> Fields | None:
            if seen.marks.stable is None:
                is_so = seen.runs(release)
                return None if is_so else self._fields(seen, reference, None, 0)
            # What a promotion will write is contested now, or not then either.
            promoted = self._fields(seen, reference, reference, 0)
            self._desk.services.rehearse(seen, promoted)
            return self._fields(seen, seen.image, reference, 0)

        self._apply(decide, takes_back=False)

    @override
    def await_put(self, release: Release, timeout_seconds: float) -> str | None:
        def judge(seen: Seen) -> str | None:
            if seen.marks.stable is None:
                return "" if self._is_rolled(self._stable_name(seen), release) else None
            if not self._is_rolled(self._canary_name(), release):
                return None
            return "" if self._share_told(seen) == 0 else None

        return self._desk.waiting.until(
            judge, timeout_seconds, self._pods_on_trial, self._stands
        )

    @override
    def give(self, canary: Release, percent: int) -> None:
        image = canary.reference or ""
        self._apply(lambda seen: self._fields(seen, seen.image, image, percent))
        self._await(
            lambda seen: "" if self._share_told(seen) == percent else None,
            f"does not give {canary.name} {percent} %",
        )

    @override
    def promote(self, canary: Release) -> None:
        """Roll the stable Deployment to *canary*, while both go on; then alone."""

        def roll(seen: Seen) -> Fields | None:
            if seen.runs(canary):
                return None
            percent = self._entry(seen).integer("trafficPercent") or 0
            image = canary.reference or seen.image
            return self._fields(seen, image, image, percent)

        self._apply(roll, takes_back=False)
        self.restore(canary)

    @override
    def take_out(self, canary: Release) -> None:
        def decide(seen: Seen) -> Fields | None:
            if not names(self._canary_image(seen), canary):
                return None
            return self._fields(seen, seen.image, canary.reference, 0)

        self._apply(decide)
        self._await(
            lambda seen: None if self._share(seen) else "",
            f"still gives {canary.name} traffic",
        )

    @override
    def restore(self, stable: Release) -> None:
        def roll(seen: Seen) -> Fields | None:
            if seen.runs(stable):
                return None
            entry = self._entry(seen)
            image = self._canary_image(seen) if entry.has() else None
            return self._fields(seen, stable.reference or seen.image, image, 0)

        def alone(seen: Seen) -> Fields | None:
            if not self._canaries(seen):
                return None
            return self._fields(seen, seen.image, None, 0)

        def is_rolled(seen: Seen) -> str | None:
            if not seen.runs(stable):
                return f"its image is {show(seen.image)}"
            name = self._stable_name(seen)
            return "" if self._is_rolled(name, stable) else None

        def is_alone(seen: Seen) -> str | None:
            gone = self._desk.api.get(DEPLOYMENT, self._canary_name()) is None
            return "" if gone and not self._share(seen) else None

        self._apply(roll)
        self._await(is_rolled, f"has not all its pods of {stable.name}")
        seen = self._apply(alone)
        if self._canaries(seen):
            owners = by_whom(seen.obj, "spec", "canary")
            raise PermanentError(
                f"spec.canary of {seen.obj.name} is somebody else's, too{owners}: it"
                " cannot be taken away",
                hint="take it out of what they apply: it is sluice that sets it",
            )
        self._await(is_alone, f"still has its canary {self._canary}")

    @override
    def arm(self, seen: Seen, release: Release) -> str:
        is_canary = seen.is_canary(release) and not seen.runs(release)
        return self._canary_name() if is_canary else self._stable_name(seen)

    # --- what is there

    def _serves(self, seen: Seen) -> bool:
        found = self._desk.api.get(DEPLOYMENT, self._stable_name(seen))
        return found is not None and bool(found.integer("status", "availableReplicas"))

    def _stable_name(self, seen: Seen) -> str:
        variant = seen.predictor.text("name")
        return (
            f"{seen.obj.name}-{variant}-predictor"
            if variant
            else (f"{seen.obj.name}-predictor")
        )

    def _canary_name(self) -> str:
        return f"{self._desk.services.name}-{self._canary}-predictor"

    def _canaries(self, seen: Seen) -> tuple[str, ...]:
        listed = seen.obj.items("spec", "canary")
        return tuple(each.text("predictor", "name") or "?" for each in listed)

    def _entry(self, seen: Seen) -> Node:
        """Our canary in the list, absent or not."""
        for each in seen.obj.items("spec", "canary"):
            if each.text("predictor", "name") == self._canary:
                return each
        return Node(None, "spec.canary")

    def _canary_image(self, seen: Seen) -> str:
        entry = self._entry(seen)
        return self._form.read(entry.node("predictor")) if entry.has() else ""

    def _share(self, seen: Seen) -> int:
        """The canary's percentage by the HTTPRoute; 0 without a route or a backend."""
        route = self._desk.api.get(HTTP_ROUTE, seen.obj.name)
        weights = set() if route is None else self._weights(route)
        return max((each for each in weights if each is not None), default=0)

    def _share_told(self, seen: Seen) -> int | None:
        """That percentage, None while not every rule has the canary alike.

        Raises:
            PermanentError: there is no route that could have it.
        """
        route = self._desk.api.get(HTTP_ROUTE, seen.obj.name)
        if route is None:
            raise PermanentError(
                f"InferenceService {seen.obj.name}: {_NO_ROUTE}",
                hint="let KServe use the Gateway API (ingress.enableGatewayApi), or use"
                " mode: knative",
            )
        weights = self._weights(route)
        return weights.pop() if len(weights) == 1 else None

    def _weights(self, route: Obj) -> set[int | None]:
        ref = by(name=self._canary_name())
        return {
            rule.integer("backendRefs", ref, "weight")
            for rule in route.items("spec", "rules")
        }

    def _is_rolled(self, name: str, release: Release) -> bool:
        """Whether all pods of that Deployment are those of *release*, and ready."""
        found = self._desk.api.get(DEPLOYMENT, name)
        if found is None or not is_ready(found):
            return False
        template = found.node("spec", "template")
        annotations = template.mapping("metadata", "annotations")
        return names(self._form.made(template.node("spec"), annotations), release)

    def _pods(self, name: str) -> ArmPods:
        return ArmPods(self._desk.api, {"app": f"isvc.{name}"})

    def _pods_on_trial(self, seen: Seen) -> ArmPods:
        is_first = seen.marks.stable is None
        return self._pods(self._stable_name(seen) if is_first else self._canary_name())

    def _stands(self, seen: Seen) -> str:
        told = seen.obj.items("status", "canaryStatuses")
        if self._canaries(seen) and not any(
            each.text("name") == self._canary for each in told
        ):
            return "KServe has not made its canary: the list is of 0.20"
        ready = seen.obj.node("status", "conditions", by(type="Ready"))
        said = ready.text("message") or ready.text("reason") or "no status"
        return f"{seen.obj.name} is not ready: {show(said)}"

    # --- what is changed

    def _fields(
        self, seen: Seen, image: str, canary: str | None, percent: int
    ) -> Fields:
        """All that is ours: the image, and the canary if there is one."""
        written: dict[str, Json] = {
            "predictor": self._form.write(seen.predictor, image) if image else {}
        }
        if canary is not None:
            predictor: dict[str, Json] = {
                "name": self._canary,
                "minReplicas": self._replicas,
                **self._form.whole(seen.predictor, canary),
            }
            written["canary"] = [{"predictor": predictor, "trafficPercent": percent}]
        return written

    def _apply(
        self, decide: Callable[[Seen], Fields | None], *, takes_back: bool = True
    ) -> Seen:
        fence = self._desk.may_change()
        try:
            return self._desk.services.apply(fence, decide, takes_back=takes_back)
        except InvalidError as error:
            if isinstance(error, ContestedError) or "canary" not in str(error):
                raise
            raise PermanentError(
                str(error),
                hint="the list `canary` is of KServe 0.20; it wants the annotation"
                " serving.kserve.io/deploymentMode: Standard, and a predictor with a"
                " model, or with STORAGE_URI in its environment",
            ) from error

    def _await(self, judge: Callable[[Seen], str | None], what: str) -> None:
        said = self._desk.waiting.until(
            judge, self._desk.ready_seconds, self._pods_on_trial, self._stands
        )
        if said is not None:
            raise TransientError(
                f"InferenceService {self._desk.services.name} {what}: {said}",
                hint="go on with the rollout once that is mended: it is done again",
            )
