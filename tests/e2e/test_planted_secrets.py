"""A secret planted in every provider, let out by programs in every way, and looked for.

What looks for them knows nothing of how they are hidden: it decodes whatever can be
decoded (`secret_finder`). Every piece that a program says stands between marks, so that
the search would notice if it looked in the wrong place.
"""

import gzip
import json
import os
import pty
import re
import shutil
import string
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import secret_encoders
from cli_project import CliProject, clean_environment
from draws import begin_draw
from moto_service import REGION, ROLE, moto_environment, moto_secrets
from secret_finder import find_all

from sluicegate.adapters.targets.images import remove_images

if TYPE_CHECKING:
    from openbao_service import Bao, Issuer, World

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")
ALPHABET = string.ascii_letters + string.digits + "!#$%&'()*+,-./:;<=>?@[]^_{|}~\"\\ ü"
PIPELINE = """\
schema: sluicegate/v1
name: leaky_release_v1.0
stages:
  show:
    uses: command
    run: {python} show.py
    evidence: {{file: said.json, fields: {{said: text, count: number}}}}
  test: {{uses: pytest, needs: []}}
{more}
secrets:
  providers:
    here: {{uses: environment}}
    actions: {{uses: {actions}}}
    bao:
      uses: openbao
      address: {bao}
      mount: {mount}
      auth:
        method: jwt
        mount: {jwt}
        role: prod
        audience: "{audience}"
        token_file: bao.token
    aws:
      uses: aws-secrets-manager
      region: {region}
      role: {role}
      token_file: aws.token
  use:
    FROM_HERE: {{from: here, path: LICENCE_GIVEN, stages: [{stages}]}}
    FROM_ACTIONS: {{from: actions, path: ANOTHER_GIVEN, stages: [{stages}]}}
    FROM_BAO: {{from: bao, path: ml/one, field: value, stages: [{stages}]}}
    KEY_FROM_BAO: {{from: bao, path: ml/key, field: value, stages: [{stages}]}}
    FROM_AWS: {{from: aws, path: {aws}, field: password, stages: [{stages}]}}
    ALL_FROM_AWS: {{from: aws, path: {aws}, stages: [{stages}]}}
"""
NAMES = ("FROM_HERE", "FROM_ACTIONS", "FROM_BAO", "KEY_FROM_BAO", "FROM_AWS")
SHOW = f"""\
import json, os, random, signal, sys, time
from secret_encoders import CODECS, ESCAPES, mix, split, wrap

by = random.Random(int(os.environ["DRAWN"]))
pieces = []
for name in {NAMES!r}:
    secret = os.environ[name]
    for kind, encode in (*CODECS.items(), *ESCAPES.items()):
        pieces.append((kind, encode(secret)))
    pieces += [("wrapped", wrap(CODECS["base64"](secret), width)) for width in (64, 76)]
    if "KEY" not in name:
        for _ in range(40):
            text, names = mix(secret, by)
            pieces.append((" ".join(names), text))
            pieces.append(("split " + " ".join(names), split(text, by)))
for number, (kind, text) in enumerate(pieces):
    stream = by.choice((sys.stdout, sys.stderr))
    said = f"\\nmark-{{number}} {{kind}}: {{text}}\\nend-{{number}}"
    print(said, file=stream, flush=True)
    if number % 50 == 0:
        time.sleep(0.1)  # so that the processes are seen
said = " | ".join(f"mark-field {{text}}" for kind, text in pieces[:30])
with open(os.environ["SLUICEGATE_OUTPUT"] + "/said.json", "w") as file:
    json.dump({{"said": said, "count": len(pieces)}}, file)
for name in {NAMES!r}:
    sys.stdout.write("mark-unfinished " + os.environ[name])
    sys.stdout.flush()
    print()
match os.environ["ENDS"]:
    case "fails":
        sys.exit("mark-last " + os.environ["FROM_BAO"] + os.environ["FROM_AWS"])
    case "raises":
        raise ValueError("mark-raised", dict(os.environ))
    case "crashes":
        import faulthandler
        faulthandler.enable()
        os.kill(os.getpid(), signal.SIGSEGV)
"""
TESTS = f"""\
import base64, os, warnings
import pytest
from secret_encoders import CODECS, ESCAPES

ALL = [os.environ[name] for name in {NAMES!r}]
ENCODERS = (*CODECS.values(), *ESCAPES.values())
ENCODED = [encode(each) for each in ALL for encode in ENCODERS]

@pytest.mark.parametrize("secret", ALL, ids=[f"mark-id-{{each}}" for each in ALL])
def test_id(secret, record_property):
    record_property("told", f"mark-property-{{secret}}")
    warnings.warn(f"mark-warning-{{secret}}")

def test_prints():
    for each in ENCODED:
        print("mark-printed", each, "end")

def test_fails():
    if os.environ["ENDS"] != "passes":
        for each in ENCODED:
            print("mark-printed", each, "end")
        assert ENCODED == ALL, "mark-asserted " + " ".join(ALL)
"""
DOCKERFILE = f"""\
ARG BASE
FROM $BASE
RUN echo {uuid.uuid4()} > /mark
RUN --mount=type=secret,id=one --mount=type=secret,id=two \\
    cat /run/secrets/one; echo; base64 /run/secrets/two; \\
    od -An -tx1 /run/secrets/one | tr -d '\\n'; base64 -w 20 /run/secrets/one; \\
    fold -w 7 /run/secrets/two; echo "mark-build" >&2; cat /run/secrets/two >&2; true
"""
BUILD = """\
  build:
    uses: docker-build
    image: {image}
    args: {{BASE: "{base}"}}
    secrets: {{one: {{env: FROM_BAO}}, two: {{env: FROM_AWS}}}}
"""


