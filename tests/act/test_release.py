"""The full picture: from a push of nothing to a release that people have approved.

Jobs are those of the shipped workflows. Lint, tests, build, scan, registry, log, canary
and proxy are real; people answer through GitHub.
"""

import http.client
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import docker
import docker_service
import pytest
from act.runner import PIN, ActRun
from act.world import World, world
from docker_service import Service, ensure_base
from load import constant_load
from registry_service import USER, RealRegistry, free_port

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [
    pytest.mark.docker,
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

PIPELINE = """\
schema: sluicegate/v1
name: {name}_release_v1.0
people:
  ann: [ann@example.com, "github:ann"]
  bob: [bob@example.com, "github:bob"]
stages:
  lint: {{uses: ruff}}
  check: {{uses: command, run: [python3, -B, check.py]}}
  build: {{uses: docker-build, image: "{host}/acme/shop"}}
  scan: {{uses: trivy, scanners: [secret], offline: true, skip_dirs: [/usr, /var]}}
  publish: {{uses: publish, tags: ["{{commit}}"]}}
  canary:
    uses: canary
    environment: production
    steps: [50]
    block: 1s
    deadline: 5m
    judge: {{slack: 0.05}}
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
    approvals: {{count: 1, from: [bob, ann], by: [dispatch]}}
audit: {{store: "git:"}}
"""
CHECK = """\
from pathlib import Path

assert Path("server.py").read_text()
"""
OPEN = {"test/test": "success", "build/build": "success", "scan/scan": "success"}


@dataclass
class Shop:
    """The repository, and where its releases go."""

    world: World
    registry: RealRegistry
    port: int
    name: str

    def files(self, service: Service) -> dict[str, str]:
        files = docker_service.files(service)
        return {"Dockerfile": files["Dockerfile"], "server.py": files["server.py"]}

    def release(self, service: Service, author: str = "ann") -> ActRun:
        """Push a release and let its workflow run."""
        self.world.push(self.files(service), f"Release {service.name}", author)
        return self.world.on_push(actor=author)

    def serving(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode().strip()
        finally:
            connection.close()

    def kinds(self) -> list[str]:
        return [entry["type"] for entry in self.world.entries()]


@pytest.fixture
def shop(tmp_path: Path, action: Path, action_home: Path) -> Iterator[Shop]:
    """A repository that is set up as `sluice init --github=full` says."""
    client = docker.from_env()
    ensure_base(client)
    client.close()
    registry = RealRegistry(tmp_path / "registry")
    registry.start()
    port = free_port()
    name = f"shop-{port}"
    try:
        with world(tmp_path, action, action_home) as made:
            made.runner = replace(made.runner, settings={"REGISTRY_USER": USER})
            made.secrets["REGISTRY_PASSWORD"] = registry.password
            found = Shop(made, registry, port, name)
            pipeline = PIPELINE.format(name=name, host=registry.host, port=port)
            made.commit(
                {
                    "sluicegate.yaml": pipeline,
                    "check.py": CHECK,
                    "ruff.toml": 'exclude = ["server.py"]\n',
                },
                "begin",
            )
            made.project.sluice("init", "--github=full", check=0)
            for file in (made.project.folder / ".github/workflows").iterdir():
                file.write_text(file.read_text().replace("0" * 40, PIN))
            made.push({}, "Set up releases")
            made.make_key()
            yield found
            assert made.github.violations == []
    finally:
        registry.kill()
        state = tmp_path / "runner/home/.local/state/sluicegate/targets" / name
        remove_environment(name, "production", state / "production")
        remove_images(f"{registry.host}/acme/shop")


def test_from_nothing_to_a_release_that_somebody_approved(shop: Shop) -> None:
    done = shop.release(Service("v1"))
    assert done.results == {
        **OPEN,
        "record/record": "success",
        "record/attest": "success",
    }, done.text
    record = done.jobs["record/record"].outputs
    assert (record["verdict"], record["decision"]) == ("pending", "wait")
    assert record["reason-code"] == "approval-missing"

    done = shop.world.dispatch(
        "approve.yml", "bob", request=record["request-id"], decision="approve"
    )
    print(done.text)
    assert done.results == {"approve": "success", "rollout/production": "success"}
    assert shop.serving() == "v1"

    shop.release(Service("v2"))
    record = shop.world.runs[-1].jobs["record/record"].outputs
    with constant_load(shop.port, frozenset({"v1", "v2"})) as load:
        done = shop.world.dispatch(
            "approve.yml", "bob", request=record["request-id"], decision="approve"
        )
        print(done.text)
        assert done.results == {"approve": "success", "rollout/production": "success"}
        for _ in range(20):
            done = shop.world.on_schedule("rollout.yml")
            print(done.text)
            if done.jobs["production"].outputs["verdict"] != "pending":
                break
    assert not load.failures
    assert shop.serving() == "v2"

    done = shop.world.on_schedule("audit.yml")
    assert done.results == {"audit": "success"}, done.text
    assert 0
