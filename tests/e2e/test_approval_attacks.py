"""Every way to get a release through that the people who decide have not agreed to.

Each is tried on the real program, with real Git and real `ssh-keygen`. The gate is
judged before anything is touched, so nothing is deployed, save in the test that shows
that the same steps, done honestly, do open it.
"""

import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import docker_service
import pytest
from cli_project import CliProject
from docker_service import Service
from moved_clock import MovedProject
from ssh_people import Person, needs_ssh

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images
from sluicegate.audit.statements.predicates import APPROVAL_NAMESPACE, Answering
from sluicegate.audit.statements.signed import format_signed
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Answer

pytestmark = [needs_ssh, pytest.mark.docker]

HOUR = timedelta(hours=1)
SIGNED = {
    "ann": "ann@acme.org",
    "ann-2": "ann@home.example",
    "bob": "bob@acme.org",
    "bot": "acme-ci[bot]",
    "cora": "cora@acme.org",
    "deploy": "deploy@acme.org",
    "dev": "dev@acme.org",
    "dev-2": "dev@home.example",
    "eve": "eve@acme.org",
    "late": "late@acme.org",
    "rita": "rita@acme.org",
}
"""Keys, and the names that `allowed_signers` has for them."""
SIGNERS = ".github/allowed_signers"
PIPELINE_FILE = "sluicegate.yaml"
PIPELINE = """\
schema: sluicegate/v1
name: {name}_release_v1.0
stages:
  lint: {{uses: ruff, gate: ["lint.findings < 9"]}}
  check: {{uses: command, run: sh check.sh, inputs: [check.sh]}}
  build: {{uses: docker-build, image: {name}}}
  canary: {{uses: canary, environment: production}}
people:
  ann: [ann@acme.org, "github:ann", ann@home.example]
  bob: [bob@acme.org]
  cora: [cora@acme.org]
  eve: [eve@acme.org]
  late: [late@acme.org]
  dev: [dev@acme.org, dev@home.example, test@example.org]
  rita: [rita@acme.org, "user:{uid}"]
services: [deploy@acme.org]
groups:
  leads: [ann, bob, cora, dev, late, rita]
  security: [eve]
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
    approvals:
      count: 2
      from: ["@leads", "@security"]
      one_of_each: ["@leads", "@security"]
      expires: {{request: 3d, approval: 1d}}
"""


