"""What serves the traffic and takes weights."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, Self

from sluicegate.model.rollout import Release, Scrape


class Target(Protocol):
    """One environment that serves a stable release, and during a rollout a canary.

    Every method can be repeated after a crash at any point and then finishes what was
    begun: it looks at the world first. A method that returns has taken effect and has
    been confirmed by reading it back.
    """

    def stable(self) -> Release | None:
        """The release that holds the traffic, or None in an empty environment.

        Raises:
            ExternalError: the target cannot be read.
        """
        ...

    def weight(self, release: Release) -> int:
        """The percentage of new requests *release* receives now, 0 to 100."""
        ...

    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        """Start *release* with weight 0 and wait until it is healthy.

        Returns:
            None once healthy; otherwise why it never became so (crashed, not
            answering, image missing), in words for a person.

        Raises:
            ExternalError: the target itself failed, which says nothing of the release.
            Interrupted: asked to stop while waiting.
        """
        ...

    def fault(self, release: Release) -> str | None:
        """Why *release* can no longer serve (crashed, restarting), or None."""
        ...

    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        """How what serves differs from *canary* at *percent*, or None if it does not.

        Somebody else changed it: a hand-edited weight, another image, an object that is
        gone. In words for a person: what is, what was set, and who did it if known.

        Args:
            canary: what is judged.
            percent: its share.
            before: the share that it had before, if nobody knows whether *percent* was
                set, all of it or a part: what lies in between is no drift either.

        Raises:
            ExternalError: the target cannot be read.
        """
        ...

    def set_weight(self, canary: Release, percent: int) -> None:
        """Give *canary* that share of new requests and the rest to the stable release.

        100 makes *canary* the stable release; 0 takes it out of the traffic.
        """
        ...

    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        """Read the cumulative counters of both releases at one instant.

        Args:
            stable: what holds the rest of the traffic.
            canary: what is judged.
            after: when the weights were changed: counters that know only of what was
                before would count requests of the old weights as those of the new.

        Raises:
            AwaitedError: the counters have not come to *after* yet.
            ExternalError: they cannot be read.
        """
        ...

    def retire(self, release: Release) -> None:
        """Drain *release*, which must hold no weight, and remove it."""
        ...

    def overridden(self) -> tuple[str, ...]:
        """What others had set and was written over since this was asked last.

        In words for a person: what it was, and whose. Nothing where nobody else can
        set anything, or where it is not known.
        """
        ...


class LeasableTarget(Target, Protocol):
    """A target that one process has to itself while it conducts a rollout."""

    def lease(self) -> AbstractContextManager[Self]:
        """Keep other processes out, and let go of everything after.

        Raises:
            TransientError: another process is conducting a rollout there.
        """
        ...

    def raise_fence(self, log: str, number: int) -> None:
        """Change the environment by the lease of entry *number* of *log* from now on.

        Whoever comes with a lower number of the same log is refused at every change.

        Raises:
            PermanentError: a later lease is there already.
        """
        ...
