"""Requests to a registry, with the login it asks for.

Source:
    https://github.com/opencontainers/distribution-spec v1.1, "Pull" and "Push"; for the
    token https://distribution.github.io/distribution/spec/auth/token and ../oauth.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from requests.exceptions import RequestException, SSLError
from requests.utils import get_environ_proxies

from sluicegate.adapters.registries.logins import Login
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.credential import hide

_TIMEOUT = (10, 30)  # seconds to connect, and between two bytes
_UPLOAD_TIMEOUT = (10, 300)  # a registry hashes and stores all of it before it answers
MAX_MANIFEST_BYTES = 4 * 1024 * 1024  # the distribution specification's limit
_MAX_WORDS = 300
_OK = frozenset({requests.codes.ok})
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_LATER = {408, 425, 429}
_SERVER_ERROR = 500
_CLIENT = "sluicegate"
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class NotTlsError(PermanentError):
    """The other end does not speak TLS, or its certificate is not trusted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. ``data`` is bounded.

    ``location`` is where to go on, ``subject`` the digest that the registry has taken
    note of as what the manifest is about (``OCI-Subject``); empty if it says none.
    """

    status: int
    content_type: str
    data: bytes
    challenge: str
    location: str = ""
    subject: str = ""


class RegistryHttp:
    """Gets what one registry serves, and sends it what it is to serve.

    *host* is where its API is, *name* what people call it. *login* is given to it only
    over *scheme*, and to a token server that it names only over HTTPS, unless its own
    scheme is HTTP. *certificates* is a file of those to trust, None for the usual ones.
    """

    def __init__(
        self,
        host: str,
        name: str,
        scheme: str,
        login: Login | None,
        certificates: str | None,
    ) -> None:
        self._base, self._name, self._scheme = f"{scheme}://{host}", name, scheme
        self._login = login
        self._session = requests.Session()
        self._session.trust_env = False  # or it would add what is in ~/.netrc
        self._session.verify = certificates or True
        self._authorized: dict[str, str] = {}

    def reach(self) -> None:
        """See to it that the registry can be spoken to at all.

        Raises:
            NotTlsError: TLS is not possible.
            TransientError: it does not answer.
        """
        self._request("GET", f"{self._base}/v2/", {})

    def get(
        self, path: str, scope: str, accept: str, *, most: int = MAX_MANIFEST_BYTES
    ) -> Reply | None:
        """Get *path*, at most *most* bytes; None if there is nothing.

        Raises:
            NotTlsError: TLS is not possible.
            TransientError: it does not answer, or not now.
            PermanentError: it refuses.
        """
        return self._ask("GET", path, scope, {"Accept": accept}, most=most)

    def has(self, path: str, scope: str, accept: str) -> bool:
        """Whether there is something at *path*.

        Raises:
            NotTlsError, TransientError, PermanentError: as for `get`.
        """
        return self._ask("HEAD", path, scope, {"Accept": accept}) is not None

    def send(
        self,
        method: str,
        path: str,
        scope: str,
        body: bytes,
        *,
        content_type: str,
        expected: Collection[int],
    ) -> Reply:
        """Send *body* to *path*, or to the whole URL that the registry named.

        Raises:
            NotTlsError, TransientError, PermanentError: as for `get`; the status is
                none of *expected*.
        """
        headers = {"Content-Type": content_type}
        reply = self._ask(method, path, scope, headers, body=body, expected=expected)
        if reply is None:
            raise PermanentError(
                f"{self._name} has no place for {urlsplit(path).path}",
                hint="some registries want a repository to be made before it is used",
            )
        return reply

    def _ask(
        self,
        method: str,
        path: str,
        scope: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        expected: Collection[int] = _OK,
        most: int = MAX_MANIFEST_BYTES,
    ) -> Reply | None:
        url = urljoin(self._base, path)
        is_own = _origin(url) == _origin(self._base)
        if urlsplit(url).scheme not in {"https", self._scheme}:
            raise PermanentError(
                f"{self._name} wants what is sent to it without encryption, at"
                f" {urlsplit(url).scheme}://{urlsplit(url).hostname}",
                hint="its own address (`http.host`, or X-Forwarded-Proto of the proxy"
                " before it) says http",
            )

        def request() -> Reply:
            mine = self._authorized.get(scope) if is_own else None
            return self._request(
                method,
                url,
                {**headers, **({"Authorization": mine} if mine else {})},
                data=body,
                most=most,
            )

        reply = request()
        if reply.status == _UNAUTHORIZED and is_own:
            self._authorized[scope] = self._authorize(reply.challenge, scope)
            reply = request()
        if reply.status == _NOT_FOUND:
            return None
        self._check(reply, scope, expected)
        return reply

    def _authorize(self, challenge: str, scope: str) -> str:
        """The header that answers *challenge*."""
        scheme, _, rest = challenge.partition(" ")
        asked = dict(_PARAMETER.findall(rest))
        if scheme.lower() == "bearer" and asked.get("realm"):
            return f"Bearer {self._token(asked, scope)}"
        if scheme.lower() == "basic" and self._login and self._login.username:
            return _basic(self._login)
        raise self._refused(_UNAUTHORIZED, scope)

    def _token(self, asked: Mapping[str, str], scope: str) -> str:
        realm, login = asked["realm"], self._login
        if urlsplit(realm).scheme not in {"https", self._scheme}:
            raise PermanentError(
                f"{self._name} sends its users to log in at {realm}, without encryption"
            )
        fields = {"service": asked.get("service", ""), "scope": scope}
        if login is not None and login.username is None:
            fields |= {"grant_type": "refresh_token", "client_id": _CLIENT}
            fields["refresh_token"] = login.secret
            reply = self._request("POST", realm, {}, data=fields)
        else:
            headers = {} if login is None else {"Authorization": _basic(login)}
            reply = self._request("GET", realm, headers, params=fields)
        self._check(reply, scope)
        try:
            document = json.loads(reply.data)
            token = document.get("token") or document.get("access_token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise PermanentError(f"the token server of {self._name} gave no token")
        return token

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        most: int = MAX_MANIFEST_BYTES,
    ) -> Reply:
        try:
            with self._session.request(
                method,
                url,
                headers=dict(headers),
                params=params,
                data=data,
                timeout=_UPLOAD_TIMEOUT if isinstance(data, bytes) else _TIMEOUT,
                proxies=get_environ_proxies(url),
                stream=True,
            ) as response:
                return Reply(
                    response.status_code,
                    response.headers.get("Content-Type", ""),
                    _read(response, self._name, most),
                    response.headers.get("WWW-Authenticate", ""),
                    response.headers.get("Location", ""),
                    response.headers.get("OCI-Subject", ""),
                )
        except SSLError as error:
            raise NotTlsError(
                f"no secure connection to {self._name}: {_last_words(error)}",
                hint="put the certificate of the registry's authority into"
                f" /etc/docker/certs.d/{self._name}/ca.crt",
            ) from error
        except RequestException as error:
            raise TransientError(
                f"{self._name} does not answer: {_last_words(error)}"
            ) from error

    def _check(self, reply: Reply, scope: str, expected: Collection[int] = _OK) -> None:
        status = reply.status
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            raise self._refused(status, scope)
        if status in _LATER or status >= _SERVER_ERROR:
            raise TransientError(f"{self._name} answered with status {status}")
        if status not in expected:
            raise PermanentError(
                f"{self._name} answered with status {status}{_said(reply)}",
                hint="is it a registry of images? see `image:`",
            )

    def _refused(self, status: int, scope: str) -> PermanentError:
        who = "nobody is logged in there"
        if self._login is not None:
            who = f"the login of {self._login.username or 'an identity token'} is"
            who += " not enough" if status == _FORBIDDEN else " not accepted"
        return PermanentError(
            f"{self._name} refuses access ({status}): {who}",
            hint=f"`docker login {self._name}` as somebody who may"
            f" {scope.rpartition(':')[2].rpartition(',')[2]}",
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Who answers at *url*: a login is given to nobody else."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _basic(login: Login) -> str:
    request = requests.PreparedRequest()
    request.prepare_headers({})
    username = (login.username or "").encode()
    HTTPBasicAuth(username, login.secret.encode())(request)
    return str(request.headers["Authorization"])


def _read(response: requests.Response, name: str, most: int) -> bytes:
    data = bytearray()
    for chunk in response.iter_content(64 * 1024):
        data += chunk
        if len(data) > most:
            raise PermanentError(f"{name} answered with more than {most} bytes")
    return bytes(data)


def _said(reply: Reply) -> str:
    """What a registry says is wrong, in its own words, for a person.

    Source:
        https://github.com/opencontainers/distribution-spec v1.1, "Error Codes".
    """
    try:
        first = json.loads(reply.data)["errors"][0]
        words = f"{first['code']} {first.get('message') or ''}".strip()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    shown = "".join(each if each.isprintable() else "?" for each in words)
    return f": {hide(shown)[:_MAX_WORDS]}"


def _last_words(error: BaseException) -> str:
    """What went wrong at the bottom of a chain of errors that quote each other."""
    reason = getattr(error.args[0] if error.args else None, "reason", error)
    text = hide(str(reason)).rpartition(": ")[2].strip(" ()'\"")
    text = _ERRNO.sub("", text)
    return text[:200] or type(error).__name__
