"""What serves the traffic and takes weights."""

from typing import Protocol

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

    def set_weight(self, canary: Release, percent: int) -> None:
        """Give *canary* that share of new requests and the rest to the stable release.

        100 makes *canary* the stable release; 0 takes it out of the traffic.
        """
        ...

    def scrape(self, stable: Release, canary: Release) -> Scrape:
        """Read the cumulative counters of both releases at one instant."""
        ...

    def retire(self, release: Release) -> None:
        """Drain *release*, which must hold no weight, and remove it."""
        ...