@dataclass
class Seen:
    """What other users of the machine could see of the processes of a run."""

    values: list[bytes]
    in_arguments: set[str] = field(default_factory=set)
    in_environment: set[str] = field(default_factory=set)
    looks: int = 0

    def look(self) -> None:
        self.looks += 1
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                arguments = (process / "cmdline").read_bytes()
                environ = (process / "environ").read_bytes()
                shown = arguments.replace(b"\0", b" ").decode(errors="replace")
                if any(each in arguments for each in self.values):
                    self.in_arguments.add(shown)
                if any(each in environ for each in self.values):
                    self.in_environment.add(shown)

    @contextmanager
    def looking(self) -> Iterator[None]:
        over = threading.Event()

        def look_on() -> None:
            while not over.wait(0.1):
                self.look()

        thread = threading.Thread(target=look_on)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@dataclass
class Planted:
    """A project whose stages are given secrets. ``words`` are all of them, by name."""

    project: CliProject
    words: dict[str, str]

    def leaks(self, name: str, data: bytes, depth: int) -> list[str]:
        found = find_all(self.words.values(), data, depth)
        return [
            f"{kind} in {name}: {data[:300]!r}"
            for kind, word in self.words.items()
            if word in found
        ]

    def leaks_in_pieces(self, name: str, said: bytes) -> list[str]:
        """Of what was said; each piece by itself is decoded as often as it takes."""
        pieces = re.split(rb"\n[^\n]{0,200}?(?=mark-)", said)
        found = [leak for each in pieces for leak in self.leaks(name, each, 4)]
        return found + self.leaks(name, said, 1)

    def leaks_in_files(self) -> list[str]:
        """In all that is in the project and in the user's folders."""
        own = {self.project.folder / name for name in ("bao.token", "aws.token")}
        found = []
        for root in (self.project.folder, self.project.home):
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink() and path not in own:
                    data = path.read_bytes()
                    if data[:2] == b"\x1f\x8b":
                        data = gzip.decompress(data)
                    found += self.leaks(str(path), data, 2)
        return found

    def in_terminal(self, *arguments: str) -> tuple[int, bytes]:
        """What a person sees; and the exit code."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            self.project.argv(*arguments),
            cwd=self.project.folder,
            env=clean_environment(
                self.project.home, **{**self.project.environ, "TERM": "xterm"}
            ),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            said = b""
            with suppress(OSError):  # the other end is closed
                while data := os.read(ours, 1 << 16):
                    said += data
            os.close(ours)
        return process.returncode, said.replace(b"\r\n", b"\n")


@pytest.fixture
def world(bao: "Bao", issuer: "Issuer") -> "World":
    made = bao.world(issuer)
    made.allow("ml/one", "ml/key")
    made.role()
    return made


@pytest.fixture
def planted(world: "World", tmp_path: Path) -> Planted:
    return plant(world, tmp_path)


def plant(
    world: "World",
    folder: Path,
    *,
    more: str = "",
    stages: tuple[str, ...] = ("show", "test"),
    ends: str = "passes",
    in_actions: bool = False,
) -> Planted:
    """Of GitHub only what is in its jobs is known: elsewhere it is no provider."""
    by = begin_draw()
    words = {
        name: "".join(by.choices(ALPHABET, k=by.randint(16, 48))).strip().rstrip("\\'")
        for name in NAMES
        if name != "KEY_FROM_BAO"
    }
    letters = string.ascii_letters + string.digits + "+/"
    body = ["".join(by.choices(letters, k=64)) for _ in range(12)]
    key = "\n".join(("-----BEGIN KEY-----", *body, "-----END KEY-----"))
    world.put("ml/one", value=words["FROM_BAO"])
    world.put("ml/key", value=key)
    aws = f"planted/{uuid.uuid4()}"
    moto_secrets().create_secret(
        Name=aws,
        SecretString=json.dumps({"user": "me", "password": words["FROM_AWS"]}),
    )
    from openbao_service import AUDIENCE  # noqa: PLC0415 - as conftest has it

    text = PIPELINE.format(
        python=sys.executable,
        more=more,
        actions="github" if in_actions else "environment",
        stages=", ".join(stages),
        bao=world.bao.url,
        mount=world.mount,
        jwt=world.jwt,
        audience=AUDIENCE,
        region=REGION,
        role=ROLE,
        aws=aws,
    )
    project = CliProject.make(
        folder,
        {
            "sluicegate.yaml": text,
            "show.py": SHOW,
            "secret_encoders.py": Path(secret_encoders.__file__).read_text(),
            "tests/test_it.py": TESTS,
            "conftest.py": "",
            "Dockerfile": DOCKERFILE,
            ".dockerignore": "*\n",
            ".gitignore": ".venv\n*.token\n__pycache__\n.pytest_cache\n",
        },
    )
    (project.folder / "bao.token").write_text(world.issuer.token())
    (project.folder / "aws.token").write_text(world.issuer.token())
    python = project.folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / "home/tmp").mkdir()
    project.environ |= {
        **moto_environment(),
        "LICENCE_GIVEN": words["FROM_HERE"],
        "ANOTHER_GIVEN": words["FROM_ACTIONS"],
        "DRAWN": str(by.getrandbits(32)),
        "ENDS": ends,
        "TMPDIR": str(folder / "home/tmp"),
    }
    if in_actions:
        project.environ["GITHUB_ACTIONS"] = "true"
    # Each of its parts that is found alone has to be long enough to be known.
    words |= {f"line {number} of the key": line for number, line in enumerate(body)}
    return Planted(project, words)


def test_no_secret_is_seen_in_a_terminal_or_left_behind(planted: Planted) -> None:
    seen = Seen([word.encode() for word in planted.words.values()])

    with seen.looking():
        code, said = planted.in_terminal("run")

    assert code == 0, said.decode(errors="replace")[-3000:]
    assert planted.leaks_in_pieces("the terminal", said) == []
    assert planted.leaks_in_files() == []
    assert seen.looks > 5
    assert seen.in_arguments == set()
    given = {
        each for each in seen.in_environment if "show.py" in each or "pytest" in each
    }
    assert given, "the processes were not seen"
    # The first is the one that was given two of them by whoever started it.
    others = seen.in_environment - given
    assert all("sluicegate" in each for each in others), others


@pytest.mark.parametrize("ends", ["fails", "raises", "crashes"])
def test_no_secret_gets_out_of_programs_that_fail(
    world: "World", tmp_path: Path, ends: str
) -> None:
    planted = plant(world, tmp_path, ends=ends, in_actions=True)
    events = planted.project.home / "events.jsonl"

    done = planted.project.sluice("run", "--json", "--events", str(events), check=1)

    masked = [
        line.removeprefix("::add-mask::").replace("%25", "%")
        for line in done.stderr.splitlines()
        if line.startswith("::add-mask::")
    ]
    for name, word in planted.words.items():
        assert word in masked, f"the runner was not told of {name}"
    said = "".join(
        line
        for line in done.stderr.splitlines(keepends=True)
        if not line.startswith("::add-mask::")
    )
    assert "mark-7" in said
    assert "mark-property-***" not in said
    assert planted.leaks_in_pieces("what was said", said.encode()) == []
    assert planted.leaks("the document", done.stdout.encode(), 3) == []
    assert planted.leaks("the events", events.read_bytes(), 3) == []
    assert planted.leaks_in_files() == []
    kinds = [entry["type"] for entry in planted.project.entries()]
    assert kinds.count("secrets.given") == kinds.count("secrets.revoked") == 2
    written = b"".join(
        path.read_bytes()
        for path in (planted.project.folder / ".sluicegate").rglob("*")
        if path.is_file()
    )
    for mark in (b"mark-id-***", b"mark-property-***", b"mark-asserted"):
        assert mark in written, f"{mark!r} was not written: is this the right place?"


@pytest.mark.docker
@pytest.mark.skipif(shutil.which("docker") is None, reason="needs Docker")
def test_no_secret_is_in_what_a_build_says_or_makes(
    world: "World", tmp_path: Path
) -> None:
    image = f"sluicegate-planted-{uuid.uuid4().hex[:12]}"
    more = BUILD.format(image=image, base=BASE)
    planted = plant(world, tmp_path, more=more, stages=("show", "test", "build"))
    seen = Seen([word.encode() for word in planted.words.values()])
    try:
        with seen.looking():
            done = planted.project.sluice("run", "--json", check=0)
        document = json.loads(done.stdout)
        built = document["stages"][-1]["evidence"]["image_id"]
        saved = subprocess.run(
            ["docker", "save", built], check=True, capture_output=True
        )
        history = subprocess.run(
            ["docker", "history", "--no-trunc", built], check=True, capture_output=True
        )
    finally:
        remove_images(image)

    assert "mark-build" in done.stderr
    assert planted.leaks_in_pieces("what was said", done.stderr.encode()) == []
    assert planted.leaks("the document", done.stdout.encode(), 3) == []
    assert planted.leaks("the history", history.stdout, 2) == []
    assert not any(each in saved.stdout for each in seen.values)
    assert planted.leaks_in_files() == []
    assert seen.in_arguments == set()
