"""Secrets planted wherever a run meets them, and then looked for wherever it writes.

A test, a command and a build do their best to let them out. What they say stands beside
a mark, so that the search would notice if it looked in the wrong place.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from cli_project import CliProject
from private_servers import PACKAGE, REGISTRY, Login, private_index, private_registry

from sluicegate.adapters.targets.images import remove_images

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(shutil.which(REGISTRY) is None, reason="needs docker-registry"),
]

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")
PIPELINE = """\
schema: sluicegate/v1
name: leaky_release_v1.0
stages:
  test: {{uses: pytest}}
  tell:
    uses: command
    run: sh tell.sh
    evidence: {{file: said.json, fields: {{said: text}}}}
  build:
    uses: docker-build
    image: {image}
    network: host
    args: {{BASE: "{base}"}}
    secrets:
      plain: {{env: PLAIN}}
      index: {{env: INDEX}}
      netrc: {{file: "~/hidden/netrc"}}
"""
PASSING = """\
import os, sys, warnings
import pytest

ALL = [os.environ[name] for name in ("DEPLOY_TOKEN", "PLAIN", "INDEX")]

@pytest.mark.parametrize("secret", ALL, ids=[f"mark-id-{each}" for each in ALL])
def test_id(secret, record_property):
    record_property("told", f"mark-property-{secret}")
    warnings.warn(f"mark-warning-{secret}")
    print("mark-printed-", secret)

def test_skips():
    pytest.skip(f"mark-skip-{ALL}")
"""
FAILING = """\
import os

def test_fails():
    said = os.environ["DEPLOY_TOKEN"] + os.environ["PLAIN"]
    print(open(os.environ["HOME"] + "/hidden/netrc").read())
    raise AssertionError(f"mark-raised-{said}")
"""
TELL = """\
echo "mark-command-$DEPLOY_TOKEN"
echo "mark-error-$PLAIN" >&2
echo "mark-base64-$(printf %s "$DEPLOY_TOKEN" | base64 -w0)"
cat "$DOCKER_CONFIG/config.json" "$HOME/hidden/netrc"
env | grep -e TOKEN -e PLAIN -e INDEX
printf '{"said": "mark-field-%s"}' "$INDEX" > "$SLUICEGATE_OUTPUT/said.json"
"""
DOCKERFILE = f"""\
# Its own each time: a layer out of the cache says nothing.
ARG BASE
FROM $BASE
RUN python3 -m venv /venv
RUN echo {uuid.uuid4()} > /mark
RUN --mount=type=secret,id=plain --mount=type=secret,id=index \\
    --mount=type=secret,id=netrc,target=/root/.netrc \\
    echo "mark-build-$(cat /run/secrets/plain)" && base64 -w0 /run/secrets/plain \\
    && cat /root/.netrc && echo "$(cat /run/secrets/index)" >&2 && \\
    /venv/bin/pip install -v --no-cache-dir --index-url "$(cat /run/secrets/index)" \\
    {PACKAGE}
"""


def secret(kind: str) -> str:
    """A new one, which no other test and no text has."""
    return f"{kind}-{uuid.uuid4().hex}"


@dataclass
class Planted:
    """A project whose user has secrets. ``words`` are all of them, by kind."""

    project: CliProject
    words: dict[str, str]
    logins: tuple[Login, ...]

    def run(self, *, check: int, **files: str) -> str:
        """Commit *files* on top of the first commit, and run the pipeline."""
        self.project.git("checkout", "-q", "--detach", "begin")
        self.project.commit(files, "change something")
        done = self.project.sluice("run", check=check)
        return done.stdout + done.stderr

    def forms(self) -> dict[str, bytes]:
        """What must not be found, in the forms that are promised."""
        found = {}
        for kind, word in self.words.items():
            found[kind] = word.encode()
            found[f"{kind}, quoted"] = quote(word, safe="").encode()
            found[f"{kind}, base64"] = base64.b64encode(word.encode()).rstrip(b"=")
        for login in self.logins:
            found[f"login of {login.user}"] = login.basic.rstrip("=").encode()
        return found

    def leaks(self, name: str, data: bytes) -> list[str]:
        return [
            f"{kind} in {name}" for kind, form in self.forms().items() if form in data
        ]

    def leaks_in_files(self) -> list[str]:
        """Everything that is in the project and in the user's folders."""
        found = []
        for root in (self.project.folder, self.project.home):
            for path in root.rglob("*"):
                theirs = path in (self.told, *self.hidden.iterdir())
                if path.is_file() and not theirs:
                    found += self.leaks(str(path), path.read_bytes())
        return found

    @property
    def told(self) -> Path:
        """A file of the project's own, of which nothing may be kept."""
        return self.project.folder / "told.txt"

    @property
    def hidden(self) -> Path:
        """Where the user keeps secrets."""
        return self.project.home / "hidden"

    def written(self) -> bytes:
        """All that a run has written beside the project."""
        files = (self.project.folder / ".sluicegate").rglob("*")
        return b"\n".join(path.read_bytes() for path in files if path.is_file())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    tmp_path = tmp_path_factory.mktemp("planted")
    words = {kind: secret(kind) for kind in ("variable", "plain", "netrc", "registry")}
    words["index"] = f"p@ss/{uuid.uuid4().hex}+&<"
    pusher = Login("pusher", words["registry"])
    reader = Login("reader", words["index"])
    image = f"sluicegate-secrets-{uuid.uuid4().hex[:12]}"
    with (
        private_registry(tmp_path / "registry", pusher) as registry,
        private_index(reader) as index,
    ):
        base = f"{registry}/private/base:1"
        project = CliProject.make(
            tmp_path,
            {
                "sluicegate.yaml": PIPELINE.format(image=image, base=base),
                "Dockerfile": DOCKERFILE,
                "tests/test_it.py": PASSING,
                "tell.sh": TELL,
                ".gitignore": ".venv\ntold.txt\n__pycache__\n.pytest_cache\n",
                ".dockerignore": "*\n",
            },
        )
        hidden = project.home / "hidden"
        hidden.mkdir()
        auth = {"auths": {registry: {"auth": pusher.basic}}}
        (hidden / "config.json").write_text(json.dumps(auth))
        (hidden / "netrc").write_text(
            f"machine example.org\n  login me\n  password {words['netrc']}\n"
        )
        project.environ |= {
            "DEPLOY_TOKEN": words["variable"],
            "PLAIN": words["plain"],
            "INDEX": f"http://reader:{quote(words['index'], safe='')}@{index}/simple",
            "DOCKER_CONFIG": str(hidden),
        }
        python = project.folder / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        push(base, hidden)
        try:
            project.git("tag", "begin")
            yield Planted(project, words, (pusher, reader))
        finally:
            remove_images(image)


