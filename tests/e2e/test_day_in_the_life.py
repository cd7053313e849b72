"""Days in the life of a team: two who decide, two environments, real traffic.

A request, a no, a mended request, a yes of each group, a soak time, a freeze, a canary,
a rollback; and at the end the question of an auditor. Docker, Traefik, Git and
`ssh-keygen` are real; between two commands the clock of the machine is moved.
"""

import http.client
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import docker_service
import pytest
from cli_project import CliProject
from docker_service import Service
from load import Load, constant_load
from moved_clock import MovedProject
from ssh_people import Person, needs_ssh

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [needs_ssh, pytest.mark.docker]

HOUR = timedelta(hours=1)
NAMES = frozenset({"v1", "v2"})
STAGES = """\
schema: sluicegate/v1
name: {name}_release_v1.0
stages:
  build: {{uses: docker-build, image: {name}}}
  staging: {{uses: canary, environment: staging, {canary}}}
  production: {{uses: canary, environment: production, {canary}}}
"""
CANARY = "steps: [50], block: 1s, deadline: 1m, judge: {slack: 0.05}"
BEFORE = """\
environments:
  staging:
    target: {{uses: docker, port: 8000, publish: {staging}, drain: 1s}}
  production:
    target: {{uses: docker, port: 8000, publish: {production}, drain: 1s}}
"""
SINCE = """\
people:
  ann: [ann@acme.org]
  eve: [eve@acme.org]
  dev: [test@example.org, "user:{uid}"]
groups: {{leads: [ann], security: [eve]}}
environments:
  staging:
    target: {{uses: docker, port: 8000, publish: {staging}, drain: 1s}}
    approvals: {{count: 2, one_of_each: ["@leads", "@security"]}}
  production:
    target: {{uses: docker, port: 8000, publish: {production}, drain: 1s}}
    approvals: {{count: 2, one_of_each: ["@leads", "@security"], expires: 2d}}
    after: {{staging: 24h}}
    freeze:
      - {{from: "{begins}", to: "{ends}", reason: "the fair"}}
"""