@dataclass
class World:
    """A project whose release waits for a lead and somebody of security."""

    root: Path
    name: str
    moved: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        folder, home = self.root / "project", self.root / "home"
        self.project = MovedProject(folder, home, moved=self.moved)

    def person(self, name: str) -> Person:
        """Somebody with a key; not all of them are listed."""
        return Person(name, self.root / "keys" / f"{name}-ed25519")

    def write_pipeline(self, port: int) -> str:
        """The pipeline file; whoever runs these tests is rita."""
        return PIPELINE.format(name=self.name, port=port, uid=os.getuid())

    @property
    def origin(self) -> str:
        """The name of the log."""
        checkpoint = self.project.folder / ".sluicegate/audit/checkpoint"
        return checkpoint.read_text().partition("\n")[0]

    @property
    def request(self) -> Digest:
        """The newest request."""
        return Digest.parse(self.found("release.requested")[-1]["request"])

    def found(self, kind: str) -> list[dict[str, Any]]:
        """The entries of the log of a type, oldest first."""
        return [entry for entry in self.project.entries() if entry["type"] == kind]

    def signed(self, person: Person, answering: Answering, **more: Any) -> bytes:  # noqa: ANN401 - fields of a statement
        """What *person* leaves in an inbox; *more* is what only an attacker writes."""
        now = more.pop("created", self.project.now())
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        nonce = os.urandom(16).hex()
        statement = Statement(self.origin, answering, now, now + 12 * HOUR, nonce)
        payload = format_statement(replace(statement, **more))
        return format_signed(payload, person.sign(payload, APPROVAL_NAMESPACE))

    def say(
        self,
        name: str,
        answer: Answer = Answer.APPROVE,
        *,
        request: Digest | None = None,
        environment: str = "production",
        leave: bool = True,
        **more: Any,  # noqa: ANN401 - fields of a statement
    ) -> bytes:
        """Let somebody answer, and leave it in the inbox beside the log."""
        reason = "" if answer is Answer.APPROVE else "no"
        answering = Answering(request or self.request, environment, answer, reason)
        data = self.signed(self.person(name), answering, **more)
        if leave:
            self.put(data)
        return data

    def put(self, data: bytes) -> None:
        """Leave *data* in the inbox."""
        inbox = self.project.folder / ".sluicegate/inbox"
        inbox.mkdir(exist_ok=True)
        (inbox / f"{Digest.of(data).hex[:16]}.json").write_bytes(data)

    def resume(self, code: int = 3) -> str:
        """Go on with the run; all that is said."""
        return self.sluice("resume", code=code)

    def sluice(self, *arguments: str, code: int) -> str:
        """All that the program says, with which nothing has opened the gate."""
        done = self.project.sluice(*arguments, check=code)
        assert self.found("environment.entered") == []
        return " ".join((done.stdout + done.stderr).split())

    def release(self, files: dict[str, str], *branch: str, code: int = 3) -> str:
        """Commit *files*, on a *branch* of its own, and run; all that is said."""
        if branch:
            self.project.git("checkout", "-q", "-b", *branch)
        self.project.commit(files, "more")
        return self.sluice("run", code=code)

    def merge(self, files: dict[str, str]) -> None:
        """Change the protected branch, and go back to what is released."""
        here = self.project.git("rev-parse", "HEAD")
        self.project.commit(files, "change the rules")
        self.project.git("checkout", "-q", "--detach", here)

    def kept(self, digest: Digest) -> Path:
        """The file of evidence with that digest, for somebody to change."""
        folder = self.project.folder / ".sluicegate/evidence/sha256"
        file = folder / digest.hex[:2] / digest.hex
        file.chmod(0o644)
        return file

    def read(self, name: str) -> str:
        """A file of the project."""
        return (self.project.folder / name).read_text()

    def copy(self, place: Path) -> "World":
        """The same with a disk of its own."""
        shutil.copytree(self.root, place, symlinks=True)
        return World(place, self.name, self.project.moved)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A project, its people, and a request that is open."""
    root = tmp_path_factory.mktemp("begun")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    world = World(root, f"attacks-{port}")
    people = {who: Person.make(root / "keys", who) for who in (*SIGNED, "mallory")}
    end = f'valid-before="{world.project.now() + HOUR:%Y%m%d%H%M%S}Z"'
    signers = "".join(
        people[who].line(end if who == "late" else "", name)
        for who, name in SIGNED.items()
    )
    project = CliProject.make(
        root,
        docker_service.files(Service("v1"))
        | {"sluicegate.yaml": world.write_pipeline(port), SIGNERS: signers}
        | {"check.sh": "true\n"},
    )
    project.git(
        *("commit", "-q", "--amend", "-m", "begin"),
        *("-m", "Co-authored-by: Cora <Cora@ACME.org>"),
    )
    state = root / "home/.local/state/sluicegate/targets" / world.name / "production"
    try:
        assert "sluice approve" in world.sluice("run", code=3)
        yield world
    finally:
        remove_environment(world.name, "production", state)
        remove_images(world.name)


@pytest.fixture
def world(begun: World, tmp_path: Path) -> World:
    """An open request."""
    return begun.copy(tmp_path / "world")


@pytest.fixture(scope="module")
def agreed(begun: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A lead and security have approved, and it is in the log."""
    world = begun.copy(tmp_path_factory.mktemp("agreed") / "world")
    world.say("eve")
    world.say("ann")
    world.project.sluice("audit", "absorb", check=0)
    return world


@pytest.fixture
def approved(agreed: World, tmp_path: Path) -> World:
    """A request that only has to be resumed."""
    return agreed.copy(tmp_path / "world")


def test_a_lead_and_security_open_it_by_the_command_and_once(world: World) -> None:
    first = world.request
    for name in ("ann", "eve"):
        key = str(world.person(name).key)
        arguments = ("approve", first.hex, "--sign-with", key, "--yes")
        world.project.sluice(*arguments, check=0)

    world.project.sluice("resume", check=0)

    (entered,) = world.found("environment.entered")
    assert {one["person"] for one in entered["approvals"]} == {"ann", "eve"}
    assert entered["request"] == str(first)
    assert entered["override"] is False
    world.project.sluice("audit", "verify", check=0)
    # The very same people have to say it again for what comes next.
    world.project.commit(docker_service.files(Service("v2")), "v2")
    world.project.sluice("run", check=3)
    for name in ("ann", "eve"):
        world.say(name, request=first)
    said = world.project.sluice("resume", check=3).stderr
    assert said.count("that request was used already") == 2
    assert world.request != first
    assert len(world.found("environment.entered")) == 1