def push(base: str, config: Path) -> None:
    docker = ["docker", "--config", str(config)]
    subprocess.run(["docker", "tag", BASE, base], check=True)
    try:
        subprocess.run([*docker, "push", "--quiet", base], check=True)
    finally:
        subprocess.run(["docker", "image", "rm", base], check=True)


def contents(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every file of a saved image, and of the layers in it, which are archives too."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            inside = b"" if file is None else file.read()
            yield member.name, member.name.encode() + inside
            if inside[257:262] == b"ustar":
                yield from contents(inside)


def test_no_planted_secret_gets_out_of_a_run(planted: Planted) -> None:
    said = planted.run(check=0)

    written = planted.written()
    for mark in ("mark-command-***", "mark-error-***", "mark-build-***"):
        assert mark in said, f"{mark} was not said: is this the right place to look?"
    for mark in (
        "mark-id-***",
        "mark-property-***",
        "mark-field-***",
        "mark-build-***",
    ):
        assert mark.encode() in written, f"{mark} was not written"
    assert planted.leaks("what was said", said.encode()) == []
    assert planted.leaks_in_files() == []


def test_no_planted_secret_is_in_the_image(planted: Planted) -> None:
    document = planted.project.document("run", check=0)

    image = document["stages"][-1]["evidence"]["image_id"]
    saved = subprocess.run(["docker", "save", image], check=True, capture_output=True)
    files = dict(contents(saved.stdout))
    assert any(name.endswith("mark") for name in files), "the layers were not read"
    assert [leak for name in files for leak in planted.leaks(name, files[name])] == []
    for view in ("inspect", "history"):
        told = subprocess.run(
            ["docker", "image", view, *(["--no-trunc"] * (view == "history")), image],
            check=True,
            capture_output=True,
        )
        assert planted.leaks(view, told.stdout) == []
    assert planted.leaks("the document", json.dumps(document).encode()) == []
    assert planted.leaks_in_files() == []


def test_no_planted_secret_gets_out_of_a_gate_that_says_no(planted: Planted) -> None:
    said = planted.run(check=1, **{"tests/test_it.py": FAILING})

    assert "mark-raised-***" in said
    assert planted.leaks("what was said", said.encode()) == []
    assert planted.leaks_in_files() == []


def test_no_planted_secret_gets_out_of_a_build_that_fails(planted: Planted) -> None:
    failing = DOCKERFILE + (
        "RUN --mount=type=secret,id=plain"
        ' echo "mark-last-$(cat /run/secrets/plain)" >&2; exit 9\n'
    )

    said = planted.run(check=1, Dockerfile=failing)

    assert "mark-last-***" in said
    assert planted.leaks("what was said", said.encode()) == []
    assert planted.leaks_in_files() == []


def test_an_output_that_holds_a_secret_is_not_kept(planted: Planted) -> None:
    pipeline = (planted.project.folder / "sluicegate.yaml").read_text()
    leaky = pipeline.replace(
        "run: sh tell.sh", "run: sh tell.sh\n    outputs: [told.txt]"
    )
    telling = TELL + 'echo "$PLAIN" > told.txt\n'

    said = planted.run(check=4, **{"sluicegate.yaml": leaky, "tell.sh": telling})

    assert "told.txt holds a credential" in said
    assert planted.leaks_in_files() == []


def test_a_secret_among_build_arguments_is_refused_unseen(planted: Planted) -> None:
    word = planted.words["variable"]
    pipeline = (planted.project.folder / "sluicegate.yaml").read_text()
    leaky = pipeline.replace("args: {", f"args: {{PIP_TOKEN: {word}, ")
    place = planted.project.folder / "leaky.yaml"
    place.write_text(leaky)

    done = planted.project.sluice("run", "--file", str(place), check=2)
    place.unlink()

    assert "stages.build.args.PIP_TOKEN: looks like a credential" in done.stderr
    assert planted.leaks("what was said", (done.stdout + done.stderr).encode()) == []
    assert planted.leaks_in_files() == []
