"""The two ways to log in to Vault or OpenBao: as a workflow, and with a secret id.

Source:
    https://openbao.org/docs/auth/jwt/, https://openbao.org/docs/auth/approle/; for a
    wrapped secret id https://openbao.org/docs/concepts/response-wrapping/, "Response
    wrapping token validation".
"""

import re
import threading
from collections.abc import Callable
from typing import Protocol

from hvac import Client  # type: ignore[import-untyped]
from typing_extensions import override

from sluicegate.adapters.secrets.oidc import Hide, ReadIdentity, show_claims
from sluicegate.adapters.secrets.vault_refusal import (
    ABSENT,
    FORBIDDEN,
    login_refused,
    refused,
    words,
)
from sluicegate.adapters.secrets.vault_wire import (
    Answered,
    Place,
    RefusedError,
    inside,
)
from sluicegate.errors import ExternalError, PermanentError

_BAD_REQUEST = 400


class Method(Protocol):
    """How to log in."""

    @property
    def role(self) -> str:
        """As whom, for a message."""
        ...

    def log_in(self, client: Client, place: Place) -> Answered:
        """Ask for a login.

        Raises:
            ExternalError: no; without a secret.
            CutError: nobody answers.
        """
        ...


class JwtMethod(Method):
    """With the token of whoever runs, anew each time."""

    def __init__(self, role: str, mount: str, identity: ReadIdentity) -> None:
        self._role, self._mount, self._identity = role, mount, identity

    @property
    @override
    def role(self) -> str:
        return f"role {self._role}"

    @override
    def log_in(self, client: Client, place: Place) -> Answered:
        token = self._identity()
        try:
            answer: Answered = client.auth.jwt.jwt_login(
                role=self._role, jwt=token, use_token=False, path=self._mount
            )
        except RefusedError as error:
            raise login_refused(
                place, self._role, self._mount, error, show_claims(token), token
            ) from None
        return answer


class AppRoleMethod(Method):
    """With a secret id that *read* gives; a wrapped one is unwrapped once and kept."""

    def __init__(
        self,
        role_id: str,
        mount: str,
        read: Callable[[], str],
        *,
        wrapped: bool,
        hide: Hide,
    ) -> None:
        self._role_id, self._mount, self._read = role_id, mount, read
        self._wrapped, self._hide = wrapped, hide
        self._lock = threading.Lock()
        self._unwrapped: str | None = None

    @property
    @override
    def role(self) -> str:
        return "the role of this role_id"

    @override
    def log_in(self, client: Client, place: Place) -> Answered:
        secret_id = self._secret_id(client, place)
        try:
            answer: Answered = client.auth.approle.login(
                role_id=self._role_id,
                secret_id=secret_id,
                use_token=False,
                mount_point=self._mount,
            )
        except RefusedError as error:
            raise self._refused(place, error, secret_id) from None
        return answer

    def _secret_id(self, client: Client, place: Place) -> str:
        given = self._read()
        self._hide((given,))
        if not self._wrapped:
            return given
        with self._lock:
            if self._unwrapped is None:
                self._unwrapped = _unwrap(client, place, self._mount, given)
                self._hide((self._unwrapped,))
            return self._unwrapped

    def _refused(
        self, place: Place, error: RefusedError, secret_id: str
    ) -> ExternalError:
        said = words(error, (secret_id,))
        if error.status == _BAD_REQUEST:
            return PermanentError(
                f"{place.host} refuses role_id or secret id ({said})",
                hint="a secret id may have run out (secret_id_ttl, secret_id_num_uses),"
                " or be for other addresses (secret_id_bound_cidrs)",
            )
        if error.status in {FORBIDDEN, ABSENT}:
            return PermanentError(
                f"{place.host} lets nobody log in at {self._mount}: {said}",
                hint=f"is AppRole enabled at {self._mount}/, and is namespace: right?",
            )
        return refused(place, error, "log in", None)


def _unwrap(client: Client, place: Place, mount: str, token: str) -> str:
    """The secret id in *token*, if it is one of a role here.

    Whoever read the token before us may have put another one in its place: it says
    where it was made, which cannot be forged.
    """
    try:
        found = client.adapter.post("/v1/sys/wrapping/lookup", json={"token": token})
        made_at = inside(found, "data").get("creation_path")
        if not isinstance(made_at, str) or not re.fullmatch(
            rf"auth/{re.escape(mount)}/role/[^/]+/secret-id", made_at
        ):
            raise PermanentError(
                f"the wrapping token was made at {made_at}, and not for a secret id at"
                f" auth/{mount}: it was not used",
                hint="somebody may have put it there: find out who, first of all",
            )
        client.adapter.token = token
        answer = client.sys.unwrap()
    except RefusedError as error:
        if error.status != _BAD_REQUEST:
            raise refused(place, error, "unwrap the secret id", None) from None
        raise PermanentError(
            f"{place.host}: the wrapping token was used before, or has run out",
            hint="if nobody of yours used it, somebody else has the secret id: destroy"
            " it, and wrap a new one for each run",
        ) from None
    finally:
        client.adapter.token = ""
    secret_id = inside(answer, "data").get("secret_id")
    if not isinstance(secret_id, str) or not secret_id:
        raise PermanentError("the wrapping token holds no secret id")
    return secret_id
