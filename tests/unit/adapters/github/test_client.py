"""The client against a fake GitHub that does everything wrong that it can."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from fake_github import FakeGitHub, State, serve
from fakes import FakeClock

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.host import GithubHost
from sluicegate.errors import (
    ExternalError,
    Interrupted,
    PermanentError,
    TransientError,
)
from sluicegate.model.code_host import (
    Account,
    Annotation,
    CheckConclusion,
    CheckRun,
    CommitStatus,
    DeploymentState,
    StatusState,
)
from sluicegate.ports.code_host import MissingPermissionError

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
APPROVE = ".github/workflows/approve.yml"
MARKER = "<!-- sluicegate -->"


@dataclass
class Place:
    """A GitHub with one commit and one pull request, and the host that asks it."""

    github: FakeGitHub
    clock: FakeClock
    commit: str
    issue: int

    def host(self, token: str | None = None, name: str = "acme/shop") -> GithubHost:
        token = token or self.github.token
        return GithubHost(GithubClient(self.github.url, token, name, self.clock))

    @property
    def waited_seconds(self) -> float:
        return self.clock.elapsed_ms / 1000


@pytest.fixture
def place() -> Iterator[Place]:
    state = State(time=NOW)
    commit = state.add_commit({APPROVE: b"on: workflow_dispatch\n"})
    issue = state.add_pull("topic", commit).number
    state.add_run(APPROVE, title="sluice")
    with serve(state) as github:
        yield Place(github, FakeClock(), commit, issue)
        assert github.violations == []


Act = Callable[[Place], object]


def check_of(place: Place, annotations: int = 1, run: str = "1") -> CheckRun:
    every = (
        Annotation(f"{line}.py", line, line, "failure", "wrong")
        for line in range(1, annotations + 1)
    )
    return CheckRun(
        "sluicegate",
        place.commit,
        run,
        CheckConclusion.FAILURE,
        "closed",
        "no",
        tuple(every),
        "https://example.com/run",
    )


def put_check(place: Place) -> str:
    return place.host().put_check(check_of(place))


def put_comment(place: Place) -> str:
    return place.host().put_comment(place.issue, MARKER, f"{MARKER}\nhello")


def set_status(place: Place) -> None:
    status = CommitStatus("sluicegate/log", StatusState.SUCCESS, "size 3")
    place.host().set_status(place.commit, status)


def create_deployment(place: Place) -> int:
    payload = {"request": "a" * 64}
    return (
        place.host().create_deployment(place.commit, "production", payload, "").number
    )


def set_state(place: Place) -> None:
    host = place.host()
    made = host.create_deployment(place.commit, "production", {}, "")
    host.set_deployment_state(made.number, DeploymentState.SUCCESS, description="done")


def upload(place: Place) -> str:
    sarif = json.dumps({"version": "2.1.0", "runs": []}).encode()
    return place.host().upload_sarif(place.commit, "refs/heads/main", sarif)


def read_runs(place: Place) -> list[int]:
    found = place.host().runs(
        "approve.yml", event="workflow_dispatch", branch="main", since=NOW
    )
    return [run.number for run in found]


READS: tuple[Act, ...] = (
    read_runs,
    lambda place: place.host().repository(),
    lambda place: place.host().content(APPROVE, place.commit),
    lambda place: place.host().is_ancestor(place.commit, "main"),
    lambda place: place.host().commit_accounts(place.commit),
    lambda place: list(place.host().comments(place.issue)),
    lambda place: list(place.host().statuses(place.commit)),
    lambda place: place.host().role(Account("ann", 101, is_person=True)),
    lambda place: list(place.host().deployments(place.commit, "production")),
)
# What each of them leaves behind, as the repository counts it.
WRITES: tuple[tuple[Act, str], ...] = (
    (put_check, "checks"),
    (put_comment, "comments"),
    (set_status, "statuses"),
    (create_deployment, "deployments"),
    (set_state, "deployments"),
    (upload, "sarifs"),
)
EVERY: tuple[Act, ...] = (*READS, *(act for act, _ in WRITES))


def name_of(act: object) -> str | None:
    return getattr(act, "__name__", None)


@pytest.mark.parametrize("where", ["before", "within", "after", "spoilt"])
def test_a_question_without_a_whole_answer_is_asked_again(
    place: Place, where: str
) -> None:
    for act in READS:
        expected, before = act(place), place.waited_seconds
        if where == "spoilt":
            place.github.faults.spoil(times=2)
        else:
            place.github.faults.cut(where, times=2)  # type: ignore[arg-type]

        assert act(place) == expected
        assert place.github.faults.left == 0
        assert place.waited_seconds > before


def test_github_being_down_is_an_error_after_a_while(place: Place) -> None:
    place.github.faults.answer(503, times=None)
    for act in EVERY:
        before = place.waited_seconds
        with pytest.raises(TransientError, match="status 503") as error:
            act(place)

        assert "githubstatus" in str(error.value.hint)
        assert 5 < place.waited_seconds - before <= 300


def test_limits_are_waited_for(place: Place) -> None:
    for act in EVERY:
        place.github.faults.limit_abuse(wait=30)
        place.github.faults.limit_abuse(wait=None, status=429)
        before = place.waited_seconds

        act(place)

        assert place.github.faults.left == 0
        assert 90 <= place.waited_seconds - before < 100


def test_a_stop_while_waiting_ends_it(place: Place) -> None:
    place.github.faults.answer(503, times=None)
    for act in EVERY:
        place.clock.stop_after_ms = place.clock.elapsed_ms + 3000
        with pytest.raises(Interrupted):
            act(place)


@pytest.mark.parametrize(("act", "kind"), WRITES, ids=name_of)
@pytest.mark.parametrize("where", ["before", "within", "after"])
def test_what_is_cut_off_is_there_once(
    place: Place, act: Act, kind: str, where: str
) -> None:
    place.github.faults.cut(where, "POST")  # type: ignore[arg-type]

    act(place)

    assert place.github.faults.left == 0
    there = getattr(place.github.state.repository, kind)
    # A second upload takes the place of the first.
    assert len(there) == (2 if kind == "sarifs" and where != "before" else 1)


@pytest.mark.parametrize(("act", "kind"), WRITES, ids=name_of)
def test_a_write_that_failed_on_their_side_is_there_once(
    place: Place, act: Act, kind: str
) -> None:
    place.github.faults.answer(500, "POST")
    place.github.faults.answer(502, "POST")

    act(place)

    assert len(getattr(place.github.state.repository, kind)) == 1


def test_a_write_that_fails_for_ever_is_an_error_though_reading_works(
    place: Place,
) -> None:
    place.github.faults.answer(500, "POST", times=None)

    with pytest.raises(TransientError, match="status 500"):
        put_check(place)
    assert len(place.github.asked("checks/list-for-ref")) == 5


def test_a_dispatch_is_never_repeated(place: Place) -> None:
    place.github.faults.cut("after", "POST")
    before = len(place.github.state.repository.runs)

    with pytest.raises(TransientError, match="no answer"):
        place.host().dispatch("approve.yml", branch="main", inputs={})

    assert len(place.github.state.repository.runs) == before + 1


def test_a_dispatch_says_which_run_it_became(place: Place) -> None:
    started = place.host().dispatch("approve.yml", branch="main", inputs={})

    (_, run) = place.github.state.repository.runs
    assert started.run == run.id
    assert started.url == f"https://github.com/acme/shop/actions/runs/{run.id}"


def test_annotations_go_in_portions_and_come_once(place: Place) -> None:
    check = check_of(place, annotations=120)
    place.github.faults.cut("after", "PATCH")

    place.host().put_check(check)
    place.host().put_check(check)

    (known,) = place.github.state.repository.checks
    assert [each["path"] for each in known.annotations] == [
        f"{line}.py" for line in range(1, 121)
    ]
    sent = [*place.github.asked("checks/create"), *place.github.asked("checks/update")]
    sizes = [len(each.body["output"].get("annotations", ())) for each in sent]
    assert max(sizes) == 50


def test_a_check_of_a_job_with_the_same_name_is_not_ours(place: Place) -> None:
    state = place.github.state
    place.host().put_check(check_of(place, run="of a job"))
    before = len(state.repository.checks)

    put_check(place)

    assert len(state.repository.checks) == before + 1


def test_a_comment_that_goes_away_at_this_moment_is_made_again(place: Place) -> None:
    put_comment(place)
    place.github.faults.answer(404, "PATCH", message="Not Found")

    put_comment(place)

    assert len(place.github.state.repository.comments) == 2


@pytest.mark.parametrize("token", ["ghs_expired", "ghp_never_there"])
def test_a_token_that_is_none_is_said_to_be(place: Place, token: str) -> None:
    with pytest.raises(PermanentError, match="does not accept the token") as error:
        place.host(token).repository()

    assert "expired" in str(error.value.hint)
    assert token not in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize(
    "ask",
    [
        lambda host: host.repository(),
        lambda host: host.run(1),
        lambda host: list(host.comments(1)),
        lambda host: host.content(APPROVE, "0" * 40),
    ],
)
def test_a_repository_that_cannot_be_seen_is_not_an_empty_one(
    place: Place, ask: Callable[[GithubHost], object]
) -> None:
    with pytest.raises(PermanentError, match="no repository acme/other") as error:
        ask(place.host(name="acme/other"))

    assert "is the token for this repository" in str(error.value.hint)


@pytest.mark.parametrize("act", [act for act, _ in WRITES], ids=name_of)
def test_the_token_of_a_fork_is_told_what_it_lacks(place: Place, act: Act) -> None:
    place.github.token = "ghs_fork"  # noqa: S105 - of the fake

    with pytest.raises(
        MissingPermissionError, match=r"lacks `[a-z-]+: write`"
    ) as error:
        act(place)

    assert f"permissions: {{{error.value.permission}}}" in str(error.value.hint)
    assert "fork" in str(error.value.hint)


@pytest.mark.parametrize(
    "accepted",
    ["administration=read", "organization_plan=read,metadata=read"],
)
def test_what_no_workflow_can_have_is_said_to_be_so(
    place: Place, accepted: str
) -> None:
    place.github.faults.answer(403, permission=accepted)

    with pytest.raises(MissingPermissionError) as error:
        place.host().repository()

    assert "no workflow's own token can have" in str(error.value.hint)


@pytest.mark.parametrize(
    "message",
    [
        "Repository was archived so is read-only.",
        "Code scanning is not enabled for this repository.",
        "Resource protected by organization SAML enforcement.",
    ],
)
def test_what_no_permission_mends_is_not_said_to_be_one(
    place: Place, message: str
) -> None:
    place.github.faults.answer(403, message=message)

    with pytest.raises(PermanentError, match="403") as error:
        place.host().repository()

    assert not isinstance(error.value, MissingPermissionError)
    assert message.rstrip(".") in str(error.value)


def test_a_repository_that_has_moved_is_not_followed(place: Place) -> None:
    there = {"Location": "https://evil.example/repositories/7001"}
    place.github.faults.answer(301, headers=there, message="Moved Permanently")

    with pytest.raises(PermanentError, match=r"redirects to 'https://evil\.example"):
        place.host().repository()


def test_more_of_a_list_is_asked_of_the_same_host_only(place: Place) -> None:
    there = {"Link": '<https://api.github.com.evil.example/more>; rel="next"'}
    place.github.faults.answer(200, "GET", "/comments", headers=there)

    with pytest.raises(ExternalError):
        list(place.host().comments(place.issue))


def test_every_question_names_the_version_of_the_api(place: Place) -> None:
    for act in EVERY:
        act(place)

    versions = {each.headers["x-github-api-version"] for each in place.github.exchanges}
    assert versions == {"2022-11-28"}
    accepted = {each.headers["accept"] for each in place.github.exchanges}
    assert "*/*" not in accepted
