"""PyGithub's requester, whose requests go out by a function of ours.

PyGithub knows how GitHub is asked; how a request gets there (when it is repeated, what
is trusted, where a redirect leads) is ours. The connection classes are given to a class
made for the one requester: to give them to PyGithub's own would change it for all.

PyGithub takes a third of a second to load: import this module late.
"""

from collections.abc import Callable, ItemsView, Mapping
from typing import Any
from urllib.parse import urlsplit

from github import Auth
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)
from typing_extensions import override

from sluicegate.adapters.github.answer import Answer, Question
from sluicegate.errors import PermanentError

API_VERSION = "2022-11-28"
PER_PAGE = 100  # GitHub's most

_TIMEOUT_SECONDS = 30  # asked for, and not used: the wire has its own
_CLIENT = "sluicegate"
_MEDIA_TYPE = "application/vnd.github+json"
_PORTS = {"https": 443, "http": 80}
# What PyGithub makes use of; it trips over numbers that are none.
_PASSED_ON = frozenset({"link"})


def build_requester(
    base_url: str, token: str, ask: Callable[[Question], Answer]
) -> Requester:
    """A requester for the API at *base_url*, which *ask* asks."""
    origin = _origin(base_url)

    class OurConnection(HTTPSRequestsConnectionClass):
        """Serves both schemes: which one is in use, the base URL says."""

        def __init__(self, host: str, port: int | None = None, **_other: Any) -> None:  # noqa: ANN401 - PyGithub's own
            if (host, port or _PORTS[origin[0]]) != origin[1:]:
                raise PermanentError(f"GitHub names {host!r}, which is another host")
            self.host = host

        @override
        def getresponse(self) -> RequestsResponse:
            body = self.input.encode() if isinstance(self.input, str) else None
            headers: Mapping[str, str] = {"Accept": _MEDIA_TYPE, **self.headers}
            return _Response(ask(Question(self.verb, self.url, headers, body)))

        @override
        def close(self) -> None:
            """There is nothing to close: the wire stays."""

    class OurRequester(Requester):
        """A class of its own, for what is set on it is set for all of a class."""

    OurRequester.injectConnectionClasses(_as_http(OurConnection), OurConnection)
    return OurRequester(
        auth=Auth.Token(token),
        base_url=base_url,
        timeout=_TIMEOUT_SECONDS,
        user_agent=_CLIENT,
        per_page=PER_PAGE,
        verify=True,
        retry=None,
        pool_size=None,
        lazy=True,
        api_version=API_VERSION,
    )


class _Response(RequestsResponse):
    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self._answer = answer

    @override
    def getheaders(self) -> ItemsView[str, str]:
        headers = self._answer.headers
        return {name: headers[name] for name in _PASSED_ON & headers.keys()}.items()

    @override
    def read(self) -> str:
        return self._answer.body.decode()


def _as_http(connection: type) -> type[HTTPRequestsConnectionClass]:
    """PyGithub only calls it; both classes have the same methods."""
    return connection


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]
