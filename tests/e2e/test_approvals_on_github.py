"""Approvals on GitHub, with real Git and a GitHub that keeps to its description."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from cli_project import clean_environment
from fake_github import FakeGitHub, Run, State, serve
from fakes import FakeClock
from hosted_place import WORKFLOW, HostedPlace
from hosted_runs import APPROVE

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.host import GithubHost
from sluicegate.errors import ExternalError
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Change
from sluicegate.wiring.github.answers import (
    take_in_all,
    take_in_run,
)

MINUTE = timedelta(minutes=1)
ROLLOUT = ".github/workflows/rollout.yml"
RULES = "{count: 2, from: [ann, bob, eve], by: [dispatch, comment], exclude: []}"


@dataclass
class Hosted:
    """A project on a GitHub, whose release waits for two people there."""

    place: HostedPlace
    github: FakeGitHub
    request: Digest

    def dispatch(self, by: str, **changes: str) -> Run:
        """Let somebody start the approve workflow, and say yes."""
        run = self.github.state.add_run(
            APPROVE,
            title=f"sluice approve {self.request.hex}",
            actor=by,
            sha=self.place.git("rev-parse", "HEAD"),
        )
        for name, value in changes.items():
            setattr(run, name, value)
        return run

    @property
    def host(self) -> GithubHost:
        """GitHub, as a job is let in."""
        name = self.github.state.repository.name
        token = self.github.token
        return GithubHost(GithubClient(self.github.url, token, name, FakeClock()))

    def take(self, run: Run) -> str:
        """Take in a run; why it is no answer, empty if it is one."""
        (answer,) = take_in_run(self.place.inboxes, self.host, run.id).answers
        return answer.reason

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `sluice` where the log's key is."""
        homes = {
            f"XDG_{each.upper()}_HOME": str(self.place.home / each)
            for each in ("config", "state", "cache")
        }
        return subprocess.Popen(
            [sys.executable, "-m", "sluicegate", *arguments],
            cwd=self.place.service,
            env=clean_environment(
                self.place.home,
                **homes,
                GITHUB_API_URL=self.github.url,
                GITHUB_REPOSITORY=self.github.state.repository.name,
                SLUICE_GITHUB_TOKEN=self.github.token,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def sluice(self, *arguments: str, check: int = 0) -> str:
        """What it says."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == check, said
        return said

    def counted(self) -> int:
        """How many answers the log has."""
        return len(self.place.entries("answer.attested"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hosted]:
    place = HostedPlace.make(tmp_path, RULES)
    (place.folder / ROLLOUT).write_text("on: [workflow_dispatch, schedule]\n")
    place.commit("add rollout")
    with serve(State(time=place.asked_at + 10 * MINUTE)) as github:
        state = github.state
        state.repository.git_dir = place.folder / ".git"
        for path in (APPROVE, ROLLOUT):
            state.workflow(path)
        place.made = Change(place.git("rev-parse", "HEAD"), ("t@example.org",), "add")
        url = f"https://github.com/{state.repository.name}.git"
        yield Hosted(place, github, place.ask(repository=url))
        assert github.violations == []


def test_two_people_approve_and_the_rollout_is_started_once(world: Hosted) -> None:
    first = world.dispatch("ann")
    text = world.sluice("approvals", "take", "--run", str(first.id))
    assert "ann approves request" in text
    assert "missing: 1 more (bob, eve may; ann said yes already)" in text

    world.dispatch("bob")
    said = json.loads(world.sluice("approvals", "take", "--json"))
    assert said["requests"][0]["verdict"] == "open"
    assert said["requests"][0]["missing"] == []
    runs = world.github.state.repository.runs
    assert [run.path for run in runs].count(ROLLOUT) == 1

    again = take_in_all(world.place.inboxes, world.host)
    assert again.answers == ()
    assert [each.verdict for each in again.requests] == [Verdict.OPEN]
    assert world.counted() == 2
    assert [run.path for run in runs].count(ROLLOUT) == 1


def test_what_github_shows_of_forgeries_is_refused(world: Hosted) -> None:
    short = f"sluice approve {world.request.hex[:12]}"
    runs = {
        world.dispatch("eve").id: "eve had the role read in acme/shop",
        world.dispatch("bob", triggering_actor="ann").id: "bob started it, and ann",
        world.dispatch("bob", conclusion="failure").id: "it ended with failure",
        world.dispatch("github-actions[bot]").id: "github-actions[bot] is a bot",
        world.dispatch("bob", title=short).id: "its title is not `sluice approve`",
    }

    taken = take_in_all(world.place.inboxes, world.host)

    reasons = {int(each.place[4:]): each.reason for each in taken.answers}
    assert reasons.keys() == runs.keys()
    for number, reason in runs.items():
        assert reasons[number].startswith(reason)
    assert world.counted() == 0


def test_a_workflow_that_was_pushed_by_force_and_back_is_no_answer(
    world: Hosted,
) -> None:
    place, good = world.place, world.place.git("rev-parse", "HEAD")
    (place.folder / APPROVE).write_text(WORKFLOW + "# approves by itself\n")
    place.commit("evil")
    run = world.dispatch("bob")
    place.git("reset", "-q", "--hard", good)

    assert "is not in the history of main, as fetched last" in world.take(run)
    assert world.counted() == 0


def test_a_run_that_is_deleted_counts_if_it_was_taken_in_before(world: Hosted) -> None:
    kept, lost = world.dispatch("ann"), world.dispatch("bob")
    assert world.take(kept) == ""
    world.github.state.repository.runs.clear()

    assert world.take(lost) == f"there is no run {lost.id}, or not any more"
    assert world.take(kept) == ""
    assert world.counted() == 1


def test_a_github_that_is_down_loses_nothing_and_opens_nothing(world: Hosted) -> None:
    run = world.dispatch("bob")
    faults, tokens = world.github.faults, dict(world.github.state.tokens)
    for fault in (
        partial(faults.answer, 500, times=None),
        partial(faults.answer, 403, "GET", "/collaborators/"),
        partial(faults.cut, "before", times=None),
        world.github.state.tokens.clear,
    ):
        fault()
        with pytest.raises(ExternalError):
            world.take(run)
        faults.clear()
        assert world.counted() == 0

    world.github.state.tokens |= tokens
    faults.limit_rate(wait=60)  # it waits for as long as it is told to
    faults.answer(503, "GET", "/actions/runs/")  # once: it is tried again
    assert world.take(run) == ""
    assert world.counted() == 1


def test_what_was_recorded_and_could_not_be_started_is_told(world: Hosted) -> None:
    world.take(world.dispatch("ann"))
    world.github.faults.answer(403, "POST", "/dispatches")
    run = world.dispatch("bob")

    taken = take_in_run(world.place.inboxes, world.host, run.id)

    assert [each.verdict for each in taken.requests] == [Verdict.OPEN]
    assert taken.trouble
    assert world.counted() == 2


def test_two_recorders_at_once_count_an_answer_once(world: Hosted) -> None:
    world.dispatch("ann")
    both = [world.start("approvals", "take") for _ in range(2)]
    for process in both:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said

    assert world.counted() == 1
