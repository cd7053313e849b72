"""The fake GitHub notices what does not fit GitHub's own description."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from fake_github import FakeGitHub, State, serve
from fake_github.call import Answer, Call
from fake_github.routing import ROUTES, Route
from github_client import Client


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    state = State()
    state.add_commit({"a.txt": b"a"})
    with serve(state) as running:
        yield running


def tip(github: FakeGitHub) -> str:
    return github.state.repository.branches["main"]


CHECK: dict[str, Any] = {"name": "sluice", "status": "in_progress"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"enviroment": "prod"}, "enviroment"),
        ({"output": {"title": "t", "summary": "s", "sumary": "s"}}, "sumary"),
        ({"status": "running"}, "running"),
        ({"conclusion": "great"}, "great"),
        ({"name": 7}, "7 is not of type 'string'"),
        ({"started_at": "yesterday"}, "yesterday"),
        ({"output": {"title": "t"}}, "summary"),
        ({"output": {"title": "t", "summary": "x" * 65_536}}, "too long"),
        (
            {
                "output": {
                    "title": "t",
                    "summary": "s",
                    "annotations": [
                        {
                            "path": "a.txt",
                            "start_line": 1,
                            "end_line": 1,
                            "annotation_level": "error",
                            "message": "m",
                        }
                    ],
                }
            },
            "error",
        ),
    ],
    ids=[
        "unknown field",
        "unknown field inside",
        "unknown word",
        "unknown conclusion",
        "wrong type",
        "wrong format",
        "missing field",
        "too long",
        "unknown word inside",
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_told(
    github: FakeGitHub, changed: dict[str, Any], said: str
) -> None:
    body = {**CHECK, "head_sha": tip(github), **changed}
    answer = Client(github).post("check-runs", body)

    assert answer.status_code == 422
    assert github.state.repository.checks == []
    assert len(github.violations) == 1
    assert github.violations[0].startswith("checks/create: body")
    assert said in github.violations[0]


def test_a_body_that_fits_is_no_violation(github: FakeGitHub) -> None:
    answer = Client(github).post("check-runs", {**CHECK, "head_sha": tip(github)})

    assert answer.status_code == 201
    assert github.violations == []


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "unknown", "no such operation"),
        ("DELETE", "", "no such operation"),
        ("GET", "/repos/acme", "no such operation"),
        ("GET", "commits?sh=main", "query sh: not a parameter"),
        ("GET", "commits?per_page=many", "many"),
        ("GET", "actions/runs?status=done", "done"),
        ("GET", "actions/runs/seven", "seven"),
        ("POST", "deployments", "body: missing"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_and_told(
    github: FakeGitHub, method: str, path: str, said: str
) -> None:
    answer = Client(github).ask(method, path)

    assert answer.status_code in (404, 422)
    assert len(github.violations) == 1
    assert said in github.violations[0]


def test_a_body_where_none_belongs_is_told(github: FakeGitHub) -> None:
    Client(github).ask("GET", "commits", {"sha": "main"})

    assert github.violations == ["repos/list-commits: body: this operation takes none"]


def test_a_body_that_is_no_json_is_told(github: FakeGitHub) -> None:
    answer = requests.post(
        f"{github.url}/repos/acme/shop/deployments",
        data=b'{"ref": "ma',
        headers={"Authorization": f"Bearer {github.token}"},
        timeout=20,
    )

    assert answer.status_code == 422
    assert "is not of type 'object'" in github.violations[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(200, {"name": "acme/shop"}), "required"),
        (Answer(200, None), "None is not of type"),
        (Answer(218, {}), "does not answer 218"),
        (Answer(404, ["no"]), "is not of type 'object'"),
    ],
    ids=["incomplete", "empty", "undocumented", "wrong error"],
)
def test_an_answer_of_the_fake_that_does_not_fit_is_told_and_not_given(
    github: FakeGitHub,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    said: str,
) -> None:
    monkeypatch.setitem(
        ROUTES, "repos/get", Route(lambda _call: answer, {}, public=True)
    )

    assert Client(github).ask("GET", "").status_code == 500
    assert len(github.violations) >= 1
    assert any(said in violation for violation in github.violations)


def test_a_route_that_breaks_is_told(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_call: Call) -> Answer:
        raise KeyError("forgotten")

    monkeypatch.setitem(ROUTES, "repos/get", Route(broken, {}, public=True))

    assert Client(github).ask("GET", "").status_code == 500
    assert "forgotten" in github.violations[0]


def test_a_request_without_the_name_of_a_program_is_refused(github: FakeGitHub) -> None:
    answer = Client(github).ask("GET", "", **{"User-Agent": ""})
    unknown = Client(github).ask("GET", "", **{"X-GitHub-Api-Version": "2020-01-01"})

    assert answer.status_code == 403
    assert unknown.status_code == 400
