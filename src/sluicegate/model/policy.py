"""Who may say yes, and when: the rules of an environment as values.

A *person* is a name. What else somebody is called (addresses of mail, accounts) are
*identities*: texts like ``ann@example.org``, ``github:ann``, ``user:ann``. Identities
of mail are compared without regard to case.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_BOT = "[bot]"


@enum.unique
class Part(enum.Enum):
    """The part somebody has in a release, for which their yes may not count."""

    AUTHOR = "author"  # of any commit since the last release, co-authors included
    REQUESTER = "requester"  # who started the run
    LAST_PUSHER = "last_pusher"  # of the commit that is released


@enum.unique
class Way(enum.Enum):
    """How somebody answers a release request."""

    SIGNATURE = "signature"  # of a statement, with an SSH key
    DISPATCH = "dispatch"  # a run of a workflow that they start on the code host
    COMMENT = "comment"  # there, on an issue or a pull request
    REVIEW = "review"  # of a run that wants to enter an environment of the code host


@enum.unique
class ReviewLock(enum.Enum):
    """What a review of an environment of the code host is good for."""

    RECORDED = "recorded"  # it is kept and shown
    REQUIRED = "required"  # without one nothing is released; it is nobody's yes, though


ACCOUNT = "github:"
"""What the identity of an account on the code host begins with."""


@dataclass(frozen=True, slots=True)
class Group:
    """People by their names."""

    name: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class People:
    """Who is who: the identities of each person, and those of services.

    An identity that nobody lists is a person of its own, called like it: an
    ``allowed_signers`` file alone is enough to begin with.
    """

    identities: Mapping[str, frozenset[str]] = field(default_factory=dict)
    services: frozenset[str] = frozenset()

    _names: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _services: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names: dict[str, tuple[str, ...]] = {}
        for name, known in self.identities.items():
            for identity in frozenset(map(normalise, (name, *known))):
                names[identity] = (*names.get(identity, ()), name)
        object.__setattr__(self, "_names", names)  # frozen
        services = frozenset(map(normalise, self.services))
        object.__setattr__(self, "_services", services)

    def named(self, identities: Iterable[str]) -> frozenset[str]:
        """The people whom *identities* name, services left out."""
        return frozenset(
            name
            for identity in map(normalise, identities)
            if not self.is_service(identity)
            for name in self._names.get(identity, (identity,))
        )

    def is_service(self, identity: str) -> bool:
        """Whether it is no person's: a service listed as such, or a bot's account."""
        plain = normalise(identity)
        return plain.endswith(_BOT) or plain in self._services


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """What it takes of people to open an environment for one release request.

    ``count`` different people of ``allowed``, among them one of each group in
    ``one_of_each``; none of them with a part in ``exclude``. A request is good for
    ``request_lasts``, an approval for ``approval_lasts``, each from when it was made.
    They answer in one of the ways ``by``; ``workflow`` is the file, in the folder of
    the code host's workflows, whose runs are answers. ``reviews`` is what reviews of
    the code host's environment of that name are good for, None for nothing.
    """

    allowed: frozenset[str]
    count: int = 1
    one_of_each: tuple[Group, ...] = ()
    exclude: frozenset[Part] = frozenset({Part.AUTHOR, Part.REQUESTER})
    request_lasts: timedelta = timedelta(days=3)
    approval_lasts: timedelta = timedelta(days=1)
    reason_required: bool = False
    by: frozenset[Way] = frozenset({Way.SIGNATURE})
    workflow: str = "approve.yml"
    reviews: ReviewLock | None = None


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """Who may break the glass: ``count`` different people of ``allowed``."""

    allowed: frozenset[str]
    count: int = 1


@dataclass(frozen=True, slots=True)
class After:
    """The same artifact must have been stable in *environment* for ``soak``."""

    environment: str
    soak: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Window:
    """A time that begins as ``cron`` says, in ``timezone``, and lasts for ``lasts``."""

    cron: str
    lasts: timedelta
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing is released: from ``start`` up to ``end``, or recurring.

    Either both moments are given, or ``window`` is.
    """

    reason: str
    start: datetime | None = None
    end: datetime | None = None
    window: Window | None = None


def normalise(identity: str) -> str:
    """*identity* as it is compared."""
    return identity.strip().casefold()
