"""A service whose releases go through the whole picture, into a Docker target.

Its repository is full of traps: modules that whoever imports carelessly would run.
"""

import http.client
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from act.runner import PIN, ActRun
from act.world import World, world
from registry_service import USER, RealRegistry, free_port

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

PIPELINE = """\
schema: sluicegate/v1
name: {name}_release_v1.0
people:
  ann: [ann@example.com, "github:ann"]
  bob: [bob@example.com, "github:bob"]
notify: [{{uses: command, run: 'sh trap.sh', on: [closed, broken, pending]}}]
stages:
  lint: {{uses: ruff}}
  check: {{uses: command, run: [python3, -B, check.py]}}
  build: {{uses: docker-build, image: "{host}/acme/shop"}}
  scan:
    uses: trivy
    scanners: [misconfig]
    offline: true
    gate: ["scan.misconfig_high == 0"]
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
import json
from pathlib import Path

assert json.__file__ != json.decoder.__file__
assert Path("www/healthz").read_text()
"""
# Whatever runs any of these leaves a trace, with all the variables that it was given.
TRAP = """\
import os

with open({trace!r}, "a") as trace:
    print(__file__, dict(os.environ), file=trace)
decoder = os
"""
TRAPS = (
    *("json.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "click.py"),
    *("yaml.py", "docker.py", "sluicegate.py", "pydantic/__init__.py"),
    *("github/__init__.py", "_distutils_hack/__init__.py"),
)
DOCKERFILE = """\
FROM scratch
COPY busybox-static /httpd
COPY www /www
STOPSIGNAL SIGKILL
USER 10001
CMD ["/httpd", "httpd", "-f", "-p", "8000", "-h", "/www"]
"""


@dataclass
class Shop:
    """The repository, and where its releases go."""

    world: World
    registry: RealRegistry
    port: int
    name: str

    def release(self, name: str, author: str = "ann") -> ActRun:
        """Push a release, which serves its name, and let its workflow run."""
        self.world.push({"www/index.html": f"{name}\n"}, f"Release {name}", author)
        return self.world.on_push(actor=author)

    def serving(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode().strip()
        finally:
            connection.close()

    @contextmanager
    def visited(self) -> Iterator[Counter[str]]:
        """Ask all the time, but not so often that nothing else gets on; the answers."""
        answers: Counter[str] = Counter()
        ended = threading.Event()

        def visit() -> None:
            while not ended.wait(0.02):
                try:
                    answers[self.serving()] += 1
                except (OSError, http.client.HTTPException) as error:
                    answers[repr(error)] += 1

        visitor = threading.Thread(target=visit)
        visitor.start()
        try:
            yield answers
        finally:
            ended.set()
            visitor.join()

    @property
    def trace(self) -> str:
        """What the traps have seen."""
        file = self.world.root / "trace"
        return file.read_text() if file.exists() else ""

    def kinds(self) -> list[str]:
        return [entry["type"] for entry in self.world.entries()]


@contextmanager
def open_shop(root: Path, action: Path, action_home: Path) -> Iterator[Shop]:
    """A repository that is set up as `sluice init --github=full` says."""
    busybox = os.environ.get("SLUICE_TEST_BUSYBOX")
    if busybox is None:
        pytest.skip("needs SLUICE_TEST_BUSYBOX: a busybox without shared libraries")
    registry = RealRegistry(root / "registry")
    registry.start()
    port = free_port()
    name = f"shop-{port}"
    try:
        with world(root, action, action_home) as made:
            made.runner = replace(made.runner, settings={"REGISTRY_USER": USER})
            made.secrets["REGISTRY_PASSWORD"] = registry.password
            found = Shop(made, registry, port, name)
            pipeline = PIPELINE.format(name=name, host=registry.host, port=port)
            made.commit(
                {
                    "sluicegate.yaml": pipeline,
                    "check.py": CHECK,
                    "Dockerfile": DOCKERFILE,
                    "www/healthz": "ok\n",
                    "ruff.toml": 'include = ["check.py"]\n',
                    "trap.sh": f"env >>{root}/trace\n",
                    **dict.fromkeys(TRAPS, TRAP.format(trace=f"{root}/trace")),
                },
                "begin",
            )
            shutil.copy(busybox, made.project.folder)
            made.project.sluice("init", "--github=full", check=0)
            for file in (made.project.folder / ".github/workflows").iterdir():
                file.write_text(file.read_text().replace("0" * 40, PIN))
            made.push({}, "Set up releases")
            made.make_key()
            yield found
            assert made.github.violations == []
    finally:
        registry.kill()
        state = root / "runner/home/.local/state/sluicegate/targets" / name
        remove_environment(name, "production", state / "production")
        remove_images(f"{registry.host}/acme/shop")
