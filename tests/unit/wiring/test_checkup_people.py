"""Unit tests of `sluicegate.wiring.checkup_people`, with real keys and repositories."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_project import CliProject, clean_environment
from hosted_place import HostedPlace
from log_world import World as LogWorld
from log_world import started
from ssh_people import Person, needs_ssh

from sluicegate.audit.reader import LogReader
from sluicegate.model.digest import Digest
from sluicegate.model.event import CountedApproval, EnvironmentEntered
from sluicegate.model.log_event import EnvironmentLocked
from sluicegate.report.checkup import Check, State
from sluicegate.wiring.checkup_people import PeopleCheckup
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

pytestmark = needs_ssh

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  hello: {uses: command, run: echo hi}
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
people: {ann: [ann@acme.org], bob: [bob@acme.org], eve: [eve@acme.org]}
groups: {leads: [ann, bob], security: [eve]}
environments:
  production:
    target: {uses: docker, port: 8000}
"""
RULES = """\
    approvals: {count: 2, from: ["@leads", eve]}
    override: {from: ["@security"]}
"""
SIGNERS = ".github/allowed_signers"


@dataclass
class World:
    """A project whose releases wait for two of ann, bob and eve."""

    root: Path
    project: CliProject

    def person(self, name: str) -> Person:
        return Person(f"{name}@acme.org", self.root / "keys" / f"{name}-ed25519")

    def be(self, name: str) -> None:
        """Be somebody, with a key of their own, on this machine."""
        ssh = self.project.home / ".ssh"
        ssh.mkdir(exist_ok=True)
        for ending in ("", ".pub"):
            key = f"{self.person(name).key}{ending}"
            shutil.copy(key, ssh / f"id_ed25519{ending}")
        self.project.git("config", "user.email", f"{name}@acme.org")

    def checks(self, log: LogReader | None = None) -> dict[str, Check]:
        """What is said, by name."""
        machine = Machine(clean_environment(self.project.home))
        project = Project(machine, self.project.folder / "sluicegate.yaml")
        return {each.name: each for each in PeopleCheckup(project, log).checks()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    for name in ("ann", "bob", "eve"):
        Person.make(tmp_path / "keys", name)
    found = World(tmp_path, CliProject.make(tmp_path, {"a": ""}))
    lines = "".join(
        found.person(name).line('namespaces="sluicegate-*"') for name in ("ann", "eve")
    )
    found.project.commit({"sluicegate.yaml": PIPELINE + RULES, SIGNERS: lines}, "x")
    return found


def test_the_doctor_looks_at_all_that_an_approval_needs(world: World) -> None:
    world.be("ann")

    found = world.checks()

    assert "people must approve production" in found["rules"].where
    assert found["signers"].version == "2 names"
    assert found["approvals of production"].state is State.WARNING  # of your own ones
    assert found["key of bob"].where == (
        f"bob may approve production, and has no key in {SIGNERS}"
    )
    assert found["requester"].where.startswith("ann, by the rules")
    assert found["your key"].version == "ann@acme.org"
    assert found["your key"].where.endswith("id_ed25519 may approve production")
    assert found["history"].state is found["ssh-keygen"].state is State.FOUND
    assert "override of production" not in found  # eve could break the glass


def test_a_key_of_two_people_approves_nothing(world: World) -> None:
    world.be("bob")
    shared = world.person("bob").line(name="bob@acme.org,ann@acme.org")
    own = world.person("ann").line() + world.person("eve").line()
    world.project.commit({SIGNERS: own + shared}, "share a key")

    found = world.checks()

    assert "nobody can say who signed" in found["key of bob"].where
    assert found["your key"].state is State.WARNING
    assert "approves nothing here" in found["your key"].where
    assert found["your key"].advice.endswith("of bob@acme.org, ann@acme.org")


def test_the_doctor_says_when_a_release_could_never_be_approved(world: World) -> None:
    lines = world.person("ann").line() + world.person("eve").line('namespaces="git"')
    world.project.commit({SIGNERS: lines}, "keys for other things")

    found = world.checks()

    assert found["approvals of production"].state is State.MISSING
    assert "never enough: 1 more" in found["approvals of production"].where
    assert "not permitted for use" in found["key of eve"].where
    assert "nobody could break the glass" in found["override of production"].where
    assert found["requester"].state is State.MISSING
    assert "stay pending" in found["requester"].where
    assert '["user:' in found["requester"].advice
    assert found["your key"].state is State.MISSING
    assert not found["your key"].is_lacking


def test_the_doctor_follows_its_own_advice(world: World) -> None:
    world.project.git("config", "user.email", "rita@acme.org")
    before = world.checks()["requester"]
    line = before.advice.partition("under people: ")[2].partition(" (or")[0]
    text = (PIPELINE + RULES).replace("people: {", f"people: {{{line}, ")
    world.project.commit({"sluicegate.yaml": text}, "know rita")

    after = world.checks()["requester"]

    assert before.is_lacking
    assert after.where.startswith("rita, ")


def test_what_only_the_work_tree_says_is_not_what_is_judged_by(world: World) -> None:
    world.project.git("checkout", "-q", "-b", "loose")
    world.project.commit({"sluicegate.yaml": PIPELINE}, "ask nobody")

    assert "approvals of production" in world.checks()

    world.project.git("branch", "-D", "main")
    world.project.commit({"sluicegate.yaml": PIPELINE + RULES}, "ask again")
    rules = world.checks()["rules"]

    assert rules.state is State.MISSING
    assert "which branch is the protected one" in rules.where


def test_nothing_is_said_where_nobody_is_asked(world: World) -> None:
    world.project.commit({"sluicegate.yaml": PIPELINE}, "ask nobody")

    assert world.checks() == {}


def test_a_shallow_clone_and_a_file_of_keys_that_is_gone_are_said(
    world: World,
) -> None:
    (world.project.folder / SIGNERS).unlink()
    world.project.commit({}, "no keys")
    clone = world.root / "clone"
    address = f"file://{world.project.folder}"
    subprocess.run(["git", "clone", "-q", "--depth=1", address, clone], check=True)

    found = World(world.root, CliProject(clone, world.project.home)).checks()

    assert "as last fetched" in found["rules"].where
    assert "unshallow" in found["history"].advice
    assert f"there is no {SIGNERS}" in found["signers"].where


def test_a_lock_and_an_override_are_a_line_each(world: World) -> None:
    log = LogWorld.begin()
    by = (CountedApproval(Digest.of(b"yes"), "eve", "SHA256:eve"),)
    entered = EnvironmentEntered(
        stage="canary",
        environment="production",
        policy=Digest.of(b"rules"),
        branch="refs/heads/main",
        commit="a" * 40,
        conditions=(),
        approvals=by,
        override=True,
        size=0,
        request=Digest.of(b"request"),
    )
    log.append("01JDA00000000000000000000R", started(), entered)
    log.record(EnvironmentLocked("production", "an audit\nuntil friday"))

    found = world.checks(log.log)

    lock, override = found["lock of production"], found["override of production"]
    assert lock.state is override.state is State.WARNING
    assert lock.where.endswith(": an audit until friday")
    assert lock.advice.endswith("`sluice unlock production --reason TEXT`")
    assert override.where.startswith("by eve, ")
    assert "`sluice overrides close " in override.advice


def test_a_policy_that_was_never_read_here_is_not_fetched(world: World) -> None:
    pin = (
        f"extends: {{git: {world.root}/org, commit: {'a' * 40}, path: p.yaml,"
        f" digest: sha256:{'0' * 64}}}\n"
    )
    world.project.commit({"sluicegate.yaml": PIPELINE + pin}, "as the others do")

    found = world.checks()["rules of production"]

    assert found.state is State.WARNING
    assert "was never read here" in found.where
    assert not (world.project.home / ".cache").exists()


def test_without_ssh_keygen_no_answer_can_be_verified(world: World) -> None:
    tools = world.root / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git") or "")
    environ = clean_environment(world.project.home, PATH=str(tools))
    project = Project(Machine(environ), world.project.folder / "sluicegate.yaml")

    checks = {each.name: each for each in PeopleCheckup(project, None).checks()}

    assert checks["ssh-keygen"].is_lacking
    assert "openssh-client" in checks["ssh-keygen"].advice


def test_nobody_needs_a_key_where_runs_are_answers(tmp_path: Path) -> None:
    rules = "{count: 2, from: [bob, eve], by: [dispatch]}"
    place = HostedPlace.make(tmp_path, rules)
    file = place.service / "sluicegate.yaml"

    found = list(PeopleCheckup(Project(place.machine, file), None).checks())

    named = {check.name: check for check in reversed(found)}
    assert named["signers"].state is State.FOUND
    assert named["approvals of production"].state is State.FOUND

    place.write_rules("{count: 1, from: [bob, eve]}")
    place.commit("count signatures")
    found = list(PeopleCheckup(Project(place.machine, file), None).checks())
    (signers,) = (check for check in found if check.name == "signers")
    assert signers.state is State.MISSING
