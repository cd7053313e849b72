"""Who we are for the API server: what is sent with each request, renewed in time."""

import re
import threading
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from typing_extensions import override

from sluicegate.adapters.kubernetes.exec_plugin import Credential
from sluicegate.adapters.kubernetes.login import Identity, Login, Plugin
from sluicegate.errors import PermanentError, TransientError, UsageError

_EARLY = timedelta(seconds=30)  # a request takes time, and clocks differ
_TOKEN = re.compile(r"[\x21-\x7e]+")
_FIELD_NAME = re.compile(r"[A-Za-z0-9!#$&'*+.^_`|~-]")

Certificate = tuple[bytes, bytes]
"""A certificate and its key, in PEM."""


class Credentials(ABC):
    """What proves who we are. All methods may be called from several threads."""

    @abstractmethod
    def header(self) -> str | None:
        """What ``Authorization`` says, as it is now.

        Raises:
            ExternalError: it cannot be had.
        """

    def certificate(self) -> Certificate | None:
        """The client certificate that goes with `header`, as it is now."""
        return None

    def renew(self, refused: str | None) -> bool:  # noqa: ARG002
        """The server knows *refused* not: whether there may be another one now."""
        return False


class Nothing(Credentials):
    """Nothing, or what the connection itself proves."""

    @override
    def header(self) -> str | None:
        return None


class Fixed(Credentials):
    """A header that stays the same."""

    def __init__(self, header: str) -> None:
        self._header = header

    @override
    def header(self) -> str:
        return self._header


class TokenFile(Credentials):
    """A token that somebody else renews in a file: a pod's projected one, mostly.

    It is read for each request, which costs less than to notice that it is too old.
    While it cannot be read, as it is being rewritten, the former token goes on.

    Source:
        client-go, ``transport/token_source.go``, cachingTokenSource.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._had: str | None = None

    @override
    def header(self) -> str:
        try:
            self._had = self._read()
        except PermanentError:
            if self._had is None:
                raise
        return self._had

    @override
    def renew(self, refused: str | None) -> bool:
        """Whether the file holds another one by now.

        Raises:
            TransientError: it holds none just now.
        """
        try:
            return self._read() != refused
        except PermanentError as error:
            raise TransientError(str(error), hint=error.hint) from error

    def _read(self) -> str:
        try:
            text = self._path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PermanentError(
                f"the token in {self._path} cannot be read: {type(error).__name__}",
                hint="in a pod: automountServiceAccountToken: true; elsewhere see the"
                " kubeconfig's tokenFile",
            ) from error
        return _bearer(text, f"{self._path} holds")


class Asked(Credentials):
    """What a plug-in prints, kept until it expires or is refused."""

    def __init__(
        self, ask: Callable[[], Credential], now: Callable[[], datetime]
    ) -> None:
        self._ask, self._now = ask, now
        self._lock = threading.Lock()
        self._had: Credential | None = None

    @override
    def header(self) -> str | None:
        return _header(self._current())

    @override
    def certificate(self) -> Certificate | None:
        return self._current().certificate

    @override
    def renew(self, refused: str | None) -> bool:
        with self._lock:
            had = self._had
            if had is not None and had.certificate is None and _header(had) != refused:
                return True  # another thread has renewed it in the meantime
            self._had = self._again()
            return True

    def _current(self) -> Credential:
        with self._lock:
            had = self._had
            if had is None or (
                had.expires is not None and had.expires <= self._now() + _EARLY
            ):
                had = self._had = self._again()
            return had

    def _again(self) -> Credential:
        try:
            return self._ask()
        except PermanentError as error:
            if self._had is None:
                raise
            # It worked before: its cloud is down, or a person has to log in again.
            raise TransientError(str(error), hint=error.hint) from error


def _header(credential: Credential) -> str | None:
    if credential.token is None:
        return None
    return _bearer(credential.token, "the plug-in printed")


def _bearer(token: str, who: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise PermanentError(f"{who} no token: empty, or not one word")
    return f"Bearer {token}"


def build_credentials(
    login: Login, ask: Callable[[Plugin], Credential], now: Callable[[], datetime]
) -> Credentials:
    """What *login* means; *ask* has a plug-in print a credential.

    As client-go has it, a file goes before the token beside it, and a plug-in is not
    asked where there is a token, a password or a client certificate.

    Raises:
        PermanentError: the token is none.
    """
    if login.token_file is not None:
        return TokenFile(login.token_file)
    if login.token is not None:
        return Fixed(_bearer(login.token, "the kubeconfig's user has"))
    if login.password is not None:
        both = ":".join(login.password).encode()
        return Fixed(f"Basic {b64encode(both).decode()}")
    plugin = login.plugin
    if plugin is not None and not login.certificate:
        return Asked(lambda: ask(plugin), now)
    return Nothing()


def impersonation_headers(identity: Identity | None) -> tuple[tuple[str, str], ...]:
    """The headers that ask the server to take us for *identity*.

    Source:
        https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/;
        what cannot stand in a header's name is percent-encoded there.

    Raises:
        UsageError: a name that cannot be sent.
    """
    if identity is None:
        return ()
    found = [("Impersonate-User", identity.user)]
    if identity.uid:
        found.append(("Impersonate-Uid", identity.uid))
    found.extend(("Impersonate-Group", group) for group in identity.groups)
    for name, values in identity.extra.items():
        found.extend((f"Impersonate-Extra-{_encode(name)}", each) for each in values)
    if not all(each.isprintable() and each.isascii() for _, each in found):
        raise UsageError("whom to impersonate cannot be sent: not printable ASCII")
    return tuple(found)


def _encode(name: str) -> str:
    return "".join(
        char
        if _FIELD_NAME.fullmatch(char)
        else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in name
    )
