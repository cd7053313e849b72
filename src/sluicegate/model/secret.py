"""Secrets: what is known of one, and the one itself, which is never shown."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a login to a provider is for; ``environment`` is None where none is meant.

    Providers put it into the names of sessions, so that their own audit logs say which
    run asked.
    """

    pipeline: str
    run_id: str
    stage: str
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedSecret:
    """A secret, and its version as its provider counts; None where nobody counts."""

    value: str = field(repr=False)
    version: str | None = None


@dataclass(frozen=True, slots=True)
class GivenSecret:
    """Which secret a stage was given: all that may be known of it.

    ``variable`` is where the stage finds it, ``provider`` who keeps it, by its name in
    the pipeline file, ``kind`` what the provider is, ``field`` the field of a secret
    that has several.
    """

    variable: str
    provider: str
    kind: str
    path: str
    field: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class EndedLogin:
    """How a login to ``provider`` ended: ``problem`` is None if it is revoked.

    Where a provider knows no revoking, ``problem`` says until when the login lasts.
    """

    provider: str
    problem: str | None = None
