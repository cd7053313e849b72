"""A target that is changed only while the log says that the environment is ours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from typing_extensions import override

from sluicegate.audit.leases import Leases
from sluicegate.model.rollout import Release, Scrape
from sluicegate.model.state_item import Lease
from sluicegate.ports.target import Target

RaiseFence = Callable[[int], None]
"""Tells the target the fence of the lease by which it is changed from now on."""


class LeasedTarget(Target):
    """*target* of one environment. The lease is renewed whenever the target is used."""

    def __init__(
        self, target: Target, leases: Leases, lease: Lease, raise_fence: RaiseFence
    ) -> None:
        self.lease = lease
        self._target, self._leases, self._raise_fence = target, leases, raise_fence
        raise_fence(lease.fence)

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
        leased = cls(target, leases, lease, raise_fence)
        try:
            yield leased
        finally:
            leases.give_back(leased.lease)

    @override
    def stable(self) -> Release | None:
        return self._target.stable()

    @override
    def weight(self, release: Release) -> int:
        return self._target.weight(release)

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        self._check()
        return self._target.deploy(release, timeout_seconds=timeout_seconds)

    @override
    def fault(self, release: Release) -> str | None:
        self._keep()
        return self._target.fault(release)

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        self._check()
        self._target.set_weight(canary, percent)

    @override
    def scrape(self, stable: Release, canary: Release) -> Scrape:
        return self._target.scrape(stable, canary)

    @override
    def retire(self, release: Release) -> None:
        self._check()
        self._target.retire(release)

    def _check(self) -> None:
        """See to it that the lease is in force, and for long enough.

        Raises:
            PermanentError: another run has the environment now.
        """
        self._keep()
        self._leases.check(self.lease)

    def _keep(self) -> None:
        """Renew the lease in time.

        Raises:
            PermanentError: another run has the environment now.
        """
        lease = self._leases.keep(self.lease)
        if lease != self.lease:
            self.lease = lease
            self._raise_fence(lease.fence)
