"""What a login to a provider of secrets may do, beside what it needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where the pipeline file says that a secret is; as in `model.secret`."""

    path: str
    field: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """More than is needed: ``allows`` says in words what may be done at ``place``."""

    place: str
    allows: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What a login may do.

    ``identity`` says for people who it is and how long it lasts. ``unknown`` is what
    nobody could find out, and never looks as if it were all right; ``notes`` are worth
    knowing, and no fault.
    """

    identity: str
    excess: tuple[Excess, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
