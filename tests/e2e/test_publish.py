"""Publishing to a real registry that asks who one is, through every way to fail."""

import json
import os
import secrets
import shutil
import signal
import stat
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import docker
import pytest
from cli_project import CliProject, clean_environment
from docker_service import Service, ensure_base, files
from registry_proxy import RegistryProxy
from registry_service import USER, RealRegistry, free_port, login

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [
    pytest.mark.docker,
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

PATH = "acme/model"
DOCKERFILE = "FROM scratch\nLABEL sluicegate.test=1\nCOPY model.bin /\n"
PIPELINE = """\
schema: sluicegate/v1
name: publish_release_v1.0
stages:
  build: {{uses: docker-build, image: "{host}/acme/model"}}
  scan: {{uses: trivy, scanners: [secret], source: false, offline: true}}
  publish: {{uses: publish{settings}}}
"""


@dataclass
class Publisher:
    """A project whose image goes to a registry, by way of *host*."""

    project: CliProject
    registry: RealRegistry
    config: Path
    host: str = ""
    written: list[str] = field(default_factory=list)

    def write(self, settings: str = "", *, host: str | None = None) -> str:
        """Commit a pipeline with these settings of its publish stage; the commit."""
        self.host = host or self.registry.host
        text = f", {settings}" if settings else ""
        pipeline = PIPELINE.format(host=self.host, settings=text)
        # Other settings are another definition, and need a version of their own.
        self.written += [pipeline] if pipeline not in self.written else []
        version = f"_v1.{self.written.index(pipeline)}"
        pipeline = pipeline.replace("_v1.0", version)
        model = secrets.token_hex(8)
        files = {"sluicegate.yaml": pipeline, "model.bin": model}
        return self.project.commit(files, "change the model")

    def login(self) -> None:
        done = login(self.host, self.registry.password, self.config)
        assert done.returncode == 0, done.stderr

    def run(self, *arguments: str, check: int) -> dict[str, Any]:
        return self.project.document("run", *arguments, check=check)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.project.entries() if entry["type"] == kind]

    def check_secret(self, secret: str) -> None:
        """See to it that nothing that is kept holds *secret*."""
        kept = [self.project.folder, self.project.home]
        files = [path for folder in kept for path in folder.rglob("*")]
        assert any("tile" in path.parts for path in files)
        for path in files:
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path


def evidence(document: dict[str, Any], stage: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each["evidence"] for each in document["stages"] if each["name"] == stage
    )
    return found


def reason(document: dict[str, Any], stage: str = "publish") -> str:
    return next(str(s["reason"]) for s in document["stages"] if s["name"] == stage)


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    registry = RealRegistry(tmp_path / "registry")
    registry.start()
    project = CliProject.make(tmp_path, {"Dockerfile": DOCKERFILE})
    config = tmp_path / "docker"
    project.environ["DOCKER_CONFIG"] = str(config)
    made = Publisher(project, registry, config)
    hosts: set[str] = set()
    write = made.write

    def remember(settings: str = "", *, host: str | None = None) -> str:
        commit = write(settings, host=host)
        hosts.add(made.host)
        return commit

    made.write = remember  # type: ignore[method-assign]
    try:
        yield made
    finally:
        registry.kill()
        for host in hosts:
            remove_images(f"{host}/{PATH}")


def test_what_was_scanned_is_what_the_registry_serves(publisher: Publisher) -> None:
    commit = publisher.write('tags: ["{version}", "{commit}", latest]')
    publisher.login()
    publisher.project.git("tag", "v1.2.0")

    document = publisher.run(check=0)

    assert publisher.registry.tags(PATH) == {"v1.2.0", commit, "latest"}
    found = evidence(document, "publish")
    image = evidence(document, "build")["image_id"]
    assert evidence(document, "scan")["image_id"] == image
    data, manifest = publisher.registry.manifest(PATH, "v1.2.0")
    for tag in ("v1.2.0", commit, "latest"):
        assert publisher.registry.manifest(PATH, tag) == (data, manifest)
        assert manifest["config"]["digest"] == image
        assert found["digest"] == f"sha256:{sha256(data).hexdigest()}"
    assert found["published"] is True
    assert found["already_published"] is False
    assert found["size_bytes"] == manifest["config"]["size"] + sum(
        layer["size"] for layer in manifest["layers"]
    )
    assert found["files"]["manifest.json"]["digest"] == found["digest"]


