"""A login to Vault or OpenBao as its server describes it. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta

from sluicegate.adapters.secrets.vault_wire import Answered, Place
from sluicegate.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Session:
    """``lease`` is how long it lasts, None if for ever; a batch is never revoked."""

    token: str = field(repr=False)
    policies: tuple[str, ...]
    lease: timedelta | None
    is_batch: bool


def parse_session(body: Answered, place: Place) -> Session:
    """What a login was answered with.

    Raises:
        PermanentError: this is no login.
    """
    auth = body.get("auth")
    if not isinstance(auth, dict):
        raise PermanentError(f"{place.host} answered a login without one")
    token, seconds = auth.get("client_token"), auth.get("lease_duration")
    policies = auth.get("policies")
    if not isinstance(token, str) or not token or not token.isascii():
        raise PermanentError(
            f"{place.host} answered a login without a token",
            hint="a login with a second factor is not for a pipeline",
        )
    if type(seconds) is not int or seconds < 0 or not isinstance(policies, list):
        raise PermanentError(f"{place.host} does not say how long a login lasts")
    return Session(
        token=token,
        policies=tuple(each for each in policies if isinstance(each, str)),
        lease=timedelta(seconds=seconds) if seconds else None,
        is_batch=auth.get("token_type") == "batch",
    )


def check_lease(session: Session, most: timedelta, place: Place, role: str) -> None:
    """See to it that a login lasts *most* at most: the server decides, not we.

    Raises:
        PermanentError: it lasts longer.
    """
    if session.lease is not None and session.lease <= most:
        return
    lasts = "for ever" if session.lease is None else show_span(session.lease)
    want = show_span(most)
    raise PermanentError(
        f"{place.host} gives {role} a login that lasts {lasts}, and ttl: allows {want}",
        hint=f"set token_ttl={want} and token_max_ttl={want} at the role, or ttl: to"
        " what it gives",
    )


def show_span(span: timedelta) -> str:
    """*span* as Vault reads it: 15m, 90s, 768h."""
    seconds = round(span.total_seconds())
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0 and seconds:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
