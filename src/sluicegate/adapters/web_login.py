"""Logging in to an API over HTTP, and whom to trust there."""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests.auth import AuthBase
from typing_extensions import override

from sluicegate.errors import PermanentError

_TOKEN = re.compile(r"[\x21-\x7e]+")

ReadSecret = Callable[[], str]
"""Reads a secret anew, for it may be renewed; raises ExternalError."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in: the secret is a password if there is a *user*, else a token."""

    secret: ReadSecret
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Files in PEM: CA certificates to trust, and our certificate with its key."""

    ca: str | None = None
    cert: tuple[str, str] | None = None


class LoginAuth(AuthBase):
    """The login to *whose* API, and nothing of a ``.netrc``."""

    def __init__(self, login: Login | None, whose: str) -> None:
        self._login, self._whose = login, whose

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        login = self._login
        if login is None:
            return request
        secret = login.secret().strip()
        if login.user is not None:
            both = b64encode(f"{login.user}:{secret}".encode()).decode()
            request.headers["Authorization"] = f"Basic {both}"
            return request
        if not _TOKEN.fullmatch(secret):
            raise PermanentError(
                f"the token for {self._whose} is no token: not one word"
            )
        request.headers["Authorization"] = f"Bearer {secret}"
        return request
