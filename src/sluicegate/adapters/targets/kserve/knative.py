"""Mode ``knative``: revisions, split by canaryTrafficPercent. See the package."""

import re
from collections.abc import Callable

from typing_extensions import override

from sluicegate.adapters.kubernetes.api import FIELD_MANAGER
from sluicegate.adapters.kubernetes.values import Fields, Json
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.arm_pods import ArmPods
from sluicegate.adapters.targets.kserve.revisions import Component, Revisions
from sluicegate.adapters.targets.kserve.rules import (
    describe_spec_drift,
    describe_unproven,
    refuse_mode,
    refuse_stranger,
    refuse_unproven,
)
from sluicegate.adapters.targets.kserve.service import PERCENT, Seen
from sluicegate.adapters.targets.kserve.split import Desk, Split
from sluicegate.adapters.targets.kubernetes.workload import by_whom
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

_ALL = 100  # percent
_REVISION_LABEL = "serving.knative.dev/revision"
_GRADUAL = "serving.knative.dev/rollout-duration"
_HOPELESS = re.compile(r"ContainerMissing|ProgressDeadlineExceeded")


class KnativeSplit(Split):
    """The revisions of one InferenceService."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._form = desk.services.form
        self._revisions = Revisions(desk.api, self._form)
        self._proven: Release | None = None  # rolled out when a canary was put

    @override
    def refuse(self, seen: Seen) -> None:
        refuse_mode(seen, "Knative")
        duration = seen.obj.annotations.get(_GRADUAL, "0s")
        if duration not in {"0", "0s"}:
            raise PermanentError(
                f"Knative shifts the traffic of {seen.obj.name} by itself, over"
                f" {show(duration, 40)} ({_GRADUAL}): shares could not be believed",
                hint=f"remove the annotation {_GRADUAL}",
            )

    @override
    def stable(self, seen: Seen) -> Release | None:
        marks, component = seen.marks, Component.of(seen.obj)
        if marks.stable is None:
            serving = component.rolled_out or component.ready
            if marks.canary is None and serving:
                refuse_stranger(seen, self._revisions.image(serving))
            return None
        canary = marks.canary
        if canary is not None and seen.runs(canary):
            if seen.percent is None and self._revisions.has_all(component, canary):
                return canary
        elif seen.runs(marks.stable):
            return marks.stable
        else:
            strangers = self._revisions.strangers(component, seen)
            if {*strangers} == {*component.shares}:
                refuse_stranger(seen, self._revisions.image(component.ready))
        if not self._is_proven(component, marks.stable):
            rolled_out = component.rolled_out
            refuse_unproven(seen, rolled_out, self._revisions.image(rolled_out))
        return marks.stable

    @override
    def weight(self, seen: Seen, release: Release) -> int:
        component = Component.of(seen.obj)
        rolled_out = component.rolled_out
        is_first = not rolled_out or self._revisions.is_of(rolled_out, release)
        if seen.marks.stable is None and is_first:
            return 0  # a first release: it serves as soon as it can, and is not decided
        return self._revisions.share(component, release)

    @override
    def fault(self, seen: Seen, release: Release) -> str | None:
        component = Component.of(seen.obj)
        if seen.is_canary(release):
            if not seen.runs(release):
                path = self._form.where(seen.predictor)
                return f"its image was replaced by {show(seen.image)}" + by_whom(
                    seen.obj, *path
                )
            revision = component.created
            if not self._revisions.is_of(revision, release):
                return "it has no revision"
            pods = self._pods(revision)
            crash = pods.crash(seen.marks.excused)
            return self._revisions.failure(revision) or crash
        served = [r for r in component.shares if self._revisions.is_of(r, release)]
        return self._revisions.failure(served[0]) if served else "it has no traffic"

    @override
    def restarts(self, seen: Seen, release: Release) -> int:
        return self._pods(Component.of(seen.obj).created).restarts()

    @override
    def drift(
        self, seen: Seen, canary: Release, percent: int, before: int
    ) -> str | None:
        found = describe_spec_drift(seen, canary, self._form)
        if found is not None or seen.marks.stable is None:
            return found  # a first release has all there is from the start
        shares = (before, percent)
        if seen.percent not in {None if each == _ALL else each for each in shares}:
            is_now = "absent" if seen.percent is None else f"{seen.percent} %"
            return f"canaryTrafficPercent is {is_now}, not {percent} %" + by_whom(
                seen.obj, *PERCENT
            )
        component = Component.of(seen.obj)
        strangers = self._revisions.strangers(component, seen)
        stable = seen.marks.stable
        if _ALL not in shares and not self._is_proven(component, stable):
            return describe_unproven(seen, component.rolled_out)
        if strangers:
            given = ", ".join(f"{show(r)} {component.shares[r]} %" for r in strangers)
            return f"revisions of other releases have traffic: {given}"
        share = self._revisions.share(component, canary)
        is_between = min(shares) <= share <= max(shares)
        return None if is_between else f"{canary.name} has {share} %"

    @override
    def put(self, release: Release, reference: str) -> None:
        def decide(seen: Seen) -> Fields | None:
            component = Component.of(seen.obj)
            stable = seen.marks.stable
            if stable is None:
                return self._fields(seen, reference, None)
            rolled_out = component.rolled_out
            if self._revisions.is_of(rolled_out, stable):
                self._proven = stable
            else:
                raise TransientError(
                    f"the last revision rolled out, {show(rolled_out) or 'none'}, is"
                    f" not one of {stable.name}: what a canary leaves would go there",
                    hint="see `kubectl describe inferenceservice`; it may not have come"
                    " to rest yet",
                )
            if seen.runs(release) and seen.percent == 0:
                return None
            return self._fields(seen, reference, 0)

        self._apply(decide, takes_back=False)

    @override
    def await_put(self, release: Release, timeout_seconds: float) -> str | None:
        def judge(seen: Seen) -> str | None:
            component, stable = Component.of(seen.obj), seen.marks.stable
            revision = component.created
            if not self._revisions.is_of(revision, release):
                return None
            failure = self._revisions.failure(revision)
            if failure is not None and _HOPELESS.search(failure):
                return failure
            rolled_out = component.rolled_out
            if stable is not None and not self._revisions.is_of(rolled_out, stable):
                return (
                    f"its controller went back to {show(rolled_out)}, which is not the"
                    f" revision of {stable.name} that was rolled out last"
                )
            if component.ready != revision:
                return None
            if stable is None:
                return "" if self._revisions.has_all(component, release) else None
            return "" if self._revisions.has_all(component, stable) else None

        def fail(seen: Seen) -> str:
            revision = Component.of(seen.obj).created
            return self._revisions.failure(revision) or self._stands(seen)

        return self._desk.waiting.until(judge, timeout_seconds, self._newest_pods, fail)

    @override
    def give(self, canary: Release, percent: int) -> None:
        def decide(seen: Seen) -> Fields | None:
            self._refuse_other(seen, canary)
            image = canary.reference or seen.image
            return (
                None if seen.percent == percent else self._fields(seen, image, percent)
            )

        self._apply(decide)
        self._await_share(canary, percent)

    @override
    def promote(self, canary: Release) -> None:
        def decide(seen: Seen) -> Fields | None:
            self._refuse_other(seen, canary)
            image = canary.reference or seen.image
            return None if seen.percent is None else self._fields(seen, image, None)

        self._refuse_kept(self._apply(decide))
        self._await_share(canary, _ALL)

    @override
    def take_out(self, canary: Release) -> None:
        def is_beside(seen: Seen) -> bool:
            """Whether something else was rolled out, that takes its share."""
            rolled_out = Component.of(seen.obj).rolled_out
            is_other = rolled_out and not self._revisions.is_of(rolled_out, canary)
            return seen.runs(canary) and bool(is_other)

        def decide(seen: Seen) -> Fields | None:
            if seen.percent == 0 or not is_beside(seen):
                return None
            return self._fields(seen, seen.image, 0)

        if is_beside(self._apply(decide)):
            self._await_share(canary, 0)

    @override
    def restore(self, stable: Release) -> None:
        def is_newest(seen: Seen) -> bool:
            component = Component.of(seen.obj)
            is_ready = component.created == component.ready
            return is_ready and self._revisions.is_of(component.created, stable)

        def go_back(seen: Seen) -> Fields | None:
            if seen.runs(stable) and (seen.percent == 0 or is_newest(seen)):
                return None
            return self._fields(seen, stable.reference or seen.image, 0)

        def clear(seen: Seen) -> Fields | None:
            if not seen.runs(stable) or not is_newest(seen) or seen.percent is None:
                return None
            return self._fields(seen, seen.image, None)

        def judge(seen: Seen) -> str | None:
            if not seen.runs(stable):
                return f"its image is {show(seen.image)}"
            return "" if is_newest(seen) else None

        self._apply(go_back)
        self._await(judge, f"is not back at {stable.name}")
        self._refuse_kept(self._apply(clear))
        self._await_share(stable, _ALL)

    @override
    def arm(self, seen: Seen, release: Release) -> str:
        component = Component.of(seen.obj)
        if seen.is_canary(release) and seen.runs(release):
            return component.created
        served = [r for r in component.shares if self._revisions.is_of(r, release)]
        return served[0] if served else component.rolled_out

    def _is_proven(self, component: Component, stable: Release | None) -> bool:
        """Whether the cluster itself bears out that *stable* was stable.

        Whoever may write the ConfigMap is not to choose what is deployed.
        """
        if stable is None:
            return False
        is_out = self._revisions.is_of(component.rolled_out, stable)
        return is_out or stable == self._proven

    def _fields(self, seen: Seen, image: str, percent: int | None) -> Fields:
        predictor: dict[str, Json] = self._form.write(seen.predictor, image)
        if percent is not None:
            predictor["canaryTrafficPercent"] = percent
        return {"predictor": predictor}

    def _apply(
        self, decide: Callable[[Seen], Fields | None], *, takes_back: bool = True
    ) -> Seen:
        fence = self._desk.may_change()
        return self._desk.services.apply(fence, decide, takes_back=takes_back)

    def _refuse_other(self, seen: Seen, canary: Release) -> None:
        revision = Component.of(seen.obj).ready
        if not seen.runs(canary) or not self._revisions.is_of(revision, canary):
            raise PermanentError(
                f"{canary.name} cannot take traffic: the latest ready revision of"
                f" {seen.obj.name} is {show(revision) or 'none'}, which is not its own"
            )

    def _refuse_kept(self, seen: Seen) -> None:
        """See to it that nobody else keeps a percentage that we took away."""
        if seen.percent is None:
            return
        owners = {each.name for each in seen.obj.managers_of(*PERCENT)}
        others = ", ".join(map(show, sorted(owners - {FIELD_MANAGER}))) or "somebody"
        raise PermanentError(
            f"canaryTrafficPercent of {seen.obj.name} is {seen.percent} %, and is"
            f" {others}'s, too: it cannot be taken away",
            hint="take it out of what they apply: it is sluice that sets it",
        )

    def _await_share(self, release: Release, percent: int) -> None:
        def judge(seen: Seen) -> str | None:
            component = Component.of(seen.obj)
            if self._revisions.share(component, release) != percent:
                return None
            if percent < _ALL:
                stable = seen.marks.stable
                if not percent and not self._is_proven(component, stable):
                    return ""  # it is out; that is said to who asks what is stable
                rest = 0 if stable is None else self._revisions.share(component, stable)
                return "" if rest == _ALL - percent else None
            is_settled = component.rolled_out == component.created
            return "" if is_settled and seen.percent is None else None

        self._await(judge, f"does not give {release.name} {percent} %")

    def _await(self, judge: Callable[[Seen], str | None], what: str) -> None:
        said = self._desk.waiting.until(
            judge, self._desk.ready_seconds, self._newest_pods, self._stands
        )
        if said is not None:
            raise TransientError(
                f"InferenceService {self._desk.services.name} {what}: {said}",
                hint="go on with the rollout once that is mended: it is done again",
            )

    def _stands(self, seen: Seen) -> str:
        component = Component.of(seen.obj)
        shares = ", ".join(
            f"{show(name)} {share} %"
            for name, share in sorted(component.shares.items())
        )
        return (
            f"the newest revision is {show(component.created) or 'none'}, ready is"
            f" {show(component.ready) or 'none'}; traffic: {shares or 'none'}"
        )

    def _newest_pods(self, seen: Seen) -> ArmPods | None:
        revision = Component.of(seen.obj).created
        return self._pods(revision) if revision else None

    def _pods(self, revision: str) -> ArmPods:
        return ArmPods(self._desk.api, {_REVISION_LABEL: revision})
