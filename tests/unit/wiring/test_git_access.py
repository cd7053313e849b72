"""Git at the repository of a job, with the token of the step and nothing kept."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typing_extensions import override

from sluicegate.wiring.git_access import git_access

ENVIRON = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "SLUICE_GITHUB_TOKEN": "ghs_secret",
}
HEADER = (
    "AUTHORIZATION: basic " + base64.b64encode(b"x-access-token:ghs_secret").decode()
)


@pytest.mark.parametrize(
    "url",
    ["https://github.com/acme/shop", "https://github.com/Acme/Shop.git", "https://github.com/acme/shop/"],
)  # fmt: skip
def test_the_token_is_for_the_repository_of_the_job(url: str) -> None:
    name = "http.https://github.com/.extraheader"
    assert git_access(ENVIRON, url) == ((name, ""), (name, HEADER))


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://github.com/acme/other",
        "https://github.com.evil.example/acme/shop",
        "https://evil.example/github.com/acme/shop",
        "https://github.com@evil.example/acme/shop",
        "http://github.com/acme/shop",
        "git@github.com:acme/shop.git",
        "/srv/git/acme/shop",
    ],
)
def test_the_token_goes_nowhere_else(url: str | None) -> None:
    assert git_access(ENVIRON, url) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"SLUICE_GITHUB_TOKEN": ""},
        {"GITHUB_ACTIONS": ""},
        {"GITHUB_SERVER_URL": "http://github.com"},
        {"GITHUB_REPOSITORY": "acme/other"},
    ],
)
def test_without_a_job_or_a_token_nothing_is_changed(change: dict[str, str]) -> None:
    assert git_access(ENVIRON | change, "https://github.com/acme/shop") == ()


class _Asked(BaseHTTPRequestHandler):
    headers_seen: list[list[str]]

    def do_GET(self) -> None:
        self.headers_seen.append(self.headers.get_all("Authorization", []))
        self.send_error(404)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def server() -> Iterator[tuple[str, list[list[str]]]]:
    seen: list[list[str]] = []
    handler = type("Handler", (_Asked,), {"headers_seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{one.server_address[1]}", seen
        finally:
            one.shutdown()
            thread.join()


def test_git_sends_it_once_whatever_the_checkout_has_kept() -> None:
    with server() as (url, seen):
        settings = git_access(
            {**ENVIRON, "GITHUB_SERVER_URL": url}, f"{url}/acme/shop.git"
        )
        kept = (f"http.{url}/.extraheader", "AUTHORIZATION: basic old")
        options = [
            part
            for name, value in (kept, *settings)
            for part in ("-c", f"{name}={value}")
        ]
        subprocess.run(
            ["git", *options, "ls-remote", f"{url}/acme/shop.git"],
            check=False,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0"},
        )
    assert seen[0] == [HEADER.partition(": ")[2]]
