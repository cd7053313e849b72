"""What goes wrong at the fake GitHub goes wrong as it is asked to."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests
from fake_github import FakeGitHub, State, serve
from github_client import Client

COMMENT = {"body": "hello"}
COMMENTS = "issues/1/comments"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    state = State()
    state.add_pull("topic", state.add_commit({"a.txt": b"a"}))
    with serve(state) as running:
        yield running
        assert running.violations == []


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 429, 500, 502, 503])
def test_it_answers_any_status_as_often_as_asked(
    github: FakeGitHub, status: int
) -> None:
    github.faults.answer(status, times=2)
    got = [Client(github).ask("GET", "").status_code for _ in range(3)]

    assert got == [status, status, 200]
    assert github.faults.left == 0
    assert github.faults.happened == [("GET", "/repos/acme/shop")] * 2


def test_a_fault_is_of_its_method_and_path_alone_and_may_come_later(
    github: FakeGitHub,
) -> None:
    github.faults.answer(503, "POST", f"/{COMMENTS}$", skip=1, times=None)
    client = Client(github)

    assert client.ask("GET", COMMENTS).status_code == 200
    got = [client.post(COMMENTS, COMMENT).status_code for _ in range(3)]
    assert got == [201, 503, 503]
    github.faults.clear()
    assert client.post(COMMENTS, COMMENT).status_code == 201


def test_a_missing_permission_is_named(github: FakeGitHub) -> None:
    github.faults.answer(403, "GET", permission="checks=write")
    answer = Client(github).ask("GET", "")

    assert answer.status_code == 403
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "checks=write"


def test_the_primary_rate_limit_says_when_it_ends(github: FakeGitHub) -> None:
    github.state.time = datetime(2026, 11, 23, 8, tzinfo=UTC)
    github.faults.limit_rate(wait=90)
    answer = Client(github).ask("GET", "")
    now = parsedate_to_datetime(answer.headers["Date"])

    assert answer.status_code == 403
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert now == github.state.time
    assert int(answer.headers["X-RateLimit-Reset"]) == now.timestamp() + 90


@pytest.mark.parametrize("wait", [None, 30])
def test_the_secondary_rate_limit_may_say_how_long(
    github: FakeGitHub, wait: int | None
) -> None:
    github.faults.limit_abuse(wait=wait, status=429)
    answer = Client(github).ask("GET", "")

    assert answer.status_code == 429
    assert "secondary rate limit" in answer.json()["message"]
    assert answer.headers.get("Retry-After") == (None if wait is None else str(wait))


@pytest.mark.parametrize(
    ("where", "done"), [("before", 0), ("within", 1), ("after", 1)]
)
def test_a_cut_connection_leaves_done_what_was_done(
    github: FakeGitHub, where: str, done: int
) -> None:
    assert where in ("before", "within", "after")
    github.faults.cut(where, "POST")  # type: ignore[arg-type]  # checked above

    with pytest.raises(requests.RequestException):
        Client(github).post(COMMENTS, COMMENT)
    assert len(github.state.repository.comments) == done
    assert Client(github).post(COMMENTS, COMMENT).status_code == 201


def test_spoilt_json_comes_as_if_it_were_whole(github: FakeGitHub) -> None:
    github.faults.spoil("GET")
    answer = Client(github).ask("GET", "")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert Client(github).get("")["full_name"] == "acme/shop"


def test_a_slow_answer_holds_up_nobody_else(github: FakeGitHub) -> None:
    github.faults.slow(30, "GET", "/branches")
    with pytest.raises(requests.ReadTimeout):
        requests.get(
            f"{github.url}/repos/acme/shop/branches",
            headers={"User-Agent": "tests"},
            timeout=0.2,
        )

    assert Client(github).get("branches")[0]["name"] == "main"


def test_many_at_once_each_get_an_answer_and_a_number_of_their_own(
    github: FakeGitHub,
) -> None:
    numbers = list[int]()

    def comment() -> None:
        for _ in range(5):
            numbers.append(Client(github).post(COMMENTS, COMMENT).json()["id"])

    threads = [threading.Thread(target=comment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(numbers)) == 40
    assert len(github.state.repository.comments) == 40
