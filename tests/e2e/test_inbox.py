"""Two people and a recorder: who has no log key signs, and the recorder takes it in."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from ssh_people import Person, agent_with, needs_ssh

from sluicegate.adapters.inboxes.folder import FolderInbox
from sluicegate.audit.envelope import Actor
from sluicegate.audit.log_recorder import Signed
from sluicegate.audit.statements.absorbing import Outcome
from sluicegate.audit.statements.predicates import HoldPlacing, HoldReleasing
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.errors import UsageError
from sluicegate.model.address import Address
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldReleased
from sluicegate.wiring.absorbing import Absorption, open_recorder
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.stating import Stating

pytestmark = needs_ssh

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  hello: {uses: command, run: echo hi}
"""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recorder, who has a log, the remote, and a laptop's clone."""
    root = tmp_path_factory.mktemp("begun")
    ann = Person.make(root / "ann", "ann")
    for place in ("origin", "recorder", "laptop/home"):
        (root / place).mkdir(parents=True)
    recorder = CliProject.make(
        root / "recorder",
        {"sluicegate.yaml": PIPELINE, ".github/allowed_signers": ann.line()},
    )
    recorder.git("clone", "-q", "--bare", ".", "../../origin/churn")
    recorder.git("remote", "add", "origin", "../../origin/churn")
    recorder.git("fetch", "-q", "origin")
    recorder.sluice("run", check=0)
    recorder.git("clone", "-q", "../../origin/churn", "../../laptop/project")
    laptop = CliProject(root / "laptop/project", root / "laptop/home")
    laptop.git("remote", "set-url", "origin", "../../origin/churn")
    return root


@pytest.fixture
def world(begun: Path, tmp_path: Path) -> "World":
    shutil.copytree(begun, tmp_path / "world", symlinks=True)
    return World(tmp_path / "world")


