"""The trace of a release that waits for somebody: real processes, keys and engine."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker_service
import pytest
from cli_project import CliProject
from docker_service import Service
from otlp_receiver import plain, receive
from ssh_people import Person, needs_ssh

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [needs_ssh, pytest.mark.docker]

PIPELINE = """\
schema: sluicegate/v1
name: {name}_release_v1.0
stages:
  build: {{uses: docker-build, image: {name}}}
  canary: {{uses: canary, environment: production}}
people:
  ann: [ann@acme.org]
  dev: [test@example.org, "user:{uid}"]
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
    approvals: {{count: 1, from: [ann]}}
"""


@dataclass(frozen=True)
class World:
    """A project whose first release ann has to let in."""

    project: CliProject
    ann: Person
    key: Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    name = f"traced-{port}"
    ann = Person.make(tmp_path / "keys", "ann")
    files = docker_service.files(Service("v1")) | {
        "sluicegate.yaml": PIPELINE.format(name=name, port=port, uid=os.getuid()),
        ".github/allowed_signers": ann.line(name="ann@acme.org"),
    }
    project = CliProject.make(tmp_path, files)
    state = project.home / ".local/state/sluicegate/targets" / name / "production"
    try:
        yield World(project, ann, tmp_path / "keys" / "ann-ed25519")
    finally:
        remove_environment(name, "production", state)
        remove_images(name)


def test_a_release_that_waits_is_one_trace_over_all_its_processes(
    world: World,
) -> None:
    project = world.project
    with receive() as received:
        project.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = received.address
        project.sluice("run", check=3)
        requested = [e for e in project.entries() if e["type"] == "release.requested"]
        asked = str(requested[-1]["request"]).removeprefix("sha256:")
        waiting = len(received.spans())
        project.sluice(
            "approve", asked[:12], "--sign-with", str(world.key), "--yes", check=0
        )
        assert len(received.spans()) == waiting  # who answers runs nothing
        project.sluice("resume", check=0)

    spans = received.spans()
    first, second = [span for span in spans if span.name.startswith("RUN ")]
    attempts = [span for span in spans if span.name == "canary"]
    wait, rollout = (
        received.span("wait for production"),
        received.span("rollout production"),
    )
    assert len({span.trace_id for span in spans}) == 1
    assert len({span.span_id for span in spans}) == len(spans)
    assert second.parent_span_id == first.span_id
    assert [
        plain(span.attributes)["cicd.pipeline.task.run.result"] for span in attempts
    ] == ["pending", "success"]
    assert plain(first.attributes)["cicd.pipeline.result"] == "pending"
    assert plain(second.attributes)["cicd.pipeline.result"] == "success"
    said = plain(wait.attributes)
    assert said["cicd.pipeline.run.state"] == "pending"
    assert said["sluice.wait.end"] == "entered"
    assert said["sluice.request"] == f"sha256:{asked}"
    assert first.start_time_unix_nano < wait.start_time_unix_nano
    assert wait.start_time_unix_nano < first.end_time_unix_nano
    assert wait.end_time_unix_nano > second.start_time_unix_nano
    assert plain(rollout.attributes)["sluice.rollout.result"] == "deployed"
    assert rollout.parent_span_id == attempts[1].span_id
    assert b"ann@acme.org" not in received.everything()
