"""Secrets in Vault or OpenBao: version 2 of the key-value store, one login a stage.

A login is used by one attempt at one stage, and revoked with all that came from it.
The server decides how long it lasts: one that would outlast what the pipeline file
allows is revoked at once and refused. Nothing of it is kept, written or shown.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from hvac import Client  # type: ignore[import-untyped]
from typing_extensions import override

from sluicegate import __version__
from sluicegate.adapters.github.answer import CutError
from sluicegate.adapters.secrets.oidc import Hide
from sluicegate.adapters.secrets.vault_login import Method
from sluicegate.adapters.secrets.vault_refusal import cut, refused, words
from sluicegate.adapters.secrets.vault_secret import (
    check_path,
    check_version,
    parse_secret,
    unread,
)
from sluicegate.adapters.secrets.vault_session import (
    Session,
    check_lease,
    parse_session,
)
from sluicegate.adapters.secrets.vault_survey import survey
from sluicegate.adapters.secrets.vault_wire import Place, RefusedError, WireAdapter
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.secret import FetchedSecret, Purpose
from sluicegate.model.secret_access import SecretPlace, Survey
from sluicegate.ports.clock import Clock
from sluicegate.ports.secrets import SecretProvider
from sluicegate.ports.secrets_survey import SurveyedLogin

_ATTEMPTS_TO_REVOKE = 2  # a connection that was kept open may have been closed
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Store:
    """The key-value store at ``mount``; a login may last ``ttl`` at most."""

    place: Place
    mount: str
    ttl: timedelta


class VaultSecrets(SecretProvider):
    """Reads from *store*, logged in by *method*. May be used from any thread."""

    def __init__(self, store: Store, method: Method, clock: Clock, hide: Hide) -> None:
        self._store, self._method = store, method
        self._clock, self._hide = clock, hide

    @override
    def login(self, purpose: Purpose) -> "VaultLogin":
        place = self._store.place
        adapter = WireAdapter(place, _agent(purpose), _correlation(purpose))
        client = Client(token="", adapter=lambda **_: adapter)
        answer = _asked(place, lambda: self._method.log_in(client, place))
        session = parse_session(answer, place)
        self._hide((session.token,))
        adapter.token = session.token
        login = VaultLogin(client, self._store, session, self._clock)
        try:
            check_lease(session, self._store.ttl, place, self._method.role)
        except PermanentError as error:
            problem = login.end()
            if problem is None:
                raise
            raise PermanentError(f"{error}; {problem}", hint=error.hint) from None
        return login


class VaultLogin(SurveyedLogin):
    """*session* of *client*, which nobody else uses."""

    def __init__(
        self, client: Client, store: Store, session: Session, clock: Clock
    ) -> None:
        self._client, self._store, self._session = client, store, session
        self._clock = clock
        self._since, self._began = clock.now(), time.monotonic()
        self._is_ended = False

    @override
    def fetch(self, path: str, field: str | None, version: str | None) -> FetchedSecret:
        mount, place = self._store.mount, self._store.place
        number = check_version(version)
        check_path(path, mount)
        try:
            answer = _asked(
                place,
                lambda: self._client.secrets.kv.v2.read_secret_version(
                    path=path,
                    version=number,
                    mount_point=mount,
                    raise_on_deleted_version=True,
                ),
            )
        except RefusedError as error:
            raise unread(place, mount, path, number, error) from None
        return parse_secret(place, answer, f"{mount}/{path} at {place.host}", field)

    @override
    def survey(self, places: Sequence[SecretPlace]) -> Survey:
        paths = [check_path(each.path, self._store.mount) for each in places]
        place = self._store.place
        try:
            return _asked(
                place,
                lambda: survey(self._client, self._session, self._store.mount, paths),
            )
        except RefusedError as error:
            raise refused(
                place,
                error,
                "say what this login may do",
                'its policy lacks: path "sys/capabilities-self"'
                ' { capabilities = ["update"] }',
            ) from None

    @override
    def end(self) -> str | None:
        if self._is_ended or self._has_run_out():
            return None
        place = self._store.place
        problem = f"{place.kind} cannot revoke a batch token"
        for _ in range(0 if self._session.is_batch else _ATTEMPTS_TO_REVOKE):
            try:
                _asked(place, self._client.auth.token.revoke_self)
            except RefusedError as error:
                problem = f"{place.host} does not revoke its login: {words(error)}"
                break
            except ExternalError as error:
                problem = f"its login was not revoked: {error}"
            else:
                self._is_ended = True
                self._client.adapter.token = ""
                return None
        return None if self._has_run_out() else f"{problem}; it {self._lasts}"

    def _has_run_out(self) -> bool:
        lease = self._session.lease
        passed = time.monotonic() - self._began
        return lease is not None and passed > lease.total_seconds()

    @property
    def _lasts(self) -> str:
        lease = self._session.lease
        if lease is None:
            return "lasts for ever"
        return f"lasts until {self._since + lease:%Y-%m-%dT%H:%M:%SZ}"


def _asked(place: Place, ask: Callable[[], _Result]) -> _Result:
    try:
        return ask()
    except CutError as error:
        raise cut(place, error) from None


def _agent(purpose: Purpose) -> str:
    """Who asks, for the server's own log, where that keeps this header."""
    parts = (
        purpose.pipeline,
        f"run {purpose.run_id}",
        f"stage {purpose.stage}",
        *(() if purpose.environment is None else (f"for {purpose.environment}",)),
    )
    return _plain(f"sluicegate/{__version__} ({'; '.join(parts)})")


def _correlation(purpose: Purpose) -> str:
    return _plain(f"{purpose.run_id}/{purpose.stage}")


def _plain(text: str) -> str:
    """*text* as a header may hold it."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)