def test_a_push_is_announced_before_and_confirmed_after(publisher: Publisher) -> None:
    commit = publisher.write()
    publisher.login()

    document = publisher.run(check=0)

    kinds = [e["type"] for e in publisher.project.entries() if "publish" in str(e)]
    assert kinds.index("publish.requested") < kinds.index("publish.confirmed")
    (requested,) = publisher.of_type("publish.requested")
    (confirmed,) = publisher.of_type("publish.confirmed")
    reference = f"{publisher.host}/{PATH}:{commit}"
    assert requested["references"] == [reference]
    assert requested["behind"] == [f"{document['run_id']}/scan/1"]
    (served,) = confirmed["published"]
    data, _ = publisher.registry.manifest(PATH, commit)
    assert served == {
        "reference": reference,
        "digest": {"sha256": sha256(data).hexdigest()},
        "media_type": "application/vnd.docker.distribution.manifest.v2+json",
        "size": len(data),
    }
    (finished,) = [
        e for e in publisher.of_type("stage.finished") if e["stage"] == "publish"
    ]
    assert finished["subject"] == [
        {"name": f"{publisher.host}/{PATH}", "digest": served["digest"]}
    ]
    publisher.project.sluice("audit", "verify", check=0)


def test_what_is_published_already_is_not_pushed_again(publisher: Publisher) -> None:
    publisher.write()
    publisher.login()
    publisher.run(check=0)
    uploads = publisher.registry.uploads()

    document = publisher.run(check=0)

    assert publisher.registry.uploads() == uploads
    assert uploads > 0
    assert evidence(document, "publish")["already_published"] is True
    assert "already published" in reason(document)
    assert len(publisher.of_type("publish.requested")) == 1


def test_only_the_tag_that_is_missing_is_pushed(publisher: Publisher) -> None:
    commit = publisher.write('tags: ["{commit}", latest]')
    publisher.login()
    publisher.run(check=0)
    publisher.registry.untag(PATH, "latest")

    document = publisher.run(check=0)

    assert publisher.registry.tags(PATH) == {commit, "latest"}
    _, second = publisher.of_type("publish.requested")
    assert second["references"] == [f"{publisher.host}/{PATH}:latest"]
    assert evidence(document, "publish")["already_published"] is False


def test_a_commit_that_is_tagged_later_gets_its_version_and_keeps_its_commit(
    publisher: Publisher,
) -> None:
    """The image of the tagged commit is another one: its labels name the release."""
    commit = publisher.write()
    publisher.login()
    first = publisher.run(check=0)
    publisher.project.git("tag", "v1")

    done = publisher.project.sluice("run", check=0)

    assert publisher.registry.tags(PATH) == {commit, "v1"}
    version = publisher.registry.manifest(PATH, "v1")
    assert publisher.registry.manifest(PATH, commit) == version
    before = evidence(first, "publish")["digest"]
    assert f"{publisher.host}/{PATH}:{commit} was {before}" in done.stdout


# --- who one is ----------------------------------------------------------------


