"""Values of a rollout: releases, and what the judge may conclude."""

import enum
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.traffic import RequestCounts


@dataclass(frozen=True, slots=True)
class Release:
    """What an environment runs.

    ``image`` is the digest of the image configuration (the image ID), ``name`` the Git
    tag or else the short commit, ``commit`` the full commit. ``reference`` names it by
    digest in a registry, None where it was not published; it is only where to get the
    image, so releases that differ in nothing else are the same.
    """

    image: Digest
    name: str
    commit: str
    reference: str | None = field(default=None, compare=False)


@enum.unique
class CanaryVerdict(enum.Enum):
    """What the canary judge may conclude."""

    PROMOTE = "promote"
    ABORT = "abort"
    HOLD = "hold"


@enum.unique
class RolloutResult(enum.Enum):
    """How a rollout ended, once the target is in its final shape."""

    DEPLOYED = "deployed"  # first release: nothing to compare with
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    HELD = "held"  # deadline with policy hold: both releases keep serving
    UNCHANGED = "unchanged"  # the release was already live


@enum.unique
class DeadlinePolicy(enum.Enum):
    """What to do when the deadline comes without a verdict."""

    ROLLBACK = "rollback"
    HOLD = "hold"
    PROMOTE = "promote"


@enum.unique
class NewerPolicy(enum.Enum):
    """What a newer release does while an older one is rolled out where it goes."""

    WAIT = "wait"
    SUPERSEDE = "supersede"  # the older one is rolled back, and the newer one begins


@enum.unique
class Direction(enum.Enum):
    """What may be decided about a rollout under way, by people for the most part."""

    PROMOTE = "promote"
    ABORT = "abort"
    PAUSE = "pause"  # no more traffic and no promotion until it is resumed
    RESUME = "resume"
    SUPERSEDE = "supersede"  # abort: a newer release is to take its place


@dataclass(frozen=True, slots=True)
class Slower:
    """How many requests have taken longer than ``edge_ms`` milliseconds.

    Longer than 0 are all that were timed. They need not be all that were counted at the
    same instant: a proxy counts and times a request one after the other.
    """

    edge_ms: int
    stable: int
    canary: int


@dataclass(frozen=True, slots=True)
class Scrape:
    """Cumulative counts of both releases, read at the same instant.

    A release without a series yet has zero counts. ``slower`` has the edges that the
    target counts by, rising; empty if it does not. ``begins_anew``: counts that fell
    began again at 0, as those of a proxy that was restarted; if not, they count from
    one moment on, and whoever knows less than before is behind.
    """

    at: datetime
    stable: RequestCounts
    canary: RequestCounts
    slower: tuple[Slower, ...] = ()
    begins_anew: bool = field(default=True, compare=False)
