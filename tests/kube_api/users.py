"""Who may log in to the cluster, by which token, until when."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

AUTHENTICATED = "system:authenticated"


@dataclass(frozen=True)
class User:
    """Who asks, as the authorizer sees them."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


@dataclass(frozen=True)
class Token:
    """A bearer token; `expires` None: never."""

    user: User
    expires: datetime | None = None


class Tokens:
    """The bearer tokens that the cluster knows."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, Token] = {}
        self._lock = threading.Lock()

    def issue(
        self,
        user: str,
        groups: tuple[str, ...] = (),
        *,
        token: str | None = None,
        lasts: timedelta | None = None,
    ) -> str:
        """A token for *user*; service accounts get the groups that are theirs."""
        issued = token or secrets.token_urlsafe(24)
        expires = None if lasts is None else self._now() + lasts
        whose = User(user, (*groups, *_account_groups(user), AUTHENTICATED))
        with self._lock:
            self._known[issued] = Token(whose, expires)
        return issued

    def revoke(self, token: str) -> None:
        """Know it no more."""
        with self._lock:
            self._known.pop(token, None)

    def expire(self, token: str) -> None:
        """Let it be over now."""
        with self._lock:
            self._known[token] = replace(self._known[token], expires=self._now())

    def user(self, token: str) -> User | None:
        """Whose it is; None: nobody's, or it is over."""
        with self._lock:
            found = self._known.get(token)
        if found is None or (found.expires and found.expires <= self._now()):
            return None
        return found.user


def _account_groups(user: str) -> tuple[str, ...]:
    """Source: k8s.io/apiserver/pkg/authentication/serviceaccount/util.go."""
    parts = user.split(":")
    if parts[:2] != ["system", "serviceaccount"] or len(parts) != 4:
        return ()
    return "system:serviceaccounts", f"system:serviceaccounts:{parts[2]}"
