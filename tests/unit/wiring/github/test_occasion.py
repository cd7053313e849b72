import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.wiring.github.occasion import Occasion, read_occasion

MERGE, HEAD = "a" * 40, "b" * 40
PUSH = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REPOSITORY": "acme/app",
    "GITHUB_REPOSITORY_ID": "7001",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": MERGE,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_PROTECTED": "true",
    "GITHUB_RUN_ID": "12",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_JOB": "gate",
    "GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/ci.yml@refs/heads/main",
    "GITHUB_WORKFLOW_SHA": MERGE,
    "GITHUB_ACTOR": "ann",
    "GITHUB_TRIGGERING_ACTOR": "bob",
    "RUNNER_ENVIRONMENT": "github-hosted",
}
# What anybody can call a branch, a title or a file.
HOSTILE = [
    *("$(touch /tmp/x)", "`id`", "a\n::set-output name=verdict::open", "\x1b[2J"),
    *("../../etc/passwd", "", "\x00", "\ud800", "${{ secrets.KEY }}", "x" * 100_000),
    *("<script>", "%0A::error::", "'; exit 0 #", "[bot]", "0", "-1", "1e9", "\u202e"),
]


def read(folder: Path, event: object = None, **changes: str | None) -> Occasion | None:
    path = folder / "event.json"
    path.write_text(json.dumps(event))
    environ = {**PUSH, "GITHUB_EVENT_PATH": str(path), **changes}
    return read_occasion({k: v for k, v in environ.items() if v is not None})


def pull_request(**changes: object) -> dict[str, Any]:
    pull = {
        "number": 7,
        "head": {"sha": HEAD, "repo": {"id": 7001}},
        "base": {"repo": {"id": 7001}},
        **changes,
    }
    return {"pull_request": pull, "repository": {"default_branch": "main"}}


PULL = {
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_BASE_REF": "main",
    "GITHUB_HEAD_REF": "topic/x",
}


def test_outside_of_github_there_is_no_occasion() -> None:
    assert read_occasion({}) is None
    assert read_occasion({**PUSH, "GITHUB_ACTIONS": "1"}) is None


def test_a_push_is_read(tmp_path: Path) -> None:
    event = {"repository": {"default_branch": "main"}, "inputs": None}

    occasion = read(tmp_path, event)

    assert occasion == Occasion(
        event="push",
        repository="acme/app",
        repository_number=7001,
        commit=MERGE,
        head_commit=MERGE,
        ref="refs/heads/main",
        is_protected=True,
        default_branch="main",
        run=12,
        job="gate",
        workflow="acme/app/.github/workflows/ci.yml@refs/heads/main",
        workflow_commit=MERGE,
        actor="ann",
        again_by="bob",
        runner="github-hosted",
    )
    assert occasion.branch == "main"
    assert not occasion.is_pull_request
    assert occasion.run_url == "https://github.com/acme/app/actions/runs/12"


def test_a_run_again_is_another_attempt(tmp_path: Path) -> None:
    occasion = read(tmp_path, GITHUB_RUN_ATTEMPT="3")

    assert occasion is not None
    assert occasion.attempt == 3
    assert str(occasion.run_url).endswith("/actions/runs/12/attempts/3")


def test_a_pull_request_shows_its_own_commit_and_not_the_merge(tmp_path: Path) -> None:
    occasion = read(tmp_path, pull_request(), **PULL)

    assert occasion is not None
    assert (occasion.commit, occasion.head_commit) == (MERGE, HEAD)
    assert (occasion.pull_request, occasion.base_ref) == (7, "main")
    assert occasion.head_ref == "topic/x"
    assert occasion.branch is None
    assert occasion.is_pull_request
    assert not occasion.is_fork


@pytest.mark.parametrize(
    "head",
    [
        pytest.param({"sha": HEAD, "repo": {"id": 8}}, id="another repository"),
        pytest.param({"sha": HEAD, "repo": None}, id="a fork that was deleted"),
        pytest.param({"sha": HEAD}, id="nothing said"),
        pytest.param({"sha": HEAD, "repo": {"id": True}}, id="no number"),
        pytest.param([], id="no object"),
    ],
)
def test_what_cannot_be_told_from_a_fork_is_one(tmp_path: Path, head: object) -> None:
    occasion = read(tmp_path, pull_request(head=head), **PULL)

    assert occasion is not None
    assert occasion.is_fork


def test_a_pull_request_whose_event_is_lost_is_of_a_fork(tmp_path: Path) -> None:
    occasion = read(tmp_path, GITHUB_EVENT_PATH=None, **PULL)

    assert occasion is not None
    assert occasion.is_fork
    assert occasion.is_pull_request
    assert occasion.pull_request == 7
    assert occasion.head_commit == MERGE


def test_a_comment_on_a_pull_request_is_about_it(tmp_path: Path) -> None:
    event = {"issue": {"number": 7, "pull_request": {"url": "x"}}}
    occasion = read(tmp_path, event, GITHUB_EVENT_NAME="issue_comment")
    issue = read(tmp_path, {"issue": {"number": 7}}, GITHUB_EVENT_NAME="issue_comment")

    assert occasion is not None
    assert issue is not None
    assert (occasion.pull_request, issue.pull_request) == (7, None)


def test_the_inputs_of_a_dispatch_are_texts(tmp_path: Path) -> None:
    inputs = {"request": "a" * 64, "force": True, "count": 3, "list": [1], "none": None}
    occasion = read(tmp_path, {"inputs": inputs}, GITHUB_EVENT_NAME="workflow_dispatch")

    assert occasion is not None
    assert occasion.inputs == {"request": "a" * 64, "force": "true", "count": "3"}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", [name for name in PUSH if name != "GITHUB_ACTIONS"])
def test_nothing_that_a_variable_can_hold_is_taken_for_more(
    tmp_path: Path, name: str, text: str
) -> None:
    occasion = read(tmp_path, pull_request(), **{name: text})

    if occasion is not None:
        for shown in (occasion.repository, occasion.run_url, occasion.commit):
            assert shown is None or (shown.isprintable() and "$" not in shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_branch_is_what_its_author_called_it_or_nothing(
    tmp_path: Path, text: str
) -> None:
    occasion = read(tmp_path, pull_request(), **{**PULL, "GITHUB_HEAD_REF": text})

    assert occasion is not None
    assert occasion.head_ref in {text, None}
    assert occasion.head_ref is None or occasion.head_ref.isprintable()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[" * 100_000, b"\xff", b'"x"', b"null", b'{"a":1}{}']
)
def test_an_event_that_is_none_says_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(data)

    occasion = read_occasion({**PUSH, "GITHUB_EVENT_PATH": str(path)})

    assert occasion is not None
    assert (occasion.pull_request, occasion.default_branch) == (None, None)


@pytest.mark.parametrize("place", ["", ".", "no such file", "/dev/null"])
def test_an_event_that_is_nowhere_says_nothing(place: str) -> None:
    occasion = read_occasion({**PUSH, "GITHUB_EVENT_PATH": place})

    assert occasion is not None
    assert occasion.default_branch is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("pull_request", "head", "base", "repo", "id", "sha", "number"),
                    *("issue", "inputs", "repository", "default_branch"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_no_event_makes_anything_but_an_occasion(
    tmp_path_factory: pytest.TempPathFactory, event: object
) -> None:
    folder = tmp_path_factory.getbasetemp()

    occasion = read(folder, event, **PULL)

    assert occasion is not None
    assert occasion.pull_request is None or occasion.pull_request > 0
    assert occasion.default_branch is None or occasion.default_branch.isprintable()