@pytest.fixture(scope="module")
def crowd(begun: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said where security has approved, and everybody who is no other lead.

    Were one of them counted, the gate would open.
    """
    world = begun.copy(tmp_path_factory.mktemp("crowd") / "world")
    early = world.project.now()
    for name in ("dev", "dev-2", "cora", "rita", "bot", "deploy", "late", "mallory"):
        world.say(name, created=early)
    world.say("ann", environment="staging", created=early)
    world.say("ann", log="log.example/other", created=early)
    world.say("ann", created=early + 3 * HOUR)
    world.say("bob", Answer.OVERRIDE, created=early)
    rejected = world.say("bob", Answer.REJECT, leave=False, created=early)
    world.put(rejected.replace(b"reject", b"approve"))
    world.say("eve", created=early)
    world.project.moved = 2 * HOUR
    return world.resume()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("dev@acme.org", "author of"),
        ("dev@home.example", "author of"),
        ("cora@acme.org", "author of"),
        ("rita@acme.org", "asked for this release"),
        ("acme-ci[bot]", "a service or a bot is no person"),
        ("deploy@acme.org", "a service or a bot is no person"),
    ],
    ids=["author", "second key", "co-author", "requester", "bot", "service"],
)
def test_who_must_not_approve_does_not_count(crowd: str, name: str, why: str) -> None:
    assert f"approve of {name} does not count: {why}" in crowd


def test_a_key_that_had_ended_when_it_was_recorded_does_not_count(crowd: str) -> None:
    """It says that it was signed before, but that is only what it says."""
    assert "approve production, request" in crowd
    assert re.search("does not count: its signature does not hold: .*expired", crowd)


def test_an_approval_for_another_environment_does_not_count(crowd: str) -> None:
    assert "that request is about production, not staging" in crowd


@pytest.mark.parametrize(
    "why",
    [
        "it is about another log, log.example/other",
        "it is of the future",
        "its signature does not hold",
        f"is not in {SIGNERS}@",
    ],
    ids=["another repository", "dated ahead", "changed", "a stranger"],
)
def test_what_nobody_may_say_is_not_even_recorded(crowd: str, why: str) -> None:
    assert "not taken into the log" in crowd
    assert why in crowd


def test_who_may_approve_may_not_break_the_glass_for_that(crowd: str) -> None:
    assert "override of bob@acme.org does not count" in crowd


def test_two_keys_of_one_person_are_one_person(world: World) -> None:
    world.say("ann")
    world.say("ann-2")

    said = world.resume()

    assert re.search("approve of ann@.* does not count: ann is counted already", said)
    assert "1 more of @security" in said


def test_an_approval_of_another_artifact_is_worth_nothing(approved: World) -> None:
    old = approved.request

    said = approved.release(docker_service.files(Service("v2")))

    assert approved.request != old
    assert "1 more of @leads" in said
    assert "1 more of @security" in said


def test_an_approval_expires(approved: World) -> None:
    approved.project.moved = 25 * HOUR

    said = approved.resume()

    assert said.count("does not count: it has expired, after 1 d") == 2


def test_a_request_expires_however_young_its_approvals_are(world: World) -> None:
    old = world.request
    world.project.moved = 73 * HOUR
    world.say("eve")
    world.say("ann")

    said = world.resume()

    assert f"request {old.hex[:12]} has expired" in said
    assert world.request != old


def test_a_key_that_was_removed_since_counts_no_more(approved: World) -> None:
    ann = approved.person("ann").public
    lines = approved.read(SIGNERS).splitlines(keepends=True)
    approved.merge({SIGNERS: "".join(line for line in lines if ann not in line)})

    said = approved.resume()

    assert f"its key is not in {SIGNERS}@" in said


def test_rules_of_the_released_branch_do_not_count(approved: World) -> None:
    """They ask for less; and nothing that was approved before has a say in them."""
    loose = re.sub(
        r"(?s)    approvals:.*",
        "    approvals: {from: [mallory@x]}\n",
        approved.read(PIPELINE_FILE),
    )
    assert "@leads" not in loose
    files = {PIPELINE_FILE: loose.replace("_v1.0", "_v1.1")}

    said = approved.release(files, "feature", code=1)

    assert "the pipeline file is none that refs/heads/main has or has had" in said


def test_signers_of_the_released_branch_do_not_count(world: World) -> None:
    mallory = world.person("mallory")
    main = world.project.git("rev-parse", "main")
    names = ("ann@acme.org", "eve@acme.org")
    files = {SIGNERS: "".join(mallory.line(name=name) for name in names)}
    world.release(files, "feature")
    world.say("mallory")

    assert f"{mallory.fingerprint} is not in {SIGNERS}@{main}" in world.resume()


def test_a_stage_that_moves_the_protected_branch_gets_nothing_judged(
    world: World,
) -> None:
    """Its programs can write into the clone. What is judged by is where it was."""
    alone = re.sub(r"(?s)    approvals:.*", "", world.read(PIPELINE_FILE))
    assert "approvals" not in alone
    world.project.git("checkout", "-q", "-b", "feature")
    world.project.commit(
        {
            PIPELINE_FILE: alone.replace("_v1.0", "_v1.1"),
            "check.sh": "git update-ref refs/heads/main HEAD\n",
        },
        "more",
    )

    said = world.sluice("run", code=4)

    assert "refs/heads/main is at" in said
    moved = world.project.git("rev-parse", "main")
    assert moved == world.project.git("rev-parse", "feature"), "nothing was tried"


def test_a_reject_ends_the_request_whatever_was_said_before(approved: World) -> None:
    approved.say("bob", Answer.REJECT)

    assert "rejected by bob: no" in approved.resume(code=1)
    approved.say("cora")
    approved.resume(code=2)


def test_a_kept_statement_that_was_changed_is_tampering(approved: World) -> None:
    answered = approved.found("request.answered")[0]
    file = approved.kept(Digest.parse(answered["statement"]))
    file.write_bytes(file.read_bytes().replace(b"approve", b"APPROVE"))

    approved.resume(code=5)
    approved.project.sluice("audit", "verify", check=5)


def test_a_request_that_was_exchanged_is_tampering(approved: World) -> None:
    file = approved.kept(approved.request)
    honest = file.read_bytes()
    file.write_bytes(honest.replace(b'"requester":[', b'"requester":["user:9",'))
    assert file.read_bytes() != honest

    approved.resume(code=5)
    key = str(approved.person("bob").key)
    request = approved.request.hex
    approved.sluice("approve", request, "--sign-with", key, "--yes", code=5)


def test_a_file_of_evidence_that_was_exchanged_is_tampering(approved: World) -> None:
    lint = next(e for e in approved.found("stage.finished") if e["stage"] == "lint")
    report = lint["evidence"]["files"][0]["digest"]["sha256"]
    approved.kept(Digest(report)).write_bytes(b"{}")

    approved.resume(code=5)


def test_what_no_commit_holds_is_not_released_under_rules(world: World) -> None:
    (world.project.folder / "check.sh").write_text("true # by nobody\n")

    said = world.sluice("run", "--allow-dirty", code=2)
    assert "changes that no commit holds: nobody could tell who made them" in said


def test_what_no_recorder_has_noted_is_not_taken_into_the_log(world: World) -> None:
    # What a program may do that can write, and has no key: note that it was entered.
    last = [e for e in world.project.entries() if "run_id" in e][-1]
    common = {
        key: last[key]
        for key in ("actor", "machine", "recorded_ts", "run_id", "schema", "source")
    }
    entered: dict[str, Any] = {
        "type": "environment.entered",
        "stage": "canary",
        "environment": "production",
        "policy": f"sha256:{'0' * 64}",
        "branch": "refs/heads/main",
        "commit": "0" * 40,
        "conditions": [],
        "approvals": [],
        "override": False,
        "size": 1,
    }
    started: dict[str, Any] = {"type": "stage.started", "stage": "canary", "attempt": 2}
    started["start_ts"] = last["recorded_ts"]
    resumed: dict[str, Any] = {"type": "run.resumed"}
    lines = []
    for seq, event in enumerate((resumed, started, entered), start=last["seq"] + 1):
        more = {"tool": last["tool"], "seq": seq, "event_id": f"{seq:026}"}
        entry = json.dumps(common | more | event, sort_keys=True, separators=(",", ":"))
        check = hashlib.sha256(entry.encode()).hexdigest()[:16]
        lines.append(f"{check} {entry}\n")
    journal = world.project.folder / f".sluicegate/journal/{last['run_id']}.journal"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text("".join(lines))

    assert "no recorder of this log has written a line" in world.resume(code=5)
    journal.unlink()
    assert "pending: stopped at canary" in world.resume()


def test_a_clock_that_was_set_back_is_no_clock_to_judge_by(approved: World) -> None:
    approved.project.moved = -2 * HOUR

    assert "this machine's clock says" in approved.resume(code=4)
