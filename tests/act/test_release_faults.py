"""What must not come of the full picture, whatever happens while its workflows run.

Each case is a release of its own; one of them is drawn by default, all are run by
SLUICE_FULL=1.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from act.shop import DOCKERFILE, Shop, open_shop
from act.world import SECRET
from draws import begin_draw

pytestmark = [
    pytest.mark.docker,
    pytest.mark.trivy,
    pytest.mark.exhaustive,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

LOG = "refs/heads/sluicegate-audit"
REQUESTED = "release.requested"


def a_closed_scan_is_recorded_and_nothing_comes_of_it(shop: Shop) -> None:
    shop.world.push({"Dockerfile": DOCKERFILE.replace("USER 10001\n", "")}, "As root")
    done = shop.world.on_push()
    assert done.results == {
        "test/test": "success",
        "build/build": "success",
        "scan/scan": "success",  # let go on, see `forgive`
        "record/record": "failure",
    }, done.text
    assert done.jobs["scan/scan"].outputs["verdict"] == "closed"
    assert done.jobs["record/record"].outputs["verdict"] == "closed"
    assert done.jobs["record/record"].outputs["reason-code"] == "gate-closed"
    kinds = shop.kinds()
    assert REQUESTED not in kinds
    assert "publish.requested" not in kinds
    assert shop.registry.tags("acme/shop") == set()


def closed_tests_are_recorded_and_nothing_is_built(shop: Shop) -> None:
    shop.world.push({"check.py": "raise SystemExit(1)\n"}, "Break it")
    done = shop.world.on_push()
    assert done.results == {"test/test": "success", "record/record": "failure"}
    assert done.jobs["record/record"].outputs["reason-code"] == "gate-closed"
    assert "run.finished" in shop.kinds()


def without_a_key_nothing_is_recorded_published_or_asked(shop: Shop) -> None:
    del shop.world.secrets[SECRET]
    done = shop.release("v1")
    assert done.jobs["record/record"].outputs["verdict"] == "closed", done.text
    assert done.jobs["record/record"].outputs["reason-code"] == "not-recorded"
    assert "record/attest" not in done.results
    assert "NOT RECORDED" in done.jobs["record/record"].text
    assert shop.registry.tags("acme/shop") == set()
    assert shop.world.git("ls-remote", "origin", LOG) == ""
    done = shop.world.dispatch(
        "approve.yml", "bob", request="0" * 64, decision="approve"
    )
    assert done.results == {"approve": "failure"}


def a_pull_request_from_a_fork_is_judged_and_leaves_nothing(shop: Shop) -> None:
    shop.world.git("switch", "-q", "-c", "evil")
    shop.world.commit({"www/index.html": "evil\n"}, "Better", "eve")
    done = shop.world.on_pull_request("evil", actor="eve", fork="eve/shop")
    assert done.results == {
        "test/test": "success",
        "build/build": "success",
        "scan/scan": "success",
        "record/show": "success",
    }, done.text
    assert shop.registry.tags("acme/shop") == set()
    assert shop.world.git("ls-remote", "origin", LOG) == ""
    repository = shop.world.state.repository
    assert (repository.statuses, repository.checks, repository.comments) == ([], [], [])


def a_pull_request_of_the_repository_is_shown_by_a_job_without_the_key(
    shop: Shop,
) -> None:
    shop.world.git("switch", "-q", "-c", "better")
    shop.world.commit({"www/index.html": "better\n"}, "Better", "bob")
    done = shop.world.on_pull_request("better")
    assert done.jobs["record/show"].result == "success", done.text
    assert len(shop.world.state.repository.comments) == 1, done.text
    assert shop.world.git("ls-remote", "origin", LOG) == ""
    assert shop.registry.tags("acme/shop") == set()


def two_runs_at_once_lose_no_entry(shop: Shop) -> None:
    first = shop.world.push({"www/index.html": "v1\n"}, "v1")
    second = shop.world.push({"www/index.html": "v2\n"}, "v2")
    runs = [
        threading.Thread(target=shop.world.on_push, kwargs={"commit": each})
        for each in (first, second)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    for done in shop.world.runs:
        assert done.jobs["record/record"].outputs["verdict"] == "pending", done.text
    assert shop.kinds().count(REQUESTED) == 2
    assert shop.world.on_schedule("audit.yml").results == {"audit": "success"}


def a_run_that_is_run_again_asks_again_and_doubles_no_image(shop: Shop) -> None:
    first = shop.release("v1")
    run = shop.world.state.repository.runs[-1]
    run.run_attempt, run.triggering_actor = 2, "bob"
    again = shop.world.again(run)
    assert again.jobs["record/record"].outputs["verdict"] == "pending", again.text
    digests = {
        done.jobs["record/record"].outputs["image-digest"] for done in (first, again)
    }
    assert len(digests) == 1
    assert shop.world.on_schedule("audit.yml").results == {"audit": "success"}


def an_approval_that_is_run_again_opens_nothing(shop: Shop) -> None:
    record = shop.release("v1").jobs["record/record"].outputs
    done = shop.world.dispatch(
        "approve.yml", "ann", request=record["request-id"], decision="approve"
    )
    assert done.jobs["approve"].outputs["verdict"] == "pending", done.text
    run = shop.world.state.repository.runs[-1]
    run.run_attempt, run.triggering_actor = 2, "bob"
    again = shop.world.again(run)
    assert again.jobs["approve"].outputs["verdict"] == "pending", again.text
    assert "rollout/production" not in again.results
    assert "environment.entered" not in shop.kinds()


def a_commit_that_was_pushed_away_is_released_only_by_people_who_see_it(
    shop: Shop,
) -> None:
    gone = shop.world.push({"www/index.html": "gone\n"}, "Gone")
    shop.world.git("reset", "-q", "--hard", "HEAD~1")
    kept = shop.world.commit({"www/index.html": "kept\n"}, "Kept")
    shop.world.git("push", "-q", "--force", "origin", "main")
    shop.world.state.repository.branches["main"] = kept
    done = shop.world.on_push(commit=gone)
    assert done.jobs["record/record"].outputs["verdict"] == "pending", done.text
    assert "environment.entered" not in shop.kinds()
    request = done.jobs["record/record"].outputs["request-id"]
    shown = shop.world.project.sluice("approvals", request, check=0).stdout
    assert "is not in the history of refs/remotes/origin/main" in shown


CASES: tuple[Callable[[Shop], None], ...] = (
    a_closed_scan_is_recorded_and_nothing_comes_of_it,
    closed_tests_are_recorded_and_nothing_is_built,
    without_a_key_nothing_is_recorded_published_or_asked,
    a_pull_request_from_a_fork_is_judged_and_leaves_nothing,
    a_pull_request_of_the_repository_is_shown_by_a_job_without_the_key,
    two_runs_at_once_lose_no_entry,
    a_run_that_is_run_again_asks_again_and_doubles_no_image,
    an_approval_that_is_run_again_opens_nothing,
    a_commit_that_was_pushed_away_is_released_only_by_people_who_see_it,
)
# Drawn when it runs, not when it is collected: every worker has to find the same tests.
DRAWN = (None,)


@pytest.fixture
def shop(tmp_path: Path, forgiving_action: Path, action_home: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, forgiving_action, action_home) as found:
        yield found


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "case",
    CASES if os.environ.get("SLUICE_FULL") else DRAWN,
    ids=lambda case: "drawn" if case is None else case.__name__,
)
def test_nothing_comes_of_it(shop: Shop, case: Callable[[Shop], None] | None) -> None:
    if case is None:
        case = begin_draw().choice(CASES)
        print(case.__name__)
    case(shop)
    for secret in shop.world.secrets.values():
        assert secret not in shop.trace