class World:
    """A recorder, who has a log, and a laptop, which has a clone and no log."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ann = Person("ann", root / "ann/ann-ed25519")
        self.recorder = CliProject(root / "recorder/project", root / "recorder/home")
        self.laptop = CliProject(root / "laptop/project", root / "laptop/home")

    @property
    def origin(self) -> str:
        """The name of the log."""
        checkpoint = self.recorder.folder / ".sluicegate/audit/checkpoint"
        return checkpoint.read_text().partition("\n")[0]

    def state(
        self, *arguments: str, person: Person | None = None, check: int = 0
    ) -> "subprocess.CompletedProcess[str]":
        """Sign on the laptop, which knows the log only by its name."""
        key = str((person or self.ann).key)
        return self.laptop.sluice(
            "audit", "hold", *arguments, "--sign-with", key, check=check
        )

    def place(
        self,
        name: str = "a.json",
        person: Person | None = None,
        *,
        reason: str = "case 7",
        log: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> Path:
        """Leave a signed hold on everything in a file, in this process; the file."""
        file = self.root / name
        machine = Machine({**environ, "HOME": str(self.laptop.home)})
        key = (person or self.ann).key
        stating = Stating(machine, self.laptop.folder, log or self.origin, key)
        stating.leave(
            HoldPlacing(HoldScope(), reason),
            timedelta(days=1),
            FolderInbox(file.parent, file.name),
        )
        return file

    def absorb_here(self) -> list[Outcome]:
        """Take statements in, in this process, as a recorder of its own."""
        machine = Machine({**os.environ, "HOME": str(self.recorder.home)})
        project = self.recorder.folder
        place = LogPlace(machine, Address.parse(".sluicegate/audit"), project)
        inboxes = Inboxes(place, project / "sluicegate.yaml")
        return Absorption(inboxes, open_recorder(place)).absorb()

    def absorb(self, *places: str | Path, check: int = 0) -> dict[str, str | None]:
        """Take statements in; why each was refused, by the name of its file."""
        done = self.recorder.sluice(
            "audit", "absorb", *map(str, places), "--json", check=check
        )
        return {
            Path(one["place"]).name: one["refused"]
            for one in json.loads(done.stdout)["statements"]
        }

    def holds(self) -> list[dict[str, Any]]:
        """The holds that were placed, by their entries."""
        return [e for e in self.recorder.entries() if e["type"] == "hold.placed"]


def test_a_hold_is_signed_pushed_and_taken_in_by_the_next_run(world: World) -> None:
    said = world.state(
        *("place", "--scope", "entries:0-2", "--reason", "the regulator asked"),
        *("--to-inbox", "git:origin"),
    )
    assert "not in force yet: a signed statement waits in the branch" in said.stdout
    assert f"about the log {world.origin}," in said.stdout
    assert world.holds() == []
    pipeline = PIPELINE + "audit: {inbox: 'git:origin'}\n"
    world.recorder.commit({"sluicegate.yaml": pipeline}, "look there")

    run = world.recorder.sluice("run", check=0)

    assert "hold on entries:0-2: the regulator asked, signed by ann" in run.stdout
    (entry,) = world.holds()
    assert entry["scope"] == "entries:0-2"
    assert entry["actor"]["id"] == world.ann.fingerprint
    assert "sluicegate-inbox" not in world.recorder.git("ls-remote", "origin")
    verified = world.recorder.sluice("audit", "verify", check=0)
    assert "  statements 1 signature holds\n" in verified.stdout
    blind = world.recorder.document("audit", "verify", "--no-evidence")
    not_checked = {"evidence was not looked at": 1}
    assert blind["signatures"] == {"hold": 0, "not_checked": not_checked}
    # Whose signature it was can be shown with other tools, from log and evidence alone.
    digest = entry["statement"].removeprefix("sha256:")
    evidence = world.recorder.folder / ".sluicegate/evidence/sha256"
    (world.root / "sig").write_text(
        "-----BEGIN SSH SIGNATURE-----\n"
        f"{entry['signature']}\n-----END SSH SIGNATURE-----\n"
    )
    path, _, commit = entry["actor"]["issuer"].partition("@")
    (world.root / "signers").write_text(world.recorder.git("show", f"{commit}:{path}"))
    subprocess.run(
        [
            *("ssh-keygen", "-Y", "verify", "-n", "sluicegate-statement", "-I", "ann"),
            *("-f", world.root / "signers", "-s", world.root / "sig"),
        ],
        input=(evidence / digest[:2] / digest).read_bytes(),
        check=True,
    )

    world.state(
        *("release", entry["event_id"], "--reason", "it is over"),
        *("--to-inbox", str(world.root / "b.json")),
    )
    world.absorb(world.root / "b.json")
    assert world.recorder.document("audit", "hold", "list") == {"holds": []}


def test_a_statement_beside_the_log_stays_out_of_git(world: World) -> None:
    world.laptop.sluice("audit", "hold", "list", check=2)  # there is no log

    said = world.state("place", "--scope", "all", "--reason", "case 7")

    assert "/.sluicegate/inbox/" in said.stdout
    assert world.laptop.git("status", "--porcelain") == ""


def test_an_inbox_that_is_named_and_not_there_is_an_error(world: World) -> None:
    for place in ("inbxo", "dir:inbxo", "no.json"):
        done = world.recorder.sluice("audit", "absorb", place, check=2)
        assert f"there is no inbox at {place}" in done.stderr


def test_who_has_the_key_records_at_once_and_in_words(world: World) -> None:
    placed = world.recorder.sluice(
        *("audit", "hold", "place", "--scope", "all", "--reason", "case \x1b[2J 7"),
        check=0,
    )
    assert "on all, entry 5" in placed.stdout
    assert "can still delete" in placed.stdout.replace("\n", " ")
    shown = world.recorder.sluice("audit", "hold", "list", check=0).stdout
    assert "\x1b" not in shown
    assert "case \\x1b[2J 7" in shown
    (entry,) = world.holds()
    hold = entry["event_id"]

    ended = world.recorder.sluice(
        "audit", "hold", "release", hold[-10:], "--reason", "over", check=0
    )

    assert f"released {hold} on all" in ended.stdout
    assert world.recorder.sluice("audit", "hold", "list").stdout.strip() == (
        "no hold is in force"
    )


def test_every_attack_is_refused_with_its_reason(world: World) -> None:
    mallory = Person.make(world.root / "mallory", "mallory")
    bob = Person.make(world.root / "bob", "bob", "rsa", "-b", "3072")
    cut = Person.make(world.root / "cut", "cut")
    old = Person.make(world.root / "old", "old")
    signers = (
        world.ann.line()
        + bob.line()
        + cut.line('namespaces="git"')
        + old.line('valid-before="20260101000000"')
    )
    world.recorder.commit({".github/allowed_signers": signers}, "more people")
    world.recorder.git("push", "-q", "origin", "HEAD:main")
    # The released commit and the work tree would let mallory in.
    world.recorder.commit({".github/allowed_signers": mallory.line()}, "let me in")
    evil = world.recorder.folder / ".github/allowed_signers"
    evil.write_text(f"{mallory.line()}\n")
    box = world.root / "box"
    good = world.place("box/good.json")
    text = good.read_text()
    for person in (bob, mallory, cut, old):
        world.place(f"box/{person.name}.json", person)
    (box / "tampered.json").write_text(text.replace("case 7", "case 8"))
    (box / "longer.json").write_text(text.replace("case 7", "case 7 "))
    statement = json.loads(text)
    statement["signature"] = world.ann.sign(statement["statement"].encode(), "git")
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    (box / "namespace.json").write_text(canonical)
    (box / "twice.json").write_text(text.replace("{", '{"schema":"x",', 1))
    (box / "huge.json").write_bytes(b" " * 10_000_000)
    (box / "link.json").symlink_to(good)
    os.mkfifo(box / "pipe.json")
    world.place("box/other.json", log="log.example/other")

    refused = world.absorb(box, check=1)

    reasons = {name.removesuffix(".json"): why for name, why in refused.items()}
    tip = world.recorder.git("rev-parse", "origin/main")
    nobody = f"is not in .github/allowed_signers@{tip}"
    assert reasons.pop("mallory") == f"{mallory.fingerprint} {nobody}"
    for name, why in {
        "cut": "not permitted for use in signature namespace",
        "old": "key has expired",
        "tampered": "incorrect signature",
        "longer": "incorrect signature",
        "namespace": "it was signed for 'git'",
        "twice": "canonical JSON",
        "huge": "larger than",
        "link": "a symbolic link",
        "pipe": "not a file",
        "other": "it is about another log, log.example/other",
    }.items():
        assert why in (reasons.pop(name) or "accepted"), name
    assert reasons == {"good": None, "bob": None}
    assert len(world.holds()) == 2
    assert not good.exists()
    good.write_text(text)
    assert world.absorb(good) == {"good.json": None}, "a replay is cleared away"
    assert len(world.holds()) == 2


def test_who_has_the_log_key_cannot_sign_for_somebody_else(world: World) -> None:
    machine = Machine({**os.environ, "HOME": str(world.recorder.home)})
    place = LogPlace(machine, Address.parse(".sluicegate/audit"), world.recorder.folder)
    recorder = open_recorder(place)
    world.absorb(world.place("a.json"))
    (placed,) = world.holds()
    life = (recorder.clock.now(), recorder.clock.now() + timedelta(days=1), "0" * 32)
    said = HoldReleasing(placed["event_id"], "it is over")
    forged = format_statement(Statement(world.origin, said, *life))
    signed = Signed(
        HoldReleased(said.hold, said.reason),
        Actor("user", world.ann.fingerprint, placed["actor"]["issuer"]),
        place.evidence.keep(forged),
        placed["signature"],  # the one that she did give, for something else
    )
    world.recorder.sluice("audit", "verify", check=0)

    recorder.record_signed(lambda _: [signed])

    found = world.recorder.sluice("audit", "verify", check=5)
    (problem,) = (line for line in found.stdout.split("\n") if line.startswith("✗"))
    assert "its signature: it is not a signature of this statement" in problem


def test_a_refused_statement_is_shown_and_stops_no_run(world: World) -> None:
    inbox = world.recorder.folder / ".sluicegate/inbox"
    inbox.mkdir()
    (inbox / "junk\x1b[31m.json").write_text("junk")

    run = world.recorder.sluice("run", "--force", check=0)

    assert "not taken into the log" in run.stderr
    assert "\x1b" not in run.stderr
    assert "junk\\x1b[31m.json: not canonical JSON" in run.stderr


def test_where_the_protected_branch_cannot_be_told_nobody_counts(world: World) -> None:
    file = world.place()
    world.recorder.git("remote", "set-head", "origin", "--delete")
    world.recorder.git("update-ref", "-d", "refs/remotes/origin/main")

    (reason,) = world.absorb(file, check=1).values()

    assert reason is not None
    assert reason.startswith("it cannot be told whose signatures count")
    assert world.holds() == []
    world.recorder.git("fetch", "-q", "origin")
    assert world.absorb(file) == {"a.json": None}
    assert len(world.holds()) == 1


def test_an_rsa_key_of_2048_bits_signs_nothing_that_counts(world: World) -> None:
    weak = Person.make(world.root / "weak", "weak", "rsa", "-b", "2048")

    with pytest.raises(UsageError, match="an RSA key of 2048 bits; 3072 are needed"):
        world.place(person=weak)

    assert not (world.root / "a.json").exists()


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="needs ssh-agent")
def test_a_key_that_only_an_agent_has_places_a_hold(world: World) -> None:
    public = world.ann.key.with_suffix(".pub")
    with agent_with(world.ann, world.root) as environ:
        world.ann.key.unlink()
        file = world.place(person=Person("ann", public), environ=environ)

    assert world.absorb(file) == {"a.json": None}
    assert len(world.holds()) == 1


def test_twenty_recorders_at_once_take_a_statement_in_once(world: World) -> None:
    inbox = world.recorder.folder / ".sluicegate/inbox"
    for name in ("a.json", "b.json"):
        world.place(f"recorder/project/.sluicegate/inbox/{name}")
    size = len(world.recorder.entries())

    others = [world.recorder.start("audit", "absorb") for _ in range(2)]
    with ThreadPoolExecutor(18) as threads:
        absorbed = [threads.submit(world.absorb_here) for _ in range(18)]
    said = [process.communicate()[0] for process in others]

    assert {process.returncode for process in others} == {0}, said
    outcomes = [one for each in absorbed for one in each.result()]
    assert {one.reason for one in outcomes} <= {""}
    recorded = sum(one.event is not None for one in outcomes)
    assert recorded + sum(text.count("signed by ann") for text in said) == 2
    assert len(world.recorder.entries()) == size + 2
    assert len(world.holds()) == 2
    assert list(inbox.iterdir()) == []
    world.recorder.sluice("audit", "verify", check=0)


@pytest.mark.parametrize("reason", ["ask ann@example.org", f"token=ghp_{'a' * 36}"])
def test_a_reason_that_must_not_be_kept_is_not_signed(
    world: World, reason: str
) -> None:
    with pytest.raises(UsageError, match="the reason holds a credential"):
        world.place(reason=reason)

    assert not (world.root / "a.json").exists()
