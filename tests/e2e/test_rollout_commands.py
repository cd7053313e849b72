"""A rollout in ticks, and what people decide about it: the real program and engine."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import docker_service
import pytest
from docker_service import Service
from moved_clock import MovedProject
from ssh_people import Person, needs_ssh

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [needs_ssh, pytest.mark.docker]

STAGES = """\
schema: sluicegate/v1
name: {name}_release_v1.{version}
stages:
  build: {{uses: docker-build, image: {name}}}
  canary: {{uses: canary, environment: production, steps: [50], deadline: 1h{more}}}
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
"""
RULES = """\
    approvals: {{count: 2, from: [ann, eve], exclude: [author]}}
people:
  ann: [ann@acme.org]
  eve: [eve@acme.org]
  dev: [test@example.org, "user:{uid}"]
"""


@dataclass
class World:
    """A service with v1 in production, and v2 that is to be released."""

    project: MovedProject
    name: str
    port: int
    keys: Path

    def configure(self, version: int, *, rules: bool = False, more: str = "") -> None:
        """Commit another pipeline file."""
        text = STAGES.format(
            name=self.name, port=self.port, version=version, more=more
        ) + (RULES.format(uid=os.getuid()) if rules else "")
        people = [Person(who, self.keys / f"{who}-ed25519") for who in ("ann", "eve")]
        lines = "".join(one.line(name=f"{one.name}@acme.org") for one in people)
        self.project.commit(
            {"sluicegate.yaml": text, ".github/allowed_signers": lines}, "configure"
        )

    def commit(self, service: Service) -> None:
        self.project.commit(docker_service.files(service), f"release {service.name}")

    def sluice(self, *arguments: str, code: int = 0) -> str:
        """All that the program says, in one line."""
        done = self.project.sluice(*arguments, check=code)
        return " ".join((done.stdout + done.stderr).split())

    def tick(self, code: int = 3) -> str:
        return self.sluice("rollout", "tick", "production", code=code)

    def decide(self, word: str, who: str | None = None, code: int = 0) -> str:
        """Say what is to become of the rollout, as *who* or with the log's key."""
        key = self.keys / f"{who}-ed25519"
        signed = ("--sign-with", str(key)) if who else ()
        return self.sluice(
            *("rollout", word, "production", "--reason", f"{who} says so", *signed),
            code=code,
        )

    def pass_time(self, time: timedelta) -> None:
        self.project.moved += time

    def standing(self) -> dict[str, Any]:
        document = self.project.document("rollout", "status", "--json")
        (found,) = document["rollouts"]
        return dict(found)

    def results(self) -> list[str]:
        entries = self.project.entries()
        return [one["result"] for one in entries if one["type"] == "rollout.finished"]

    def weights(self) -> list[int]:
        entries = self.project.entries()
        return [one["percent"] for one in entries if one["type"] == "weight.confirmed"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    for who in ("ann", "eve"):
        Person.make(tmp_path / "keys", who)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    name = f"ticks-{port}"
    project = MovedProject.make(tmp_path, docker_service.files(Service("v1")))
    assert isinstance(project, MovedProject)
    made = World(project, name, port, tmp_path / "keys")
    try:
        made.configure(0)
        made.sluice("run")
        made.commit(Service("v2"))
        yield made
    finally:
        state = project.home / ".local/state/sluicegate/targets" / name / "production"
        remove_environment(name, "production", state)
        remove_images(name)


def test_a_detached_rollout_goes_on_in_ticks_whatever_is_checked_out(
    world: World,
) -> None:
    said = world.sluice("run", "--detach", code=3)
    assert "sluice rollout tick production" in said
    world.project.commit({"notes.txt": "later work"}, "later work")

    assert "pending" in world.tick()
    world.decide("pause")
    world.tick()
    world.pass_time(timedelta(hours=3))
    assert "paused since" in world.tick()
    assert world.standing()["paused_since"] is not None
    assert not world.standing()["overdue"]
    world.decide("pause")
    world.decide("resume")  # between two ticks: the newer word is the one that holds
    world.pass_time(timedelta(minutes=2))
    page = world.project.folder.parent / "sluice.prom"
    world.sluice(
        *("rollout", "tick", "production", "--metrics-textfile", str(page)), code=3
    )
    assert world.standing()["progress"]["percent"] == 50
    where = f'environment="production",pipeline="{world.name}_release_v1.0"'
    shown = page.read_text()
    assert f'sluice_rollout_weight_ratio{{{where},stage="canary"}} 0.5' in shown
    assert 'sluice_run_outcome{outcome="pending",' in shown

    world.pass_time(timedelta(hours=1))
    assert world.standing()["overdue"]
    assert "OVERDUE" in world.sluice("rollout", "status")
    assert "without a verdict" in world.tick(code=1)

    assert world.results() == ["deployed", "rolled_back"]
    assert world.weights() == [100, 50, 0]
    replayed = world.sluice("rollout", "replay")
    assert "rolled back: as recorded judged" in replayed
    assert world.project.git("worktree", "list").count("\n") == 0
    assert "no rollout is under way" in world.tick(code=0)
    world.sluice("audit", "verify")


def test_what_entering_took_it_takes_to_promote_and_one_person_can_stop_it(
    world: World,
) -> None:
    world.configure(1, rules=True)
    world.sluice("run", "--detach", code=3)
    requests = world.project.document("approvals", "--json")["requests"]
    for who in ("ann", "eve"):
        key = str(world.keys / f"{who}-ed25519")
        asked = requests[0]["request"].removeprefix("sha256:")
        world.sluice("approve", asked, "--sign-with", key, "--yes")
    world.sluice("resume", "--detach", code=3)

    world.decide("promote", "ann")
    assert "promote is not done yet" in world.tick()
    assert "no SSH key" in world.decide("promote", code=2)  # the log's key is not one
    world.decide("promote", "eve")
    said = world.tick(code=0)

    assert "promoted by ann, eve" in said
    assert world.results()[-1] == "promoted"
    (directed,) = (
        one for one in world.project.entries() if one["type"] == "rollout.directed"
    )
    assert {one["person"] for one in directed["by"]} == {"ann", "eve"}
    world.sluice("audit", "verify")


def test_a_newer_release_waits_unless_it_may_supersede(world: World) -> None:
    world.sluice("run", "--detach", code=3)
    world.commit(Service("v3"))

    said = world.sluice("run", "--detach", code=3)
    assert "is under way in production" in said
    assert world.standing()["release"] != "v3"

    world.configure(1, more=", on_newer: supersede")
    world.sluice("run", "--detach", code=3)

    assert world.results() == ["deployed", "rolled_back"]
    newest = world.project.git("rev-parse", "HEAD")
    assert world.standing()["commit"] == newest
    judged = [e for e in world.project.entries() if e["type"] == "canary.judged"]
    assert [one["cause"] for one in judged] == ["first-release", "superseded"]


def test_an_overdue_rollout_is_settled_by_the_next_run(world: World) -> None:
    world.sluice("run", "--detach", code=3)
    world.commit(Service("v3"))
    world.pass_time(timedelta(hours=2))

    said = world.sluice("run", "--detach", code=3)

    assert "is overdue, and is settled first" in said
    assert world.results() == ["deployed", "rolled_back"]
    assert world.standing()["commit"] == world.project.git("rev-parse", "HEAD")
    world.decide("abort")
    world.tick(code=1)
    assert world.results() == ["deployed", "rolled_back", "rolled_back"]
    world.sluice("audit", "verify")