def write_helper(publisher: Publisher, body: str) -> Path:
    """A credential helper on PATH, and a configuration that names it."""
    folder = publisher.project.home / "bin"
    folder.mkdir()
    helper = folder / "docker-credential-sluicetest"
    helper.write_text(f"#!/bin/sh\n{body}\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    publisher.config.mkdir()
    settings = {"credHelpers": {publisher.host: "sluicetest"}}
    (publisher.config / "config.json").write_text(json.dumps(settings))
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    publisher.project.environ["PATH"] = path
    return publisher.project.home / "asked"


def test_a_credential_helper_is_asked_as_docker_asks_it(publisher: Publisher) -> None:
    """The helper's protocol: the host on stdin of ``get``, JSON on stdout."""
    publisher.write()
    secret = publisher.project.folder.parent / "secret"
    secret.write_text(
        json.dumps(
            {
                "ServerURL": publisher.host,
                "Username": USER,
                "Secret": publisher.registry.password,
            }
        )
    )
    asked = write_helper(
        publisher,
        f'read host; echo "$1 $host" >> {publisher.project.home}/asked; cat {secret}',
    )

    publisher.run(check=0)

    assert set(asked.read_text().splitlines()) == {f"get {publisher.host}"}
    assert len(publisher.registry.tags(PATH)) == 1
    publisher.check_secret(publisher.registry.password)


def test_a_helper_that_fails_is_named_and_not_quoted(publisher: Publisher) -> None:
    publisher.write()
    secret = publisher.project.folder.parent / "secret"
    secret.write_text("hunter2-hunter2")
    write_helper(publisher, f"cat {secret}; cat {secret} >&2; exit 1")

    done = publisher.project.sluice("run", check=4)

    assert f"credentials for {publisher.host} cannot be read" in done.stdout
    assert "docker login" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    publisher.check_secret("hunter2-hunter2")


def test_the_password_of_docker_login_appears_nowhere(publisher: Publisher) -> None:
    publisher.write()
    publisher.login()

    done = publisher.project.sluice("run", check=0)

    assert publisher.registry.password not in done.stdout + done.stderr
    publisher.check_secret(publisher.registry.password)


def test_a_wrong_password_is_broken_at_once_and_says_what_to_do(
    publisher: Publisher,
) -> None:
    publisher.write("attempts: 20, backoff: 1h")  # a second try would be noticed
    publisher.login()
    publisher.registry.kill()
    publisher.registry.password = secrets.token_hex(12)
    publisher.registry.start()

    document = publisher.run(check=4)

    assert "refuses access (401)" in reason(document)
    assert f"`docker login {publisher.host}`" in reason(document)
    assert publisher.registry.tags(PATH) == set()
    assert publisher.of_type("publish.requested") == []


def test_without_a_login_nothing_is_pushed(publisher: Publisher) -> None:
    publisher.write()

    document = publisher.run(check=4)

    assert "nobody is logged in there" in reason(document)
    assert f"`docker login {publisher.host}`" in reason(document)


# --- what may be published, and under which names ---------------------------------


def test_a_commit_without_a_tag_goes_without_a_version_and_says_so(
    publisher: Publisher,
) -> None:
    commit = publisher.write()
    publisher.login()

    document = publisher.run(check=0)

    assert publisher.registry.tags(PATH) == {commit}
    assert evidence(document, "publish")["left_out"] == "{version}"
    assert "the commit has no Git tag" in reason(document)


def test_without_any_name_nothing_runs(publisher: Publisher) -> None:
    publisher.write('tags: ["{version}"]')

    done = publisher.project.sluice("run", check=2)

    assert "the commit has no Git tag for {version}" in done.stderr
    assert not (publisher.project.folder / ".sluicegate/audit/checkpoint").exists()


def test_a_git_tag_that_cannot_be_an_image_tag_is_refused_before_anything_runs(
    publisher: Publisher,
) -> None:
    publisher.write()
    publisher.project.git("tag", "release/1.0")

    done = publisher.project.sluice("run", check=2)

    assert "'release/1.0' cannot be the tag of an image" in done.stderr


def test_a_dirty_tree_is_not_published_but_can_be_tried_out(
    publisher: Publisher,
) -> None:
    publisher.write()
    publisher.login()
    (publisher.project.folder / "model.bin").write_text("not committed")

    done = publisher.project.sluice("run", "--allow-dirty", check=2)

    assert "stage publish publishes" in done.stderr
    assert "`sluice run --allow-dirty --until scan`" in done.stderr
    publisher.run("--allow-dirty", "--until", "scan", check=0)
    assert publisher.registry.tags(PATH) == set()


def test_a_version_is_never_given_to_another_image(publisher: Publisher) -> None:
    publisher.write()
    publisher.login()
    publisher.project.git("tag", "v1")
    publisher.run(check=0)
    before = publisher.registry.manifest(PATH, "v1")
    publisher.project.git("tag", "-d", "v1")
    publisher.write()
    publisher.project.git("tag", "v1")

    document = publisher.run(check=1)

    assert "another image is published as" in reason(document)
    assert evidence(document, "publish")["published"] is False
    assert publisher.registry.manifest(PATH, "v1") == before
    assert len(publisher.registry.tags(PATH)) == 2, "v1 and the first commit"


def test_a_version_may_be_replaced_where_the_file_says_so(publisher: Publisher) -> None:
    publisher.write()
    publisher.login()
    publisher.project.git("tag", "v1")
    publisher.run(check=0)
    publisher.project.git("tag", "-d", "v1")
    publisher.write("overwrite: true")
    publisher.project.git("tag", "v1")

    document = publisher.run(check=0)

    _, manifest = publisher.registry.manifest(PATH, "v1")
    assert manifest["config"]["digest"] == evidence(document, "build")["image_id"]


def test_latest_goes_from_image_to_image(publisher: Publisher) -> None:
    publisher.write("tags: [latest]")
    publisher.login()
    publisher.run(check=0)
    publisher.write("tags: [latest]")

    document = publisher.run(check=0)

    _, manifest = publisher.registry.manifest(PATH, "latest")
    assert manifest["config"]["digest"] == evidence(document, "build")["image_id"]
    assert evidence(document, "publish")["already_published"] is False


# --- what goes wrong on the way ---------------------------------------------------


@pytest.fixture
def proxied(publisher: Publisher) -> Iterator[tuple[Publisher, RegistryProxy]]:
    """The registry behind a proxy, with a model of 4 MB."""
    with RegistryProxy(publisher.registry).listening() as proxy:
        commit = publisher.write("attempts: 10, backoff: 100ms", host=proxy.host)
        (publisher.project.folder / "model.bin").write_bytes(os.urandom(4 << 20))
        publisher.project.commit({}, "a larger model")
        assert commit
        publisher.login()
        yield publisher, proxy


def once(act: Callable[[], None]) -> Callable[[], None]:
    """*act*, the first time only, whoever calls."""
    lock = threading.Lock()
    done: list[bool] = []

    def first() -> None:
        with lock:
            if not done:
                done.append(True)
                act()

    return first


def test_a_registry_that_is_not_there_yet_is_waited_for(publisher: Publisher) -> None:
    publisher.write("attempts: 20, backoff: 100ms")
    publisher.login()
    publisher.registry.kill()

    output = ""
    with publisher.project.start("run") as process:
        assert process.stdout is not None
        for line in process.stdout:
            output += line
            if "again in" in line and publisher.registry.process is None:
                publisher.registry.start()

    assert process.returncode == 0, output
    assert "does not answer: Connection refused; again in 0.1 s" in output
    assert len(publisher.registry.tags(PATH)) == 1


def test_a_registry_that_dies_during_the_push_gets_it_after_its_restart(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied

    def crash() -> None:
        publisher.registry.kill()
        threading.Timer(1, publisher.registry.start).start()

    proxy.during = once(crash)

    document = publisher.run(check=0)

    assert publisher.registry.process is not None, "it was never stopped"
    (tag,) = publisher.registry.tags(PATH)
    _, manifest = publisher.registry.manifest(PATH, tag)
    assert manifest["config"]["digest"] == evidence(document, "build")["image_id"]
    assert len(publisher.of_type("publish.requested")) == 1


def test_a_registry_that_is_overloaded_is_tried_again(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied
    refused: list[str] = []

    def overloaded(method: str, path: str) -> int | None:
        if method == "PUT" and "/manifests/" in path and len(refused) < 2:
            refused.append(path)
            return 503
        return None

    proxy.before = overloaded

    done = publisher.project.sluice("run", check=0)

    assert len(refused) == 2
    assert "again in 0.1 s (try 1 of 10)" in done.stdout
    assert "again in 0.2 s (try 2 of 10)" in done.stdout
    assert len(publisher.registry.tags(PATH)) == 1


def test_a_registry_that_stays_away_is_broken_in_the_end(publisher: Publisher) -> None:
    publisher.write("attempts: 2, backoff: 10ms")
    publisher.login()
    publisher.registry.kill()

    document = publisher.run(check=4)

    assert "does not answer: Connection refused" in reason(document)
    assert publisher.of_type("publish.requested") == []


def test_a_registry_that_serves_other_bytes_for_a_digest_is_tampered_with(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied

    def lie(method: str, path: str, _status: int, body: bytes) -> bytes:
        asked_by_digest = method == "GET" and "/manifests/sha256:" in path
        return body.replace(b'"size": ', b'"size": 1', 1) if asked_by_digest else body

    proxy.after = lie

    done = publisher.project.sluice("run")

    assert done.returncode == 5, done.stdout + done.stderr
    assert "serves other bytes as" in done.stderr
    assert publisher.of_type("publish.confirmed") == []


def test_a_manifest_of_another_image_under_the_digest_does_not_pass(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied
    other = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"digest": f"sha256:{'0' * 64}", "size": 1},
        "layers": [],
    }

    def swap(method: str, path: str, _status: int, body: bytes) -> bytes:
        by_digest = method == "GET" and "/manifests/sha256:" in path
        return json.dumps(other).encode() if by_digest else body

    proxy.after = swap

    assert publisher.project.sluice("run").returncode == 5
    assert publisher.of_type("publish.confirmed") == []


def test_a_tag_that_moves_between_push_and_reading_back_closes_the_gate(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied
    commit = publisher.write("backoff: 100ms", host=publisher.host)

    def move(method: str, path: str, _status: int, body: bytes) -> bytes:
        by_tag = method == "GET" and path.endswith(f"/manifests/{commit}")
        return body.replace(b"\n", b"\n ") if by_tag and proxied_pushed() else body

    def proxied_pushed() -> bool:
        return any(m == "PUT" and "/manifests/" in p for m, p in proxy.seen)

    proxy.after = move

    document = publisher.run(check=1)

    assert "another image now" in reason(document)
    assert evidence(document, "publish")["published"] is False
    assert publisher.of_type("publish.confirmed") == []


def test_a_run_killed_during_the_push_pushes_once_more_and_is_published_once(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied
    under_way, killed = threading.Event(), threading.Event()

    def hold() -> None:
        under_way.set()
        killed.wait()

    proxy.during = once(hold)
    process = publisher.project.start("run")
    assert under_way.wait(120), "no push"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    killed.set()

    publisher.project.sluice("resume", check=0)

    (requested,) = publisher.of_type("publish.requested")
    (confirmed,) = publisher.of_type("publish.confirmed")
    assert [one["reference"] for one in confirmed["published"]] == requested[
        "references"
    ]
    started = [
        e["attempt"]
        for e in publisher.of_type("stage.started")
        if e["stage"] == "publish"
    ]
    assert started == [1, 2]
    assert len(publisher.registry.tags(PATH)) == 1
    publisher.project.sluice("audit", "verify", check=0)


def test_a_run_killed_after_the_push_asks_the_registry_and_pushes_nothing(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied
    pushed, killed = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> int | None:
        if method == "GET" and "/manifests/sha256:" in path and not killed.is_set():
            pushed.set()  # it is reading back what it has pushed
            killed.wait()
        return None

    proxy.before = hold
    process = publisher.project.start("run")
    assert pushed.wait(120), "no push"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    killed.set()
    uploads = publisher.registry.uploads()

    publisher.project.sluice("resume", check=0)

    assert publisher.registry.uploads() == uploads
    assert len(publisher.of_type("publish.requested")) == 1
    assert len(publisher.of_type("publish.confirmed")) == 1


def test_a_run_asked_to_stop_during_the_push_can_be_resumed(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    publisher, proxy = proxied
    under_way, stopped = threading.Event(), threading.Event()

    def hold() -> None:
        under_way.set()
        stopped.wait()

    proxy.during = once(hold)
    process = publisher.project.start("run")
    assert under_way.wait(120), "no push"
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate()
    stopped.set()

    assert process.returncode == 130, output
    publisher.project.sluice("resume", check=0)
    assert len(publisher.registry.tags(PATH)) == 1


def test_what_the_engine_says_is_refused_is_told_with_the_login_to_make(
    proxied: tuple[Publisher, RegistryProxy],
) -> None:
    """Reading is allowed to this user, pushing is not."""
    publisher, proxy = proxied
    proxy.before = lambda method, _path: 403 if method == "POST" else None

    document = publisher.run(check=4)

    assert "refuses the push" in reason(document), reason(document)
    assert f"`docker login {publisher.host}`" in reason(document)


# --- where it goes -----------------------------------------------------------------

CANARY = """\
  vanish:
    uses: command
    run: "docker images --quiet {host}/acme/model | sort -u | xargs docker rmi -f"
  canary: {{uses: canary, environment: production}}
environments:
  production: {{target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}}}
"""


def test_a_canary_pulls_by_digest_what_its_engine_does_not_have(
    publisher: Publisher,
) -> None:
    """Another host than the one that built it, as far as the image goes."""
    project, port = publisher.project, free_port()
    client = docker.from_env()
    ensure_base(client)
    publisher.write()
    pipeline = (project.folder / "sluicegate.yaml").read_text()
    pipeline += CANARY.format(host=publisher.host, port=port)
    # An image of its own, of which nothing is left once its tags are gone.
    text = files(Service(f"v-{port}"))
    project.commit({**text, "sluicegate.yaml": pipeline}, "serve it")
    publisher.login()
    state = project.home / ".local/state/sluicegate/targets/publish-production"
    try:
        document = publisher.run(check=0)
        image = evidence(document, "build")["image_id"]
        (started,) = publisher.of_type("rollout.started")
        digest = evidence(document, "publish")["digest"]
        reference = f"{publisher.host}/{PATH}@{digest}"
        assert started["canary"]["reference"] == reference
        assert started["canary"]["digest"] == {"sha256": image.partition(":")[2]}
        assert evidence(document, "canary")["result"] == "deployed"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as reply:
            assert reply.read().decode().strip() == f"v-{port}"
        assert client.images.get(reference).id == image
    finally:
        remove_environment("publish", "production", state)
        for each in client.images.list(name=f"{publisher.host}/{PATH}"):
            client.images.remove(str(each.id), force=True)
        client.close()


def test_the_client_of_the_tests_is_the_one_that_publishes(
    publisher: Publisher,
) -> None:
    """What `docker pull` gets by the digest in the evidence is the image."""
    publisher.write()
    publisher.login()
    document = publisher.run(check=0)
    image = evidence(document, "build")["image_id"]
    reference = f"{publisher.host}/{PATH}@{evidence(document, 'publish')['digest']}"
    remove_images(f"{publisher.host}/{PATH}")
    docker = ["docker", "--config", str(publisher.config)]
    environ = clean_environment(publisher.project.home)

    subprocess.run([*docker, "pull", "-q", reference], check=True, env=environ)
    try:
        told = subprocess.run(
            [*docker, "image", "inspect", "--format", "{{.Id}}", reference],
            check=True,
            capture_output=True,
            text=True,
            env=environ,
        )
        assert told.stdout.strip() == image
    finally:
        subprocess.run([*docker, "rmi", "-f", image], check=True, env=environ)
