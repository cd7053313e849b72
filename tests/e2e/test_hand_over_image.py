"""An image on its way from the job that builds it to the one that publishes it."""

import hashlib
import io
import json
import secrets
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from registry_service import RealRegistry, login
from typing_extensions import override

from sluicegate.adapters.targets.images import remove_images

pytestmark = [
    pytest.mark.docker,
    pytest.mark.trivy,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH"),
]

PIPELINE = """\
schema: sluicegate/v1
name: hand_release_v1.0
stages:
  build: {{uses: docker-build, image: "{host}/acme/handed"}}
  scan: {{uses: trivy, scanners: [secret], source: false, offline: true}}
  publish: {{uses: publish}}
"""
POISON = f"sluicegate-test/poison:{secrets.token_hex(4)}"


class Job(CliProject):
    """A job of a workflow; the Action starts the program apart from the workspace."""

    @override
    def argv(self, *arguments: str, before: Sequence[str] = ()) -> list[str]:
        return [*before, sys.executable, "-I", "-m", "sluicegate", *arguments]


@dataclass
class Workflow:
    """Jobs with engines of their own, as far as images are asked for by their names."""

    root: Path
    origin: CliProject
    registry: RealRegistry

    def job(self, name: str) -> Job:
        made = Job(self.root / name, self.root / f"{name}-home")
        made.home.mkdir()
        self.origin.git("clone", "-q", str(self.origin.folder), str(made.folder))
        self.forget()
        return made

    def forget(self) -> None:
        remove_images(f"{self.registry.host}/acme/handed")

    def hand_over(self, stage: str, *handed_over: str) -> str:
        """Run a stage where nobody trusts it; how it is announced."""
        place = self.root / f"{stage}-out"
        options = [each for one in handed_over for each in ("--handed-over", one)]
        options += ["--only", stage, "--hand-over", str(place)]
        document = self.job(stage).document("run", "--no-record", *options, check=0)
        return f"{place}={document['hand_over']['digest']}"

    def record(self, name: str, *handed_over: str, check: int) -> dict[str, Any]:
        options = [each for one in handed_over for each in ("--handed-over", one)]
        job = self.job(name)
        config = job.home / "docker"
        job.environ["DOCKER_CONFIG"] = str(config)
        assert login(self.registry.host, self.registry.password, config).returncode == 0
        return job.document("run", *options, check=check)


@pytest.fixture
def workflow(tmp_path: Path) -> Iterator[Workflow]:
    registry = RealRegistry(tmp_path / "registry")
    registry.start()
    files = {
        "sluicegate.yaml": PIPELINE.format(host=registry.host),
        "Dockerfile": f"FROM scratch\nLABEL t={secrets.token_hex(8)}\nCOPY model /\n",
        "model": "weights\n",
    }
    made = Workflow(tmp_path, CliProject.make(tmp_path, files), registry)
    try:
        yield made
    finally:
        registry.kill()
        made.forget()
        remove_images(POISON.partition(":")[0])


def poison(place: Path) -> str:
    """Exchange the archive for one that brings a name along; how it is announced."""
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}'
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [POISON], "Layers": []}]
    path, index = place / "image.tar", place / "handover.json"
    with tarfile.open(path, "w") as tar:
        for member, data in (
            (name, config),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            header = tarfile.TarInfo(member)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    document = json.loads(index.read_bytes())
    data = path.read_bytes()
    document["stages"][0]["image"]["archive"] = {
        "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "size": len(data),
    }
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False)
    index.write_text(f"{text}\n")
    return f"{place}=sha256:{hashlib.sha256(index.read_bytes()).hexdigest()}"


def test_what_one_job_built_and_another_scanned_a_third_one_publishes(
    workflow: Workflow,
) -> None:
    build = workflow.hand_over("build")
    shutil.copytree(workflow.root / "build-out", workflow.root / "poisoned")
    scan = workflow.hand_over("scan", build)

    # The job that built it is hostile: its archive would exchange somebody's image.
    refused = workflow.record("refusing", poison(workflow.root / "poisoned"), check=4)

    assert "gives a name to what it holds" in refused["stages"][0]["reason"]
    asked = ["docker", "image", "inspect", POISON]
    assert subprocess.run(asked, capture_output=True, check=False).returncode != 0

    document = workflow.record("record", build, scan, check=0)

    built, scanned, published = document["stages"]
    image = built["evidence"]["image_id"]
    assert scanned["evidence"]["image_id"] == image
    assert built["handed_over"]["digest"] == build.rpartition("=")[2]
    assert published["verdict"] == "open"
    assert published["evidence"]["published"] is True
