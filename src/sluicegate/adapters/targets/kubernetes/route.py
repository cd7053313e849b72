"""The HTTPRoute of an environment: who has which share, and whether Gateways took it.

Its annotations and its rules are written together, under the condition that nobody has
changed it since it was read.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import StaleError
from sluicegate.adapters.kubernetes.fence import Fence
from sluicegate.adapters.kubernetes.objects import HTTP_ROUTE, Obj
from sluicegate.adapters.kubernetes.values import Json
from sluicegate.adapters.targets.kubernetes.fencing import written_fence
from sluicegate.adapters.targets.kubernetes.marks import (
    PREFIX,
    Marks,
    owners_of_marks,
    read_marks,
    write_marks,
)
from sluicegate.adapters.targets.kubernetes.route_status import (
    Taking,
    is_quiet,
    judge_status,
)
from sluicegate.adapters.targets.kubernetes.routing import (
    Arms,
    RuleShares,
    Shares,
    read_shares,
    write_shares,
)
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

_ALL = 100  # percent
_TRIES = 8
_TAKEN_SECONDS = 15.0
_OWN = ("sluicegate", "kubectl-annotate")  # annotations of ours, also set by people


@dataclass(frozen=True, slots=True)
class Seen:
    """The route as it was read."""

    obj: Obj
    marks: Marks
    shares: tuple[RuleShares, ...]

    @property
    def share(self) -> int:
        """The percentage that the rules give the canary's Service, rounded up."""
        return math.ceil(max(each.shares.canary for each in self.shares))

    def weight(self, release: Release) -> int:
        """The percentage that the rules give *release*."""
        if self.marks.is_stable(release):
            return self.share if self.marks.is_away else _ALL - self.share
        return self.share if self.marks.is_canary(release) else 0


class Route:
    """The HTTPRoute called *name*, of *environment* (``PROJECT/ENVIRONMENT``)."""

    def __init__(
        self,
        api: Api,
        name: str,
        environment: str,
        arms: Arms,
        *,
        take_over: Collection[str] = (),
    ) -> None:
        self.name = name
        self._api, self._environment, self._arms = api, environment, arms
        self._take_over = (*take_over, *_OWN)
        self._is_quiet = False

    def look(self) -> Seen:
        """The route as it is now.

        Raises:
            AbsentError: there is none.
            PermanentError: it is another environment's, or leads to no Service of ours.
        """
        return self.see(self._api.read(HTTP_ROUTE, self.name))

    def find(self) -> Obj | None:
        """The route as it is now, None if there is none."""
        return self._api.get(HTTP_ROUTE, self.name)

    def see(self, obj: Obj) -> Seen:
        """*obj*, understood.

        Raises:
            PermanentError: as `look`.
        """
        marks = read_marks(obj.annotations, self._environment)
        shares = read_shares(obj.items("spec", "rules"), self._arms)
        return Seen(obj, marks, shares)

    def set(self, fence: Fence, before: Marks, after: Marks) -> bool:
        """Have the marks *after* instead of *before*, and the shares that follow.

        Returns once the Gateways say that they have taken it.

        Returns:
            Whether that changed the shares: what is set again has been counted since.

        Raises:
            PermanentError: a later lease is there already, fields are contested, or a
                Gateway does not accept the route.
            TransientError: the marks are others by now, or a Gateway has not taken it
                in time.
        """
        shared_before: list[Json] = []

        def change(seen: Seen) -> Obj:
            if seen.marks not in {before, after}:
                raise TransientError(
                    f"the annotations of HTTPRoute {self.name} have changed meanwhile:"
                    " nothing was changed",
                    hint="try again",
                )
            rules = seen.obj.items("spec", "rules")
            shared_before[:] = _plain(seen.obj)
            shared = write_shares(rules, self._arms, self.shares(after.percent))
            # With a canary the rules were ours: whoever edits them then must not keep
            # a rollback from being written. What they did was seen as drift before.
            owners = seen.obj.managers_of("spec", "rules") if before.canary else ()
            taken_back = [each.name for each in owners]
            if before.canary:
                taken_back += owners_of_marks(seen.obj)
            return self._apply(seen.obj, after, fence, shared, taken_back)

        changed = self._change(fence, change, is_new=False)
        self._await_taken(changed)
        return shared_before != _plain(changed)

    def raise_fence(self, fence: Fence) -> None:
        """Let nobody change it by an earlier lease from now on."""

        def change(seen: Seen) -> Obj:
            taken_back = owners_of_marks(seen.obj) if seen.marks.canary else ()
            rules = _plain(seen.obj)
            return self._apply(seen.obj, seen.marks, fence, rules, taken_back)

        self._change(fence, change, is_new=True)

    def shares(self, percent: int) -> Shares:
        """The shares of a canary at *percent*."""
        with_baseline = self._arms.baseline is not None and percent < _ALL
        return Shares.of(percent, with_baseline=with_baseline)

    def _change(
        self, fence: Fence, change: Callable[[Seen], Obj], *, is_new: bool
    ) -> Obj:
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

    def _apply(
        self,
        obj: Obj,
        marks: Marks,
        fence: Fence,
        rules: list[Json],
        taken_back: Collection[str] = (),
    ) -> Obj:
        annotations: dict[str, Json] = {**write_marks(marks), **written_fence(fence)}
        if annotations == _own(obj) and rules == _plain(obj):
            return obj
        return self._api.apply(
            HTTP_ROUTE,
            self.name,
            {"metadata": {"annotations": annotations}, "spec": {"rules": rules}},
            resource_version=obj.resource_version,
            take_over=(*self._take_over, *taken_back),
        )

    def _await_taken(self, changed: Obj) -> None:
        """Wait until the Gateways have taken *changed*, if they say such things."""
        generation = changed.generation

        def taken(found: Obj | None) -> Taking | None:
            taking = None if found is None else judge_status(found, generation)
            return None if taking is None or taking.is_pending else taking

        if self._is_quiet and is_quiet(changed):
            return
        taking = self._api.await_until(
            HTTP_ROUTE, self.name, taken, timeout_seconds=_TAKEN_SECONDS
        )
        if taking is None:
            self._refuse_pending(generation)
        elif taking.refusal is not None:
            raise PermanentError(
                f"HTTPRoute {self.name} is written, but {taking.refusal}",
                hint=f"see `kubectl -n {self._api.namespace} describe httproute"
                f" {self.name}`; once it is accepted, begin again",
            )

    def _refuse_pending(self, generation: int) -> None:
        found = self._api.read(HTTP_ROUTE, self.name)
        if is_quiet(found):
            self._is_quiet = True  # nobody writes a status here: it says nothing
            return
        pending = judge_status(found, generation)
        raise TransientError(
            f"HTTPRoute {self.name} is written, but {pending.waiting} within"
            f" {_TAKEN_SECONDS:g} s",
            hint="see whether the controller of the Gateway runs; the change is set"
            " again by whoever goes on with the rollout",
        )


def _plain(route: Obj) -> list[Json]:
    """The rules of *route*."""
    return [each.plain() for each in route.items("spec", "rules")]


def _own(obj: Obj) -> dict[str, str]:
    """The annotations that are ours, by name."""
    return {
        name: value
        for name, value in obj.annotations.items()
        if name.startswith(PREFIX)
    }
