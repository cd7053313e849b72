"""A client of the fake GitHub that shares no code with PyGithub."""

from dataclasses import dataclass
from typing import Protocol

import requests
from fake_github import JOB_TOKEN
from fake_github.description import JsonValue

REPOSITORY = "/repos/acme/shop"


class Place(Protocol):
    """Where a fake GitHub is."""

    @property
    def url(self) -> str: ...


@dataclass(frozen=True)
class Client:
    """Asks *github* with a token; paths are inside of acme/shop unless they are not."""

    github: Place
    token: str | None = JOB_TOKEN

    def ask(
        self, method: str, path: str, body: JsonValue = None, **headers: str
    ) -> requests.Response:
        """*path* beginning with a slash is one of the whole GitHub."""
        inside = f"{REPOSITORY}/{path}" if path else REPOSITORY
        where = path if path.startswith("/") else inside
        sent = {"User-Agent": "tests", **headers}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        return requests.request(
            method, self.github.url + where, json=body, headers=sent, timeout=20
        )

    def get(self, path: str) -> JsonValue:
        """What is there, which must be."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: JsonValue) -> requests.Response:
        return self.ask("POST", path, body)
