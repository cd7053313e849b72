"""Whatever GitHub, or who claims to be it, answers: a value or an error of ours."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fakes import FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.adapters.github.answer import Answer, Question
from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.host import GithubHost
from sluicegate.adapters.github.trying import Trying
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.code_host import (
    Account,
    Annotation,
    CheckConclusion,
    CheckRun,
    CommitStatus,
    DeploymentState,
    StatusState,
)

COMMIT = "a" * 40
API = "https://api.github.com"
CHECK = CheckRun(
    "sluicegate",
    COMMIT,
    "1",
    CheckConclusion.SUCCESS,
    "open",
    "fine",
    (Annotation("a.py", 1, 1, "notice", "look"),),
)
STATUS = CommitStatus("sluicegate/log", StatusState.SUCCESS, "size 3")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SUCCESS = DeploymentState.SUCCESS

Act = Callable[[GithubHost], object]
ACTS: dict[str, Act] = {
    "repository": lambda host: host.repository(),
    "run": lambda host: host.run(1),
    "runs": lambda host: list(
        host.runs("a.yml", event="push", branch="main", since=NOW)
    ),
    "reviews": lambda host: host.reviews(1),
    "dispatch": lambda host: host.dispatch("a.yml", branch="main", inputs={}),
    "role": lambda host: host.role(Account("ann", 101, is_person=True)),
    "content": lambda host: host.content("a", COMMIT),
    "is_ancestor": lambda host: host.is_ancestor(COMMIT, "main"),
    "commit_accounts": lambda host: host.commit_accounts(COMMIT),
    "comment": lambda host: host.comment(1),
    "comments": lambda host: list(host.comments(1)),
    "me": lambda host: host.me(),
    "put_check": lambda host: host.put_check(CHECK),
    "set_status": lambda host: host.set_status(COMMIT, STATUS),
    "statuses": lambda host: list(host.statuses(COMMIT)),
    "put_comment": lambda host: host.put_comment(1, "marker", "marker body"),
    "deployments": lambda host: list(host.deployments(COMMIT, "production")),
    "create_deployment": lambda host: host.create_deployment(COMMIT, "e", {}, ""),
    "set_state": lambda host: host.set_deployment_state(1, SUCCESS, description=""),
    "upload_sarif": lambda host: host.upload_sarif(COMMIT, "refs/heads/main", b"{}"),
}


def host_answering(
    ask: Callable[[Question], Answer], patience_seconds: float = 30
) -> GithubHost:
    clock = FakeClock()
    client = GithubClient(API, "t0ken", "acme/app", clock)
    trying = Trying(ask, clock, client.mask, lambda: 1.0, patience_seconds)
    client.__dict__["_trying"] = trying
    return GithubHost(client)


# Of whose answer nothing is taken, but that it was done.
NOTHING_READ = {"set_status", "set_state", "dispatch"}
Said = tuple[int, object, str | None]


def in_turn(answers: Sequence[Said]) -> Callable[[Question], Answer]:
    """Answers one by one; the last one for ever."""
    left = list(answers)

    def ask(_question: Question) -> Answer:
        status, document, link = left.pop(0) if len(left) > 1 else left[0]
        headers = {} if link is None else {"link": link}
        return Answer(status, headers, json.dumps(document).encode())

    return ask


NAMES = st.sampled_from(
    [
        *("id", "login", "type", "user", "body", "created_at", "updated_at", "url"),
        *("html_url", "workflow_runs", "check_runs", "sha", "status", "state", "name"),
        *(
            "external_id",
            "payload",
            "environment",
            "role_name",
            "permission",
            "encoding",
        ),
        *("content", "size", "commit", "author", "committer", "email", "message"),
        *("workflow_run_id", "run_url", "context", "total_count", "_links", "creator"),
    ]
)
WORDS = st.sampled_from(
    ["2026-11-23T08:00:00Z", "User", "file", "base64", "ahead", "success", COMMIT, ""]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=9)
    ),
    max_leaves=30,
)
LINKS = st.sampled_from(
    [
        None,
        "x",
        "<>; rel=next",
        ", ; ;",
        '<https://evil.example/x>; rel="next"',
        '<http://api.github.com/x>; rel="next"',
        '<https://api.github.com:1/x>; rel="next"',
        '<https://raw.githubusercontent.com/x>; rel="next"',
        '<https://api.github.com/repos/acme/app/x>; rel="next"',
        '</repos/acme/app/x>; rel="next"',
        '<//evil.example/x>; rel="next"',
    ]
)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([200, 201, 202, 204, 206]), JSON, LINKS),
        min_size=1,
        max_size=4,
    )
)
def test_no_answer_makes_anything_but_a_value_or_an_error_of_ours(
    answers: list[Said],
) -> None:
    for act in ACTS.values():
        with suppress(ExternalError):
            act(host_answering(in_turn(answers)))


@pytest.mark.parametrize("name", sorted(ACTS.keys() - NOTHING_READ))
@pytest.mark.parametrize("body", [b"null", b"{}", b"0", b'""', b"[[]]", b"[{}]"])
def test_an_answer_of_another_shape_is_never_an_empty_one(
    name: str, body: bytes
) -> None:
    host = host_answering(lambda _question: Answer(200, {}, body))
    if name == "content" and body.startswith(b"["):
        assert ACTS[name](host) is None  # a list is a folder, and no file
        return

    with pytest.raises(PermanentError, match="cannot be understood"):
        ACTS[name](host)


def test_pages_that_never_end_do_end() -> None:
    there = f'<{API}/repos/acme/app/more>; rel="next"'
    asked: list[str] = []

    def ask(question: Question) -> Answer:
        asked.append(question.target)
        return Answer(200, {"link": there}, b"[]")

    with pytest.raises(PermanentError, match="more pages"):
        list(host_answering(ask).comments(1))

    assert len(asked) == 200


def test_no_address_leaves_the_repository() -> None:
    asked: list[str] = []

    def ask(question: Question) -> Answer:
        asked.append(question.path)
        return Answer(200, {}, b"[]")

    host = host_answering(ask)
    hostile = ["../../user", "a/../..", "%2e%2e/x", "?x", "#x", "a b", "\u00e9", "\n"]
    for text in hostile:
        with suppress(PermanentError):
            host.role(Account(text, 1, is_person=True))
        with suppress(PermanentError):
            host.content(text, COMMIT)
        with suppress(PermanentError):
            host.is_ancestor(COMMIT, text)

    assert asked
    assert all(path.startswith("/repos/acme/app/") for path in asked)
    assert not any("/../" in f"{path}/" for path in asked)
