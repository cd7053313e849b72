"""The commands of those who answer release requests, with real keys and a real gate."""

import contextlib
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker_service
import pytest
from cli_project import CliProject, clean_environment
from click.testing import CliRunner, Result
from docker_service import Service
from prometheus_service import free_port
from ssh_people import Person, agent_with, needs_ssh

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images
from sluicegate.cli import main

pytestmark = [needs_ssh, pytest.mark.docker]

PIPELINE = """\
schema: sluicegate/v1
name: {name}_release_v1.0
stages:
  train: {{uses: train, run: "{train}", inputs: [.github], model: [model]}}
  build: {{uses: docker-build, image: {name}}}
  canary: {{uses: canary, environment: production}}
people:
  ann: [ann@acme.org]
  bob: [bob@acme.org]
  eve: [eve@acme.org]
  dev: [dev@acme.org, test@example.org]
  rita: [rita@acme.org, "user:{uid}"]
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
    approvals: {{count: 2, from: [ann, bob, dev]}}
    override: {{from: [eve]}}
"""
TRAIN = "mkdir -p model && echo '[1]' > model/weights.json"
WEIGHTS = hashlib.sha256(b"[1]\n").hexdigest()
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "speed\u202e up\x1b[2J \u200bnow"


@dataclass
class World:
    """A project whose first release waits for two people."""

    root: Path
    name: str

    def __post_init__(self) -> None:
        self.project = CliProject(self.root / "project", self.root / "home")

    def key(self, name: str) -> str:
        """The file of somebody's private key."""
        return str(self.root / "keys" / f"{name}-ed25519")

    @property
    def request(self) -> str:
        """The newest request, 64 digits."""
        found = [e for e in self.project.entries() if e["type"] == "release.requested"]
        return str(found[-1]["request"]).removeprefix("sha256:")

    def sluice(self, *arguments: str, check: int) -> str:
        """What it says, on one line."""
        done = self.project.sluice(*arguments, check=check)
        return " ".join((done.stdout + done.stderr).split())

    def here(self, *arguments: str, check: int) -> str:
        """What it says when it is called in this process: faster, and as good."""
        return " ".join(self._call(arguments, check).output.split())

    def document(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """What it says with ``--json``."""
        return json.loads(self._call((*arguments, "--json"), 0).stdout)

    def _call(self, arguments: Sequence[str], check: int) -> Result:
        environ = clean_environment(self.project.home, **self.project.environ)
        others = dict.fromkeys(set(os.environ) - set(environ))
        with contextlib.chdir(self.project.folder):
            done = CliRunner().invoke(main, arguments, env={**others, **environ})
        assert done.exit_code == check, done.output
        return done

    def say(self, command: str, name: str, *more: str, check: int = 0) -> str:
        """Let somebody answer the newest request without being asked."""
        key = self.key(name)
        arguments = (command, self.request[:12], "--sign-with", key, "--yes", *more)
        return self.here(*arguments, check=check)

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """What `sluice approvals` lists."""
        found: list[dict[str, Any]] = self.document("approvals", *arguments)["requests"]
        return found

    def letters(self) -> list[Path]:
        """The answers in the inbox beside the log."""
        return sorted((self.project.folder / ".sluicegate/inbox").glob("*.json"))

    def at_terminal(self, *arguments: str, typed: str) -> tuple[int, str]:
        """Run a command at a terminal of 80 columns, and type once it asks."""
        main, other = pty.openpty()
        environ = clean_environment(self.project.home, COLUMNS="80", TERM="xterm")
        with subprocess.Popen(
            self.project.argv(*arguments),
            cwd=self.project.folder,
            env=environ,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        ) as process:
            os.close(other)
            said = b""
            while select.select([main], [], [], 60)[0]:
                try:
                    part = os.read(main, 4096)
                except OSError:  # nobody has it open any more
                    break
                said += part
                if typed and b"[y/N]" in said:
                    os.write(main, typed.encode())
                    typed = ""
                if not part:
                    break
            code = process.wait(60)
        os.close(main)
        return code, said.decode()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A request that is open, for a commit whose subject does not show as it is."""
    root = tmp_path_factory.mktemp("begun")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    world = World(root, f"approve-{port}")
    people = [
        Person.make(root / "keys", who)
        for who in ("ann", "bob", "eve", "dev", "mallory")
    ]
    signers = "".join(
        one.line(name=f"{one.name}@acme.org") for one in people if one.name != "mallory"
    )
    pipeline = PIPELINE.format(name=world.name, port=port, uid=os.getuid(), train=TRAIN)
    project = CliProject.make(
        root,
        docker_service.files(Service("v1"))
        | {
            "sluicegate.yaml": pipeline,
            ".github/allowed_signers": signers,
            ".gitignore": "model/\n",
        },
    )
    project.git("commit", "-q", "--amend", "-m", HOSTILE)
    state = root / "home/.local/state/sluicegate/targets" / world.name / "production"
    try:
        said = world.sluice("run", check=3)
        assert f"`sluice approve {world.request[:12]}` answers it" in said
        yield world
    finally:
        remove_environment(world.name, "production", state)
        remove_images(world.name)


@pytest.fixture
def world(begun: World, tmp_path: Path) -> World:
    shutil.copytree(begun.root, tmp_path / "world", symlinks=True)
    return World(tmp_path / "world", begun.name)


def test_an_approval_is_signed_left_and_taken_in_by_the_next_resume(
    world: World,
) -> None:
    said = world.say("approve", "ann", "--reason", "looks good")

    assert f"request {world.request}" in said
    assert "approved" in said
    assert "signed by ann@acme.org, SHA256:" in said
    assert "missing 1 more (bob may" in said
    assert len(world.letters()) == 1
    (listed,) = world.listed()
    assert [(one["answer"], one["in_log"]) for one in listed["answers"]] == [
        ("approve", False)
    ]
    assert "1 more (bob may; ann said yes already" in world.sluice("resume", check=3)
    (listed,) = world.listed()
    assert [(one["who"], one["in_log"]) for one in listed["answers"]] == [("ann", True)]
    assert listed["answers"][0]["reason"] == "looks good"
    assert len(listed["missing"]) == 1


def test_an_answer_that_its_key_has_not_signed_is_listed_by_nobody_s_name(
    world: World,
) -> None:
    world.say("approve", "ann", "--reason", "looks good")
    (letter,) = world.letters()
    said = json.loads(letter.read_text())
    said["statement"] = said["statement"].replace("looks good", "looks fine")

    letter.write_text(json.dumps(said, separators=(",", ":"), sort_keys=True))

    assert world.listed()[0]["answers"] == []


def test_an_answer_on_a_remote_is_shown_once_it_is_fetched_until_the_log_has_it(
    world: World,
) -> None:
    git, remote = world.project.git, str(world.root / "remote")
    git("init", "-q", "--bare", remote)
    git("remote", "add", "shared", remote)
    world.say("approve", "ann", "--to-inbox", f"git:{remote}")
    assert world.listed()[0]["answers"] == []

    git("fetch", "-q", "shared")

    waits = [("ann@acme.org", False)]
    answers = world.listed()[0]["answers"]
    assert [(one["who"], one["in_log"]) for one in answers] == waits
    world.here("audit", "absorb", f"git:{remote}", check=0)  # and the ref stays here
    answers = world.listed()[0]["answers"]
    assert [(one["who"], one["in_log"]) for one in answers] == [("ann", True)]


def test_characters_of_a_commit_that_do_not_show_are_named_and_obey_nobody(
    world: World,
) -> None:
    done = world.project.sluice("approvals", world.request, check=0)

    assert "speed\\u202e up\\x1b[2J \\u200bnow" in done.stdout
    assert "holds characters that do not show" in done.stdout
    assert not {"\u202e", "\u200b", "\x1b"} & set(done.stdout)


def test_a_person_is_asked_at_a_terminal_and_no_signs_nothing(world: World) -> None:
    arguments = ("approve", world.request[:8], "--sign-with", world.key("bob"))
    code, said = world.at_terminal(*arguments, typed="n\n")

    assert code == 1
    assert "nothing was signed" in said
    assert "\x1b[2J" not in said
    assert world.letters() == []


def test_a_person_is_asked_at_a_terminal_and_yes_signs(world: World) -> None:
    arguments = ("approve", world.request[:8], "--sign-with", world.key("bob"))
    code, said = world.at_terminal(*arguments, typed="y\n")

    assert code == 0
    shown = _COLOUR.sub("", said.partition("[y/N]")[0]).splitlines()
    assert [line for line in shown if len(line) > 80] == []
    assert len(world.letters()) == 1


def test_without_a_terminal_nothing_is_signed_unasked(world: World) -> None:
    arguments = ("approve", world.request, "--sign-with", world.key("ann"))
    said = world.here(*arguments, check=2)

    assert "there is no terminal to ask on" in said
    assert world.letters() == []


def test_a_key_that_an_agent_holds_signs(world: World, tmp_path: Path) -> None:
    person = Person("ann", Path(world.key("ann")))
    with agent_with(person, tmp_path) as environ:
        world.project.environ["SSH_AUTH_SOCK"] = environ["SSH_AUTH_SOCK"]
        public = f"{person.key}.pub"
        person.key.rename(tmp_path / "elsewhere")
        arguments = ("approve", world.request, "--sign-with", public, "--yes")
        assert "signed by ann@acme.org" in world.here(*arguments, check=0)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("dev", "dev: author of"),
        ("eve", "eve: not among those who may"),
        ("mallory", "is the key of nobody here"),
    ],
)
def test_whose_yes_will_not_count_is_told_before_and_after(
    world: World, name: str, why: str
) -> None:
    said = world.say("approve", name)

    assert f"! your yes will not count: {why}" in said or f"{why}" in said
    assert "warning:" in said
    assert why in said.partition("warning:")[2]


@pytest.mark.parametrize(
    ("text", "more", "why"),
    [
        ("deadbeef", (), "no request begins with deadbeef; open are:"),
        ("1234567", (), "neither the id of a request nor a file: '1234567'"),
        ("nothing.json", (), "neither the id of a request nor a file: 'nothing.json'"),
        ("README.md", (), "README.md holds no release request"),
        ("", ("--environment", "staging"), "no request for staging begins with"),
    ],
)
def test_what_names_no_request_is_refused_with_what_is_open(
    world: World, text: str, more: tuple[str, ...], why: str
) -> None:
    (world.project.folder / "README.md").write_text("hello\n")
    text = text or world.request
    arguments = ("approve", text, "--sign-with", world.key("ann"), "--yes", *more)

    assert why in world.here(*arguments, check=2)
    assert world.letters() == []


def test_a_request_whose_evidence_was_exchanged_is_no_request(world: World) -> None:
    file = world.project.folder / ".sluicegate/evidence/sha256"
    file = file / world.request[:2] / world.request
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"production", b"productiom"))

    world.say("approve", "ann", check=5)
    world.here("approvals", check=5)
    assert world.letters() == []


def test_the_files_of_a_model_are_shown_and_signed_with_the_request(
    world: World,
) -> None:
    shown = world.document("approvals", world.request)
    said = world.here("approvals", world.request, check=0)
    world.say("approve", "ann")

    (model,) = shown["models"]
    assert model["name"] == "train/model"
    assert model["files"] == [
        {
            "path": "model/weights.json",
            "size": 4,
            "format": "json",
            "digest": f"sha256:{WEIGHTS}",
        }
    ]
    kinds = {one["digest"]: one["kind"] for one in shown["artifacts"]}
    assert kinds[model["digest"]] == "model"
    assert f"model/weights.json json, 4 bytes, {WEIGHTS[:12]}" in said
    (letter,) = world.letters()
    signed = json.loads(json.loads(letter.read_text())["statement"])
    subjects = {one["digest"]["sha256"] for one in signed["subject"]}
    assert model["digest"].removeprefix("sha256:") in subjects


def test_a_list_of_a_models_files_that_was_exchanged_stops_everybody(
    world: World,
) -> None:
    (model,) = world.document("approvals", world.request)["models"]
    hexdigest = model["digest"].removeprefix("sha256:")
    file = world.project.folder / ".sluicegate/evidence/sha256"
    file = file / hexdigest[:2] / hexdigest
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"weights", b"Weights"))

    world.here("approvals", world.request, check=5)
    world.say("approve", "ann", check=5)
    assert world.letters() == []
    file.unlink()
    said = world.here("approvals", world.request, check=0)
    assert "Model of train/model: its list of files is not here" in said


def test_a_no_wins_and_nobody_is_asked_for_a_yes_any_more(world: World) -> None:
    assert "--reason" in world.here("reject", world.request, "--yes", check=2)
    world.say("reject", "bob", "--reason", "not tested")
    world.sluice("resume", check=1)

    said = world.say("approve", "ann", check=1)

    assert "refused: this request is rejected: bob said no: not tested" in said
    assert world.letters() == []
    assert world.listed() == []
    assert [one["standing"] for one in world.listed("--all")] == ["rejected"]
    assert "waits" not in world.here("environments", check=0)


def test_where_no_log_is_a_file_with_the_request_will_do(
    world: World, tmp_path: Path
) -> None:
    world.here("approvals", world.request, "--save", "request.json", check=0)
    away = CliProject(tmp_path / "away", tmp_path / "home")
    away.folder.mkdir()
    away.home.mkdir()
    shutil.move(world.project.folder / "request.json", away.folder)

    done = away.sluice(
        *("approve", "request.json", "--sign-with", world.key("ann"), "--yes"),
        *("--to-inbox", "answer.json"),
        check=0,
    )

    assert world.request in done.stdout
    assert "How it stands is not known" in done.stdout
    answer = str(away.folder / "answer.json")
    assert "signed by ann@acme.org" in world.here("audit", "absorb", answer, check=0)


def test_json_holds_all_that_is_shown_and_what_was_signed(world: World) -> None:
    arguments = ("approve", world.request, "--sign-with", world.key("ann"), "--yes")
    found = world.document(*arguments)

    assert found["request"] == f"sha256:{world.request}"
    assert found["standing"] == "open"
    assert found["changes"][0]["subject"] == HOSTILE
    assert found["answered"]["answer"] == "approve"
    assert found["answered"]["names"] == ["ann@acme.org"]
    assert Path(found["answered"]["place"]) == world.letters()[0]
    statement = json.loads(world.letters()[0].read_text())
    assert statement


def test_who_waits_at_a_terminal_goes_on_by_themselves_or_leaves_it_pending(
    world: World,
) -> None:
    with world.project.start("resume", "--wait") as first:
        assert first.stdout is not None
        assert any("waiting: 2 more" in line for line in first.stdout)
        first.send_signal(signal.SIGINT)
        rest = first.stdout.read()
        assert first.wait() == 3, rest
    assert "answers it" in rest

    with world.project.start("resume", "--wait") as second:
        assert second.stdout is not None
        assert any("waiting: 2 more" in line for line in second.stdout)
        world.say("reject", "bob", "--reason", "not today")
        rest = second.stdout.read()
        assert second.wait() == 1, rest
    assert "rejected by bob: not today" in rest


def test_prometheus_sees_that_somebody_is_waited_for(world: World) -> None:
    port = free_port()
    world.project.environ |= {
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
    }
    with world.project.start("resume", "--wait") as waiting:
        assert waiting.stdout is not None
        assert any("waiting: 2 more" in line for line in waiting.stdout)
        page = f"http://127.0.0.1:{port}/metrics"
        with urllib.request.urlopen(page, timeout=30) as answer:
            seen = answer.read().decode()
        waiting.send_signal(signal.SIGINT)
        waiting.stdout.read()

    assert re.search(r'sluice_approval_waiting{environment="production",.*} 1.0', seen)
    (seconds,) = re.findall(r"\nsluice_approval_waiting_seconds{.*} (\S+)", seen)
    assert float(seconds) > 0
    assert re.search(r'sluice_run_outcome{outcome="pending",.*} 1.0', seen)


def test_who_may_not_override_is_told_before_anything_runs(world: World) -> None:
    before = len(world.project.entries())
    for name, why in (("ann", "ann may not override"), ("mallory", "key of nobody")):
        arguments = ("run", "--override", "it burns", "--sign-with", world.key(name))
        assert why in world.here(*arguments, check=2)
    assert "must say why" in world.here("run", "--override", " ", check=2)
    assert len(world.project.entries()) == before


def test_an_override_is_loud_everywhere_until_somebody_has_looked_into_it(
    world: World,
) -> None:
    arguments = ("--override", "it burns", "--sign-with", world.key("eve"))
    said = world.sluice("resume", *arguments, check=0)

    assert "entry to production OVERRIDDEN by eve, though: 2 more" in said
    assert "OVERRIDDEN: production, by eve; `sluice overrides`" in said
    assert world.here("status", check=0).startswith("OVERRIDDEN: production, by eve")
    assert "production: OVERRIDE of request" in world.here("audit", "log", check=0)
    (found,) = world.document("overrides")["overrides"]
    assert found["by"] == ["eve"]
    assert found["reasons"] == ["it burns"]
    assert "deployed, OVERRIDDEN" in world.here("releases", check=0)
    assert found["override"] in world.here("overrides", check=0)
    assert world.listed() == []

    signed = ("--to-inbox", "git", "--sign-with", world.key("bob"))
    close = ("overrides", "close", found["override"][-8:], "--reason", "INC-7")
    assert "not closed yet" in world.here(*close, *signed, check=0)
    assert "closed override" in world.here("audit", "absorb", check=0)
    assert "no override waits" in world.here("overrides", check=0)
    world.here("audit", "verify", check=0)
