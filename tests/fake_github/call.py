"""A request as the routes see it, and the answer they give."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fake_github.state import Repository, Run, State, Token

_MOST_PER_PAGE = 100


@dataclass
class Answer:
    """What GitHub says; ``body`` None: nothing; bytes: they are sent as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - it says what GitHub does
    """GitHub says no, with *status*."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.errors = [dict(error) for error in errors]

    def answer(self) -> Answer:
        """The answer GitHub gives then."""
        body: dict[str, Any] = {
            "message": str(self),
            "documentation_url": "https://docs.github.com/rest",
        }
        if self.errors:
            body["errors"] = self.errors
        else:
            body["status"] = str(self.status)
        return Answer(self.status, body, self.headers)


@dataclass
class Call:
    """A valid request, by somebody who may make it.

    ``api`` is the address of this GitHub, ``url`` the request's without its query.
    """

    state: State
    token: Token | None
    api: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str
    dispatched: list[Run] = field(default_factory=list)

    @property
    def repository(self) -> Repository:
        """The repository that the path names."""
        name = f"{self.path['owner']}/{self.path['repo']}".lower()
        for known in self.state.repositories.values():
            if known.name.lower() == name:
                return known
        raise not_found()

    @property
    def login(self) -> str:
        """Who asks."""
        if self.token is None:
            raise Refused(401, "Requires authentication")
        return self.token.login

    @property
    def app(self) -> str | None:
        """The app whose installation asks, None for a person."""
        return None if self.token is None else self.token.app

    def link(self, *parts: object) -> str:
        """The address of something in the repository."""
        return "/".join([f"{self.api}/repos/{self.repository.name}", *map(str, parts)])

    def page(self, items: Sequence[Any], key: str | None = None) -> Answer:
        """One page of *items*, as it is asked for; under *key* with their number."""
        size = min(int(self.query.get("per_page", 30)), _MOST_PER_PAGE) or 30
        number = max(int(self.query.get("page", 1)), 1)
        last = max(math.ceil(len(items) / size), 1)
        part = list(items[(number - 1) * size : number * size])
        body = part if key is None else {"total_count": len(items), key: part}
        others = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        if number == 1:
            others = {k: v for k, v in others.items() if k in ("next", "last")}
        if number >= last:
            others = {k: v for k, v in others.items() if k in ("first", "prev")}
        links = [
            f'<{self.url}?{urlencode({**self.query, "page": page})}>; rel="{name}"'
            for name, page in others.items()
        ]
        return Answer(200, body, {"Link": ", ".join(links)} if links else {})


def not_found() -> Refused:
    """What GitHub says of what is not there, or not to be seen."""
    return Refused(404, "Not Found")


def invalid(message: str, *, resource: str = "", field: str = "") -> Refused:
    """What GitHub says of a request that it understands but cannot do."""
    error = {"resource": resource, "field": field, "code": "custom", "message": message}
    errors = [error] if resource else []
    return Refused(422, message if not errors else "Validation Failed", errors=errors)