@dataclass
class Team:
    """A service with v1 in production, which from then on follows rules."""

    project: MovedProject
    name: str
    ports: dict[str, int]
    keys: Path
    begins: datetime
    ends: datetime

    @property
    def request(self) -> str:
        """The newest request."""
        found = [e for e in self.project.entries() if e["type"] == "release.requested"]
        return str(found[-1]["request"]).removeprefix("sha256:")

    def release(self, service: Service) -> str:
        """Commit a release and run; all that is said, as the gate is pending."""
        self.project.commit(docker_service.files(service), f"release {service.name}")
        self.project.git("tag", "--force", service.name)
        return self.sluice("run", code=3)

    def answer(self, name: str, word: str, *more: str) -> str:
        """Let somebody answer the newest request; what they are shown."""
        key = str(self.keys / f"{name}-ed25519")
        return self.sluice(word, self.request, "--sign-with", key, "--yes", *more)

    def sluice(self, *arguments: str, code: int = 0) -> str:
        """All that the program says, in one line."""
        done = self.project.sluice(*arguments, check=code)
        return " ".join((done.stdout + done.stderr).split())

    def serving(self, environment: str) -> str:
        """The release that answers."""
        port = self.ports[environment]
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            client.request("GET", "/")
            return client.getresponse().read().decode().strip()
        finally:
            client.close()


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Both environments are gone afterwards."""
    for who in ("ann", "eve"):
        Person.make(tmp_path / "keys", who)
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        ports = {"staging": one.getsockname()[1], "production": other.getsockname()[1]}
    name = f"life-{ports['production']}"
    files = docker_service.files(Service("v1"))
    stages = STAGES.format(name=name, canary=CANARY)
    files["sluicegate.yaml"] = stages + BEFORE.format(**ports)
    made = CliProject.make(tmp_path, files)
    project = MovedProject(made.folder, made.home)
    now = project.now().replace(microsecond=0)
    keys, freeze = tmp_path / "keys", (now + 20 * HOUR, now + 30 * HOUR)
    try:
        yield Team(project, name, ports, keys, *freeze)
    finally:
        for environment in ports:
            state = made.home / ".local/state/sluicegate/targets" / name / environment
            remove_environment(name, environment, state)
        remove_images(name)


def test_days_in_the_life_of_two_people_and_two_environments(team: Team) -> None:
    began = team.project.now()
    release_without_rules(team)
    adopt_rules(team)
    ask_and_mend(team)
    agree_on_staging(team)

    team.project.wait_until(began + 25 * HOUR)
    agree_on_production_in_the_freeze(team)
    team.project.wait_until(began + 31 * HOUR)
    promote_after_the_freeze(team)
    team.project.wait_until(began + 32 * HOUR)
    go_back(team)

    team.project.wait_until(began + 40 * 24 * HOUR)
    answer_the_auditor(team, began + 31.5 * HOUR)


def release_without_rules(team: Team) -> None:
    team.project.git("tag", "v1")

    team.sluice("run")

    assert team.serving("production") == "v1"


def adopt_rules(team: Team) -> None:
    people = {who: Person(who, team.keys / f"{who}-ed25519") for who in ("ann", "eve")}
    stages = STAGES.format(name=team.name, canary=CANARY)
    rules = SINCE.format(
        uid=os.getuid(),
        begins=team.begins.isoformat(),
        ends=team.ends.isoformat(),
        **team.ports,
    )
    signers = "".join(one.line(name=f"{who}@acme.org") for who, one in people.items())
    team.project.commit(
        {"sluicegate.yaml": stages + rules, ".github/allowed_signers": signers}, "rules"
    )


def ask_and_mend(team: Team) -> None:
    said = team.release(Service("v2", fail=0.5))
    refused = team.request
    assert f"sluice approve {refused[:12]}" in said

    team.answer("ann", "reject", "--reason", "every other bird fails")

    said = team.sluice("resume", code=1)
    assert "rejected by ann: every other bird fails" in said
    team.release(Service("v2"))
    assert team.request != refused


def agree_on_staging(team: Team) -> None:
    shown = team.answer("ann", "approve", "--reason", "mended")
    assert "release v2 into staging" in shown
    said = team.sluice("resume", code=3)
    assert "approved by ann; 1 more of @security (eve may)" in said
    team.answer("eve", "approve")

    with constant_load(team.ports["staging"], NAMES) as load:
        said = team.sluice("resume", code=3)

    check(load)
    assert team.serving("staging") == "v2"
    assert team.serving("production") == "v1"
    assert "stable in staging since" in said


def agree_on_production_in_the_freeze(team: Team) -> None:
    for who in ("ann", "eve"):
        assert "was promoted" not in team.answer(who, "approve")

    said = team.sluice("resume", code=3)

    assert "frozen until" in said
    assert "the fair" in said
    assert "more of @" not in said
    assert team.serving("production") == "v1"


def promote_after_the_freeze(team: Team) -> None:
    """Nobody has to say it again."""
    with constant_load(team.ports["production"], NAMES) as load:
        team.sluice("resume")

    check(load)
    assert team.serving("production") == "v2"


def go_back(team: Team) -> None:
    said = team.sluice("rollback", "production", code=3)
    assert "more of @leads" in said
    shown = team.answer("ann", "approve", "--reason", "the fair has reopened")
    assert "ROLLBACK to v1" in shown
    assert "staging was promoted with no request judged" in shown
    team.answer("eve", "approve")

    with constant_load(team.ports["production"], NAMES) as load:
        team.sluice("resume")

    check(load)
    assert team.serving("production") == "v1"


def check(load: Load) -> None:
    """Both have served, and nobody has noticed."""
    assert load.failures == {}
    assert load.answers.keys() == {("v1", 200), ("v2", 200)}


def answer_the_auditor(team: Team, when: datetime) -> None:
    """Who approved what was running then?"""
    moment = when.strftime("%Y-%m-%dT%H:%M")

    told = team.sluice("environments", "production", "--at", moment)

    (entered,) = (
        entry
        for entry in team.project.entries()
        if entry["type"] == "environment.entered"
        and entry["environment"] == "production"
        and entry["recorded_ts"] < when.isoformat()
    )
    assert {one["person"] for one in entered["approvals"]} == {"ann", "eve"}
    assert "v2: all the traffic from" in told
    for one in entered["approvals"]:
        assert f"{one['person']}, key {one['key']} statement {one['statement']}" in told
    assert f"request {entered['request']}" in told
    team.sluice("audit", "verify")
