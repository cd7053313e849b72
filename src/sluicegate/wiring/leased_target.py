"""A target that is changed only while the log says that the environment is ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from typing_extensions import override

from sluicegate.audit.leases import Leases
from sluicegate.errors import PermanentError
from sluicegate.model.rollout import Release, Scrape
from sluicegate.model.state_item import Lease
from sluicegate.ports.fence import FencedOffError
from sluicegate.ports.target import Target

RaiseFence = Callable[[int], None]
"""Tells the target the fence of the lease by which it is changed from now on."""


class LeasedTarget(Target):
    """*target* of one environment. The lease is renewed whenever the target is used."""

    def __init__(
        self, target: Target, leases: Leases, lease: Lease, raise_fence: RaiseFence
    ) -> None:
        self.lease = lease
        self._target, self._leases, self._fence_of = target, leases, raise_fence
        self._raise_fence()

    @classmethod
    @contextmanager
    def of(
        cls,
        target: Target,
        leases: Leases,
        environment: str,
        raise_fence: RaiseFence,
        *,
        holder_is_gone: bool,
    ) -> Iterator["LeasedTarget"]:
        """Lease *environment*, and give it back however the rollout ends.

        Raises:
            TransientError: another run has it.
        """
        lease = leases.take(environment, holder_is_gone=holder_is_gone)
        leased: LeasedTarget | None = None
        try:
            leased = cls(target, leases, lease, raise_fence)
            yield leased
        finally:
            leases.give_back(lease if leased is None else leased.lease)

    @override
    def stable(self) -> Release | None:
        return self._target.stable()

    @override
    def weight(self, release: Release) -> int:
        return self._target.weight(release)

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        with self._changing():
            return self._target.deploy(release, timeout_seconds=timeout_seconds)

    @override
    def fault(self, release: Release) -> str | None:
        self._keep()
        return self._target.fault(release)

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        self._keep()  # what another run has set since is no drift
        return self._target.drift(canary, percent, before=before)

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        with self._changing():
            self._target.set_weight(canary, percent)

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        return self._target.scrape(stable, canary, after=after)

    @override
    def retire(self, release: Release) -> None:
        with self._changing():
            self._target.retire(release)

    @override
    def overridden(self) -> tuple[str, ...]:
        return self._target.overridden()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """See to it that the lease is in force, and for long enough, for a change.

        Raises:
            OvertakenError: another run has the environment now.
        """
        self._keep()
        self._leases.check(self.lease)
        with self._believing_the_log():
            yield

    def _keep(self) -> None:
        """Renew the lease in time.

        Raises:
            OvertakenError: another run has the environment now.
        """
        lease = self._leases.keep(self.lease)
        if lease != self.lease:
            self.lease = lease
            self._raise_fence()

    def _raise_fence(self) -> None:
        with self._believing_the_log():
            self._fence_of(self.lease.fence)

    @contextmanager
    def _believing_the_log(self) -> Iterator[None]:
        """Say it if a later lease keeps us out of which the log knows nothing.

        It is for people to remove: the log may have lost what it knew.

        Raises:
            OvertakenError: another run has the environment now.
            PermanentError: another run is said to have it.
        """
        try:
            yield
        except FencedOffError as error:
            if not error.is_of_this_log:
                raise
            self._leases.check(self.lease)
            raise PermanentError(
                f"{error.where} says that entry {error.number} of the log gave a lease"
                f" of {self.lease.environment} to another rollout; by the log, entry"
                f" {self.lease.fence} gave it to this one, and nobody has taken it",
                hint="somebody else wrote that, or the log was replaced by an older"
                " copy: if no other rollout is under way, and `sluice audit verify`"
                f" finds the log whole, take it away: {error.removal}",
            ) from error
